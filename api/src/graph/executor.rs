//! The graph behind the transport: from a verified caller to an answer that says where it was read.

use std::sync::Arc;

use async_graphql::{Request, Response, ServerError, Value, value};
use entrepot_event_store::StoreError;
use futures_util::StreamExt as _;
use futures_util::future::ready;
use futures_util::stream::{BoxStream, once};

use super::Graph;
use super::answers::Answers;
use super::consistency::{self, Wanted};
use super::contract::{Checked, Contract, ContractError, Contracts, Told};
use super::cost::{Charge, Cost, Costs, Meter, Toll, Weights};
use super::direct::Merges;
use super::error;
use super::glances::{Glance, Glances};
use super::live::{self, Hub, LiveLimits};
use super::loader;
use super::policy::Audience;
use super::room::Room;
use super::session::Session;
use super::turns::Turns;
use crate::access::AccessError;
use crate::app::App;
use crate::auth::Requester;
use crate::http::{Admission, Again, Caller, GraphExecutor, InputTypes, Update};

/// Answers operations on the graph.
pub struct Executor {
    schema: Graph,
    app: Arc<App>,
    input_types: InputTypes,
    contracts: Arc<Contracts>,
    costs: Arc<Costs>,
    weights: Arc<Weights>,
    turns: Option<Arc<Turns>>,
    hub: Arc<Hub>,
    answers: Answers,
    glances: Glances,
}

/// A request that may run: what it is checked against, and what was taken for it.
struct Admitted {
    contract: Arc<Contract>,
    checked: Arc<Checked>,
    charge: Option<Charge>,
}

/// How an operation is run.
#[derive(Clone, Copy)]
struct Way {
    /// Whether what is asked for twice is to be merged.
    merges: bool,
    /// Bytes that its answer may have.
    room: Option<usize>,
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
    pub fn new(
        schema: Graph,
        app: Arc<App>,
        costs: Costs,
        turns: Option<Arc<Turns>>,
        live: LiveLimits,
        answers_bytes: usize,
    ) -> Result<Self, SchemaError> {
        let sdl = super::sdl_of(&schema);
        let contracts = Arc::new(Contracts::new(&sdl)?);
        Ok(Self {
            schema,
            hub: Hub::new(Arc::clone(&app), live),
            answers: Answers::new(app.store.clone(), answers_bytes),
            glances: Glances::new(),
            app,
            input_types: InputTypes::from_sdl(&sdl)?,
            costs: Arc::new(costs),
            weights: Arc::new(Weights::new(contracts.whole())),
            contracts,
            turns,
        })
    }

    /// The caller's contract, and the document if it keeps to it.
    fn check(
        &self,
        document: &str,
        caller: &Caller,
    ) -> Result<(Arc<Contract>, Arc<Checked>), Vec<ServerError>> {
        let contract = self.contracts.of(Audience::of(caller));
        let contract = contract.map_err(|error| {
            tracing::error!(%error, "a contract cannot be cut");
            error::refused(error::broken()).errors
        })?;
        let checked = contract.check(document)?;
        Ok((contract, checked))
    }

    /// Lets a request in if it keeps to the caller's contract and the caller has what it may cost.
    async fn admit(&self, request: &Request, caller: &Caller) -> Result<Admitted, Response> {
        let found = self.check(&request.query, caller);
        let (contract, checked) = found.map_err(Response::from_errors)?;
        let cost = checked.cost(request);
        let charge = self.costs.charge(&caller.requester, cost, &self.weights);
        Ok(Admitted {
            charge: charge.await?,
            contract,
            checked,
        })
    }

