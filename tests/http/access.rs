//! Access taken away: tokens revoked, tenants suspended. Requests are refused and what is open ends
//! within seconds, at every node, without Redis.

use std::time::{Duration, Instant};

use entrepot_api::auth::Role;
use entrepot_tests::{TestDb, both};
use serde_json::{Value as Json, json};
use tokio::time::sleep;

use super::client::{Client, Events};
use super::server::{Server, say, token_of};
use super::shopfront::{order_of, place, receive, tenants};
use super::socket::{Heard, Socket};

/// How long what is open may stay open.
const SECONDS: Duration = Duration::from_secs(10);
const FOLLOW: &str = "subscription { orderChanged { order { id } } }";

/// What somebody has open: a silent stream, a socket with a silent operation, an idle socket.
struct Open {
    stream: Events,
    working: Socket,
    idle: Socket,
}

impl Open {
    async fn of(client: &Client) -> Self {
        let stream = client.follow(FOLLOW, json!({})).await.unwrap();
        let (mut working, idle) = (Socket::open(client).await, Socket::open(client).await);
        working.subscribe("1", FOLLOW, json!({}), json!({})).await;
        Self {
            stream,
            working,
            idle,
        }
    }

    async fn is_silent(&mut self) -> bool {
        let short = Duration::from_millis(200);
        self.stream.silent_for(short).await
            && self.working.silent_for(short).await
            && self.idle.silent_for(short).await
    }

    /// Everything ends with a code, soon.
    async fn ends(mut self, code: &str) {
        let since = Instant::now();
        let last = self
            .stream
            .next()
            .await
            .unwrap()
            .expect("why it ends")
            .payload;
        assert_eq!(last["errors"][0]["extensions"]["code"], code, "{last:#}");
        assert!(last.get("data").is_none_or(Json::is_null), "{last:#}");
        assert!(
            self.stream.next().await.unwrap().is_none(),
            "it is complete"
        );
        match self.working.hear().await {
            Heard::Message(message) => {
                assert_eq!(message["type"], "error", "{message}");
                assert_eq!(
                    message["payload"][0]["extensions"]["code"], code,
                    "{message}"
                );
                assert_eq!(self.working.hear().await, Heard::Closed(4403));
            }
            closed @ Heard::Closed(_) => assert_eq!(closed, Heard::Closed(4403)),
        }
        assert_eq!(self.idle.hear().await, Heard::Closed(4403));
        assert!(since.elapsed() < SECONDS, "{:?}", since.elapsed());
    }
}

/// The status and the code of a query.
async fn asked(client: &Client) -> (u16, Json) {
    let answer = client
        .post("{ orders { totalCount } }", json!({}))
        .await
        .unwrap();
    let json = answer.json();
    assert!(
        answer.status == 200 || json.get("data").is_none(),
        "{json:#}"
    );
    (
        answer.status,
        json["errors"][0]["extensions"]["code"].clone(),
    )
}

both! {
    async fn a_revoked_token_reaches_nothing_and_what_it_has_open_ends(db: TestDb) {
        tenants(&db, &["north", "south"]).await;
        let (one, other) = (Server::start(&db).await, Server::start(&db).await);
        let of = |server: &Server, tenant: &str, subject: &str| server.bearer(&token_of(tenant, Role::Commerce, subject));
        let operator = one.client("north", Role::Operator);
        let (ann, there) = (of(&one, "north", "ann"), of(&other, "north", "ann"));
        let (bob, neighbor) = (of(&one, "north", "bob"), of(&one, "south", "ann"));
        let (here, elsewhere) = (Open::of(&ann).await, Open::of(&there).await);
        let mut others = [Open::of(&bob).await, Open::of(&neighbor).await];
        assert_eq!(asked(&there).await, (200, Json::Null));
        // Of this second, a token is as old as the revocation.
        sleep(Duration::from_millis(1100)).await;
        operator.give("accessRevoke", json!({ "subject": "ann", "reason": "left" }), "tenant { slug }").await;
        assert_eq!(asked(&ann).await, (401, json!("UNAUTHENTICATED")), "known at once where it was said");
        tokio::join!(here.ends("UNAUTHENTICATED"), elsewhere.ends("UNAUTHENTICATED"));
        assert_eq!(asked(&there).await, (401, json!("UNAUTHENTICATED")));
        for open in &mut others {
            assert!(open.is_silent().await, "nobody else is concerned");
        }
        sleep(Duration::from_millis(1100)).await;
        let again = of(&other, "north", "ann");
        assert_eq!(asked(&again).await, (200, Json::Null), "a new token is good");
        // From the command line, everybody's.
        assert!(say(&db, &["tenant", "revoke", "north", "--client", "nobodys"]).await.starts_with("north: done"));
        assert!(others[0].is_silent().await);
        say(&db, &["tenant", "revoke", "north", "--reason", "leak"]).await;
        let [bobs, mut neighbors] = others;
        bobs.ends("UNAUTHENTICATED").await;
        assert!(neighbors.is_silent().await);
        for client in [&again, &bob, &operator] {
            assert_eq!(asked(client).await.0, 401);
        }
        assert_eq!(asked(&neighbor).await, (200, Json::Null));
    }

    async fn an_update_is_not_sent_to_whom_it_is_no_longer_for(db: TestDb) {
        tenants(&db, &["north"]).await;
        let server = Server::start(&db).await;
        let operator = server.client("north", Role::Operator);
        let ann = server.bearer(&token_of("north", Role::Commerce, "ann"));
        let seller = server.bearer(&token_of("north", Role::Commerce, "seller"));
        receive(&seller, "A", 100, 880).await;
        let mut stream = ann.follow(FOLLOW, json!({})).await.unwrap();
        place(&seller, order_of("A", 1)).await;
        assert!(stream.next().await.unwrap().unwrap().payload["data"]["orderChanged"]["order"]["id"].is_string());
        sleep(Duration::from_millis(1100)).await;
        operator.give("accessRevoke", json!({ "subject": "ann" }), "").await;
        place(&seller, order_of("A", 1)).await;
        let last = stream.next().await.unwrap().unwrap().payload;
        assert_eq!(last["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{last:#}");
        assert!(last.get("data").is_none_or(Json::is_null), "{last:#}");
    }

    async fn a_suspended_tenant_is_open_to_operators_only(db: TestDb) {
        tenants(&db, &["north"]).await;
        let server = Server::start(&db).await;
        let (seller, operator) = (server.client("north", Role::Commerce), server.client("north", Role::Operator));
        let (open, mut operators) = (Open::of(&seller).await, Open::of(&operator).await);
        operator.give("tenantSuspend", json!({ "reason": "unpaid" }), "").await;
        assert_eq!(asked(&seller).await, (403, json!("TENANT_SUSPENDED")));
        let (query, variables) = super::client::mutation("orderPlace", &order_of("A", 1), "");
        let refused = seller.post(&query, variables).await.unwrap();
        assert_eq!((refused.status, &refused.json()["errors"][0]["extensions"]["code"]), (403, &json!("TENANT_SUSPENDED")));
        open.ends("TENANT_SUSPENDED").await;
        assert_eq!(asked(&operator).await, (200, Json::Null));
        assert!(operators.is_silent().await);
        operator.give("tenantRelease", json!({}), "").await;
        assert_eq!(asked(&seller).await, (200, Json::Null));
    }
}
