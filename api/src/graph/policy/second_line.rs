//! The second line alone: the schema is executed without the gate of the contracts in front of it,
//! on a filled log. What the tables close is refused when its field runs, wherever it stands.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use apollo_compiler::Schema;
use apollo_compiler::schema::ExtendedType;
use async_graphql::{PathSegment, Request, Response, Variables};
use entrepot_domain::kernel::TenantId;
use entrepot_event_store::clock;
use entrepot_event_store::vault::Vault;
use entrepot_projections::{position, registry};
use futures_util::StreamExt as _;
use serde_json::json;

use super::Audience;
use crate::access::Access;
use crate::app::App;
use crate::auth::{Requester, Role};
use crate::demo;
use crate::graph::session::{GROUP, Session};
use crate::graph::{Graph, graph, loader, sdl_of};
use crate::http::{Caller, Entrance};
use crate::import::Silent;
use crate::import::tests::Desk;
use crate::process::Workers;
use crate::secrets::Secrets;

/// The channels of the demo's retailers.
const CHANNELS: &[&str] = &["web", "till", "marketplace"];

/// A field of a type.
type Coordinate = (String, String);

/// A filled log with its read models.
struct Filled {
    _desk: Desk,
    app: Arc<App>,
    tenant: TenantId,
    graph: Graph,
    schema: Schema,
}

impl Filled {
    async fn new() -> Self {
        let desk = Desk::new().await;
        let (store, vault) = (desk.store.clone(), Vault::new([7; 32]));
        let tenants = demo::fill(&store, &vault, clock::instant(), &Silent).await;
        let (tenant, _) = tenants.expect("filled")[0];
        let workers = Workers::start(&store);
        let head = store.head(tenant).await.expect("a head");
        let there = position::reached(&store, tenant, GROUP, head, Duration::from_mins(2)).await;
        assert!(there.expect("the log answers"), "the read models catch up");
        workers.stop().await;
        let secrets = Secrets::new(vec![7; 32]).expect("long enough");
        let app = App {
            access: Access::new(store.clone()),
            vault,
            readers: 4,
            answer_bytes: usize::MAX,
            groups: registry::groups(),
            redis: None,
            secrets,
            store,
        };
        let graph = graph();
        let schema = Schema::parse(sdl_of(&graph), "schema.graphql").expect("a schema");
        Self {
            _desk: desk,
            app: Arc::new(app),
            tenant,
            graph,
            schema,
        }
    }

    /// A request of a role, past the gate.
    fn request(
        &self,
        role: Role,
        query: &str,
        variables: serde_json::Value,
    ) -> (Request, Arc<Session>) {
        let caller = Caller {
            requester: Arc::new(Requester::acting("north", role, CHANNELS)),
            entrance: Entrance::default(),
            idempotency_key: None,
            consistency: None,
            last_event_id: None,
            request_id: "test".to_owned(),
            asked: None,
        };
        let session = Session::new(Arc::clone(&self.app), None, caller, Some(self.tenant));
        let request = Request::new(query)
            .variables(Variables::from_json(variables))
            .data(Arc::clone(&session));
        (loader::attach(request, &session), session)
    }

    async fn ask(&self, role: Role, query: &str) -> Response {
        let (request, session) = self.request(role, query, json!({}));
        let response = self.graph.execute(request).await;
        session.finish().await;
        response
    }

    fn fields(&self, of: &str) -> impl Iterator<Item = (String, String)> {
        let fields = match self.schema.types.get(of) {
            Some(ExtendedType::Object(kind)) => Some(&kind.fields),
            _ => None,
        };
        let fields = fields.into_iter().flatten();
        fields.map(|(name, field)| (name.to_string(), field.ty.inner_named_type().to_string()))
    }

    fn is_object(&self, of: &str) -> bool {
        matches!(self.schema.types.get(of), Some(ExtendedType::Object(_)))
    }

    /// Whether a field can be asked for without an argument.
    fn needs_nothing(&self, of: &str, field: &str) -> bool {
        let kind = self.schema.get_object(of);
        let field = kind.and_then(|kind| kind.fields.get(field));
        field.is_some_and(|field| field.arguments.iter().all(|it| !it.is_required()))
    }

    /// The shortest way from a query to each field that rows lead to.
    fn ways(&self) -> BTreeMap<Coordinate, Vec<Coordinate>> {
        let (mut ways, mut been) = (BTreeMap::new(), HashSet::new());
        let mut next = VecDeque::from([("Query".to_owned(), Vec::new())]);
        while let Some((of, way)) = next.pop_front() {
            if !been.insert(of.clone()) {
                continue;
            }
            for (field, to) in self.fields(&of) {
                if !self.needs_nothing(&of, &field) || field.starts_with('_') {
                    continue;
                }
                let coordinate = (of.clone(), field);
                let way = [way.clone(), vec![coordinate.clone()]].concat();
                if self.is_object(&to) {
                    next.push_back((to, way.clone()));
                }
                ways.entry(coordinate).or_insert(way);
            }
        }
        ways
    }