    async fn answer(&self, request: Request, caller: Caller, admitted: &Admitted) -> Response {
        let session = match self.session(caller, &request).await {
            Ok(session) => session,
            Err(error) => return error::refused(error),
        };
        let meter = admitted.charge.as_ref().map(Charge::meter);
        let (request, about_schema) =
            match admitted.contract.introspect(&admitted.checked, &request) {
                Told::Nothing => (request, None),
                Told::All(response) => {
                    meter.inspect(|meter| meter.introspected());
                    return response;
                }
                Told::Part(data) => {
                    meter.inspect(|meter| meter.introspected());
                    (request, Some(data))
                }
            };
        let reads = admitted.checked.reads(&request);
        if reads && let Err(busy) = session.queue().await {
            return busy.refusal();
        }
        let way = Way {
            merges: admitted.checked.about.merges,
            // What a command has done is said, however long it takes to say.
            room: reads.then_some(self.app.answer_bytes),
        };
        let mut response = if reads {
            self.read(request, way, &session, meter).await
        } else {
            self.run(request, way, &session, meter).await
        };
        if let (Value::Object(data), Some(Value::Object(about_schema))) =
            (&mut response.data, about_schema)
        {
            data.extend(about_schema);
        }
        session.finish().await;
        self.keep(&session, admitted, &response);
        consistency::report(&mut response, &session).await;
        if session.is_replayed() {
            let replayed = value!({ "replayed": true });
            response
                .extensions
                .insert("idempotency".to_owned(), replayed);
        }
        response
    }

    /// Runs a query, with a glance at first where one will probably do.
    async fn read(
        &self,
        request: Request,
        way: Way,
        session: &Arc<Session>,
        meter: Option<&Meter>,
    ) -> Response {
        let Ok(tenant) = session.tenant() else {
            return self.run(request, way, session, meter).await;
        };
        let glance = Glance::of(tenant, &request.query);
        let mut again = None;
        if self.glances.suffices(glance) {
            session.may_glance();
            again = Some(Again::of(&request));
        }
        let mut response = self.run(request, way, session, meter).await;
        if let Some(again) = again
            && session.start_over().await
        {
            metrics::counter!("entrepot_reads_started_over_total").increment(1);
            meter.inspect(|meter| meter.restart());
            response = match again.request(&self.input_types) {
                Some(request) => self.run(request, way, session, meter).await,
                None => error::refused(error::broken()),
            };
        }
        if let Some(suffices) = session.lists_only().await {
            self.glances.learn(glance, suffices);
        }
        response
    }

    async fn run(
        &self,
        mut request: Request,
        way: Way,
        session: &Arc<Session>,
        meter: Option<&Meter>,
    ) -> Response {
        if let Some(meter) = meter {
            request = request.data(meter.clone());
        }
        if way.merges {
            request = request.data(Merges);
        }
        if let Some(bytes) = way.room {
            request = request.data(Room::of(bytes));
        }
        let request = request
            .disable_introspection()
            .data(Arc::clone(session))
            .data(Arc::clone(&self.contracts));
        self.schema.execute(loader::attach(request, session)).await
    }

    /// Keeps an answer for the next who asks the same.
    fn keep(&self, session: &Session, admitted: &Admitted, response: &Response) {
        if response.is_ok()
            && !session.is_stale()
            && admitted.checked.about.repeats
            && let Some(place) = session.place()
            && let Ok(tenant) = session.tenant()
            && let Some(question) = self.answers.question(tenant, session.caller())
        {
            let charge = admitted.charge.as_ref();
            let cost = charge.map_or(Cost::default(), Charge::cost);
            self.answers.keep(question, place, &response.data, cost);
        }
    }

    /// The answer to the same request in the same state, if there was one.
    async fn known(&self, request: &Request, caller: &Caller) -> Option<Response> {
        let tenant = self
            .app
            .store
            .tenant(caller.requester.tenant()?)
            .await
            .ok()?;
        let answer = self
            .answers
            .known(&self.answers.question(tenant, caller)?)?;
        // Who may not, or asks for what is not there yet, is told so the general way, and waits there.
        let wanted = Wanted::of(caller.consistency.as_deref(), &request.extensions);
        let wanted = wanted.ok()?.at_once();
        let session = self.session_that(wanted, caller.clone()).await.ok()?;
        let place = self.answers.place(tenant).await?;
        if place != answer.place {
            return None;
        }
        let charge = self
            .costs
            .charge(&caller.requester, answer.cost.requested, &self.weights);
        let charge = match charge.await {
            Ok(charge) => charge,
            Err(refused) => return Some(refused),
        };
        session.read_at(place);
        let mut response = answer.response();
        consistency::report(&mut response, &session).await;
        if let Some(charge) = charge {
            charge.meter().add(answer.cost.spent);
            charge.settle(&mut response);
        }
        metrics::counter!("entrepot_answers_given_again_total").increment(1);
        Some(response)
    }

