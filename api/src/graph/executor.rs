//! The graph behind the transport: from a verified caller to an answer that says where it was read.

use std::sync::Arc;

use async_graphql::{Request, Response, ServerError, Value, value};
use entrepot_event_store::StoreError;
use futures_util::StreamExt as _;
use futures_util::future::ready;
use futures_util::stream::{BoxStream, once};

use super::Graph;
use super::consistency::Token;
use super::contract::{Checked, Contract, ContractError, Contracts, Told};
use super::error::{self, bad_input, fault};
use super::live::{self, Hub, LiveLimits};
use super::loader;
use super::policy::Audience;
use super::session::Session;
use crate::app::App;
use crate::auth::Requester;
use crate::http::{Caller, GraphExecutor, InputTypes, Update};

/// Header that carries a consistency token, both ways.
const CONSISTENCY: &str = "entrepot-consistency";

/// Answers operations on the graph.
pub struct Executor {
    schema: Graph,
    app: Arc<App>,
    input_types: InputTypes,
    contracts: Arc<Contracts>,
    hub: Arc<Hub>,
}

/// Why there is no executor: bugs of the schema.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// Its text does not parse.
    #[error(transparent)]
    Text(#[from] async_graphql::parser::Error),
    /// Its contracts cannot be cut.
    #[error(transparent)]
    Contract(#[from] ContractError),
}

impl Executor {
    /// An executor of the whole graph.
    ///
    /// # Errors
    ///
    /// If the schema's own text does not parse, or cannot be cut: a bug of the schema.
    pub fn new(schema: Graph, app: Arc<App>, live: LiveLimits) -> Result<Self, SchemaError> {
        let sdl = super::sdl_of(&schema);
        Ok(Self {
            schema,
            hub: Hub::new(&app, live),
            app,
            input_types: InputTypes::from_sdl(&sdl)?,
            contracts: Arc::new(Contracts::new(&sdl)?),
        })
    }

    /// The caller's contract, and the document if it keeps to it.
    fn admit(
        &self,
        request: &Request,
        caller: &Caller,
    ) -> Result<(Arc<Contract>, Arc<Checked>), Vec<ServerError>> {
        let contract = self.contracts.of(Audience::of(caller));
        let contract = contract.map_err(|error| {
            tracing::error!(%error, "a contract cannot be cut");
            error::refused(fault(
                "INTERNAL_SERVER_ERROR",
                "something went wrong on our side",
            ))
            .errors
        })?;
        let checked = contract.check(&request.query)?;
        Ok((contract, checked))
    }

    /// Finds the caller's tenant and waits for the state that the caller asks for.
    async fn session(app: &Arc<App>, caller: Caller) -> Result<Arc<Session>, async_graphql::Error> {
        let tenant = match caller.requester.tenant() {
            None => None,
            // A platform operator may name a tenant that it is about to create.
            Some(slug) => match app.store.tenant(slug).await {
                Err(StoreError::NoTenant) if caller.requester.platform() => None,
                found => Some(found.map_err(error::store)?),
            },
        };
        let token = match (&caller.consistency, tenant) {
            (Some(token), Some(tenant)) => {
                let open = Token::open(token, tenant, &app.secrets);
                Some(open.ok_or_else(|| {
                    bad_input(CONSISTENCY, "not a consistency token of this tenant")
                })?)
            }
            _ => None,
        };
        let session = Session::new(Arc::clone(app), caller, tenant);
        session.check_access().await?;
        if let Some(token) = token {
            session.wait(token.position).await?;
        }
        Ok(session)
    }
}

impl GraphExecutor for Executor {
    async fn execute(&self, request: Request, caller: Caller) -> Response {
        let (contract, checked) = match self.admit(&request, &caller) {
            Ok(admitted) => admitted,
            Err(errors) => return Response::from_errors(errors),
        };
        let session = match Self::session(&self.app, caller).await {
            Ok(session) => session,
            Err(error) => return error::refused(error),
        };
        let (request, about_schema) = match contract.introspect(&checked, &request) {
            Told::Nothing => (request, None),
            Told::All(response) => return response,
            Told::Part(data) => (request, Some(data)),
        };
        let request = request
            .disable_introspection()
            .data(Arc::clone(&session))
            .data(Arc::clone(&self.contracts));
        let request = loader::attach(request, &session);
        let mut response = self.schema.execute(request).await;
        if let (Value::Object(data), Some(Value::Object(about_schema))) =
            (&mut response.data, about_schema)
        {
            data.extend(about_schema);
        }
        session.finish().await;
        report(&mut response, &session);
        response
    }

    async fn admits(&self, requester: &Requester) -> bool {
        let Some(slug) = requester.tenant() else {
            return true;
        };
        match self.app.store.tenant(slug).await {
            Ok(tenant) => self.app.access.check(tenant, requester).await.is_ok(),
            Err(StoreError::NoTenant) => requester.platform(),
            Err(_) => false,
        }
    }

    fn input_types(&self) -> InputTypes {
        self.input_types.clone()
    }

    fn subscribe(&self, request: Request, caller: Caller) -> BoxStream<'static, Update> {
        if let Err(errors) = self.admit(&request, &caller) {
            return once(ready(Update::from(Response::from_errors(errors)))).boxed();
        }
        let (schema, app) = (self.schema.clone(), Arc::clone(&self.app));
        let hub = Arc::clone(&self.hub);
        let started = async move {
            match Self::session(&app, caller).await {
                Ok(session) => live::updates(schema, hub, session, request).await,
                Err(error) => live::refused(error),
            }
        };
        once(started).flatten().boxed()
    }
}

/// Says where the answer was read, in `extensions.consistency` and in the header.
fn report(response: &mut Response, session: &Session) {
    let (Ok(tenant), Some(position)) = (session.tenant(), session.position()) else {
        return;
    };
    let token = Token { tenant, position }.seal(&session.app.secrets);
    if let Ok(header) = token.parse() {
        response.http_headers.insert(CONSISTENCY, header);
    }
    let as_of = session.as_of().map(|as_of| as_of.to_string());
    let consistency = value!({ "token": token, "position": position.to_string(), "asOf": as_of });
    response
        .extensions
        .insert("consistency".to_owned(), consistency);
}