    fn document(&self, way: &[Coordinate]) -> String {
        let mut inside = String::new();
        for (place, (of, field)) in way.iter().enumerate().rev() {
            let to = self
                .fields(of)
                .find(|(name, _)| name == field)
                .map(|(_, to)| to);
            if place + 1 == way.len() && self.is_object(&to.unwrap_or_default()) {
                inside = "{ __typename }".to_owned();
            }
            inside = format!("{{ ... on {of} {{ its: {field} {inside} }} }}");
        }
        inside
    }
}

fn refusals(response: &Response) -> Vec<usize> {
    let refused = response.errors.iter().filter(|error| {
        let code = error.extensions.as_ref().and_then(|it| it.get("code"));
        code == Some(&"FORBIDDEN".into())
    });
    let depth = |path: &[PathSegment]| {
        let fields = path
            .iter()
            .filter(|step| matches!(step, PathSegment::Field(_)));
        fields.count()
    };
    refused.map(|error| depth(&error.path)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_gate_the_engine_refuses_what_is_closed() {
    let filled = Filled::new().await;
    let (mut refused, mut answered, mut unreached) = (0, 0, Vec::new());
    for (coordinate, way) in filled.ways() {
        let document = filled.document(&way);
        for role in Role::ALL {
            let audience = Audience {
                roles: [role].into_iter().collect(),
                router: false,
            };
            let response = filled.ask(role, &document).await;
            let closed = way.iter().position(|(of, field)| !audience.sees(of, field));
            let places = refusals(&response);
            let Some(closed) = closed else {
                assert!(
                    places.is_empty(),
                    "{role} {document}: {:?}",
                    response.errors
                );
                answered += 1;
                continue;
            };
            if places.is_empty() {
                unreached.push(format!("{}.{}", coordinate.0, coordinate.1));
                continue;
            }
            // Where the first closed field stands, and nothing below it ran.
            assert!(
                places.iter().all(|place| *place == closed + 1),
                "{role} {document}: {places:?}"
            );
            refused += 1;
        }
    }
    unreached.dedup();
    assert_eq!(
        unreached,
        Vec::<String>::new(),
        "rows lead to every closed field"
    );
    assert!(refused >= 250 && answered >= 600, "{refused} {answered}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_gate_no_command_is_given_and_no_stream_starts() {
    let filled = Filled::new().await;
    let before = filled.app.store.head(filled.tenant).await.expect("a head");
    let input = json!({ "input": {} });
    let mut refused = 0;
    for role in Role::ALL {
        let audience = Audience {
            roles: [role].into_iter().collect(),
            router: false,
        };
        for (field, _) in filled
            .fields("Mutation")
            .filter(|(field, _)| !audience.sees("Mutation", field))
        {
            let document = format!("mutation {{ its: {field}(input: {{}}) {{ __typename }} }}");
            let (request, _) = filled.request(role, &document, input.clone());
            let response = filled.graph.execute(request).await;
            assert_eq!(
                refusals(&response),
                [1],
                "{role} {field}: {:?}",
                response.errors
            );
            refused += 1;
        }
        for (field, _) in filled
            .fields("Subscription")
            .filter(|(field, _)| !audience.sees("Subscription", field))
        {
            let document =
                format!("subscription {{ its: {field}(position: \"0\") {{ __typename }} }}");
            let (request, _) = filled.request(role, &document, json!({}));
            let first = Box::pin(filled.graph.execute_stream(request)).next().await;
            let first = first.expect("a refusal");
            assert_eq!(refusals(&first), [1], "{role} {field}: {:?}", first.errors);
            refused += 1;
        }
        // By id, objects are refused before anybody looks for them.
        for kind in ["Customer", "Subscription", "StockPosition"] {
            let document = format!(
                "{{ node(id: \"gid://entrepot/{kind}/00000000-0000-7000-8000-000000000000\") {{ id }} }}"
            );
            let response = filled.ask(role, &document).await;
            assert_eq!(
                refusals(&response).len(),
                usize::from(role == Role::Partner),
                "{role} {kind}"
            );
        }
    }
    assert!(refused >= 107, "{refused}");
    assert_eq!(
        filled.app.store.head(filled.tenant).await.expect("a head"),
        before
    );
}