    /// Finds the caller's tenant and waits for the state that the caller asks for.
    async fn session(
        &self,
        caller: Caller,
        request: &Request,
    ) -> Result<Arc<Session>, async_graphql::Error> {
        let wanted = Wanted::of(caller.consistency.as_deref(), &request.extensions)?;
        self.session_that(wanted, caller).await
    }

    async fn session_that(
        &self,
        wanted: Wanted,
        caller: Caller,
    ) -> Result<Arc<Session>, async_graphql::Error> {
        let app = &self.app;
        let tenant = match caller.requester.tenant() {
            None => None,
            // A platform operator may name a tenant that it is about to create.
            Some(slug) => match app.store.tenant(slug).await {
                Err(StoreError::NoTenant) if caller.requester.platform() => None,
                found => Some(found.map_err(error::store)?),
            },
        };
        let session = Session::new(Arc::clone(app), self.turns.clone(), caller, tenant);
        session.check_access().await?;
        wanted.wait(&session).await?;
        Ok(session)
    }
}

impl GraphExecutor for Executor {
    async fn recall(&self, request: &Request, caller: &Caller) -> Option<Response> {
        self.known(request, caller).await
    }

    async fn execute(&self, request: Request, caller: Caller) -> Response {
        let admitted = match self.admit(&request, &caller).await {
            Ok(admitted) => admitted,
            Err(refused) => return refused,
        };
        let mut response = self.answer(request, caller, &admitted).await;
        if let Some(charge) = admitted.charge {
            charge.settle(&mut response);
        }
        response
    }

    async fn admits(&self, requester: &Requester) -> Admission {
        let Some(slug) = requester.tenant() else {
            return Admission::Granted;
        };
        match self.app.store.tenant(slug).await {
            Ok(tenant) => match self.app.access.check(tenant, requester).await {
                Ok(()) => Admission::Granted,
                Err(AccessError::Revoked | AccessError::Suspended) => Admission::Denied,
                Err(AccessError::Store(_)) => Admission::Unknown,
            },
            Err(StoreError::NoTenant) if requester.platform() => Admission::Granted,
            Err(StoreError::NoTenant) => Admission::Denied,
            Err(_) => Admission::Unknown,
        }
    }

    fn valid(&self, document: &str, caller: &Caller) -> bool {
        self.check(document, caller).is_ok()
    }

    fn input_types(&self) -> InputTypes {
        self.input_types.clone()
    }

    async fn subscribe(&self, request: Request, caller: Caller) -> BoxStream<'static, Update> {
        let checked = match self.check(&request.query, &caller) {
            Ok((_, checked)) => checked,
            Err(errors) => {
                return once(ready(Update::from(Response::from_errors(errors)))).boxed();
            }
        };
        let cost = checked.cost(&request);
        let toll = Toll::new(&self.costs, &caller.requester, cost);
        let charge = self.costs.charge(&caller.requester, cost, &self.weights);
        // Kept whole: there is no end at which to settle.
        if let Err(refused) = charge.await {
            return once(ready(Update::from(refused))).boxed();
        }
        match self.session(caller, &request).await {
            Ok(session) => {
                let (schema, hub) = (self.schema.clone(), Arc::clone(&self.hub));
                live::updates(schema, hub, session, (request, checked.about), toll).await
            }
            Err(error) => live::refused(error),
        }
    }
}
