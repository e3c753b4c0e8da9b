//! Documents by their names: trusted ones from manifests, and those that clients register. Named
//! or sent, a document is the same: bounded, checked against the contract, charged.

use std::path::PathBuf;

use entrepot_api::auth::Role;
use entrepot_tests::TestDb;
use serde_json::{Value as Json, json};

use super::abuse::{encoded, hex, message, post, refused};
use super::client::Client;
use super::server::{Server, run, token, token_of};
use super::shopfront::tenants;
use super::socket::Socket;

const LISTED: &str = "query Listed($n: Int = 1) { orders(first: $n) { nodes { id } } }";
const COMMAND: &str = "mutation Release { orderRelease(input: { orderId: \"1\" }) { position } }";

/// Writes the file of classes and its manifest: the client `partner` may send what is listed, `web`
/// may register, `bi` sends text.
pub(super) fn classes(db: &TestDb, listed: &Json) -> PathBuf {
    let folder = db.place().data_dir;
    std::fs::write(folder.join("partner.json"), listed.to_string()).unwrap();
    let classes = json!([
        { "name": "partners", "clients": ["partner"], "documents": "trusted", "manifests": ["partner.json"] },
        { "name": "web", "clients": ["web"], "documents": "apq" },
        { "name": "analysts", "clients": ["bi"], "documents": "any" },
    ]);
    let path = folder.join("clients.json");
    std::fs::write(&path, classes.to_string()).unwrap();
    path
}

async fn served(db: &TestDb) -> Server {
    tenants(db, &["north", "south"]).await;
    let listed = json!({ "listed": LISTED, "command": COMMAND, "large":
        "{ customers(first: 250) { nodes { orders(first: 250) { nodes { id } } } } }",
        "live": "subscription { orderChanged { cursor } }", "closed": "{ margins { totalCount } }" });
    let path = classes(db, &listed);
    let clients = path.to_str().unwrap();
    Server::start_with(db, &["--clients", clients, "--cost-maximum", "50000"]).await
}

fn code(answer: &Json) -> &Json {
    &answer["errors"][0]["extensions"]["code"]
}

async fn named(client: &Client, id: &str) -> Json {
    post(client, &json!({ "documentId": id })).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trusted_client_names_documents_on_every_way_in() {
    let db = TestDb::sqlite().await;
    let server = served(&db).await;
    let partner = server.bearer(&token_of("north", Role::Commerce, "partner"));
    let hash = hex(LISTED);
    for id in ["listed", &hash, &format!("sha256:{hash}")] {
        let answer = named(&partner, id).await;
        assert_eq!(answer["data"]["orders"]["nodes"], json!([]), "{answer:#}");
    }
    let variables = json!({ "documentId": "listed", "variables": { "n": 7 } });
    let answer = post(&partner, &variables).await;
    assert_eq!(
        answer["extensions"]["cost"]["requestedQueryCost"], 8,
        "{answer:#}"
    );
    let get = |id: &str| format!("/graphql?documentId={}", encoded(id));
    let answer = partner.send("GET", &get("listed"), &[], b"").await.unwrap();
    assert_eq!(answer.json()["data"]["orders"]["nodes"], json!([]));
    assert_eq!(
        partner
            .send("GET", &get("command"), &[], b"")
            .await
            .unwrap()
            .status,
        405
    );
    // Who wrote a document does not matter to bounds and contracts.
    assert_eq!(
        code(&named(&partner, "large").await),
        "COST_ESTIMATED_TOO_EXPENSIVE"
    );
    assert_eq!(
        code(&named(&partner, "closed").await),
        "GRAPHQL_VALIDATION_FAILED"
    );
    for (body, wanted) in [
        (
            json!({ "query": "{ tenant { slug } }" }),
            "PERSISTED_QUERY_NOT_IN_LIST",
        ),
        (
            json!({ "documentId": "nonesuch" }),
            "PERSISTED_QUERY_NOT_FOUND",
        ),
        (
            json!({ "documentId": "listed", "query": LISTED }),
            "CANNOT_SEND_PQ_ID_AND_BODY",
        ),
        (json!({ "documentId": 7 }), "BAD_REQUEST"),
        (json!({}), "BAD_REQUEST"),
    ] {
        let answer = post(&partner, &body).await;
        assert_eq!(code(&answer), wanted, "{body} {answer:#}");
        assert!(answer.get("data").is_none());
    }
    let mut socket = Socket::open(&partner).await;
    assert_eq!(
        refused(&mut socket, json!({ "query": "{ tenant { slug } }" })).await,
        "PERSISTED_QUERY_NOT_IN_LIST"
    );
    assert_eq!(
        refused(&mut socket, json!({ "documentId": "large" })).await,
        "COST_ESTIMATED_TOO_EXPENSIVE"
    );
    socket
        .say(json!({ "id": "1", "type": "subscribe", "payload": { "documentId": "listed" } }))
        .await;
    assert_eq!(
        message(&mut socket).await["payload"]["data"]["orders"]["nodes"],
        json!([])
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_document_is_registered_for_its_tenant_once_it_is_valid() {
    let db = TestDb::sqlite().await;
    let server = served(&db).await;
    let web = server.bearer(&token_of("north", Role::Commerce, "web"));
    let south = server.bearer(&token_of("south", Role::Commerce, "web"));
    let analyst = server.bearer(&token_of("north", Role::Commerce, "bi"));
    let text = "{ tenant { slug } }";
    let extension =
        |text: &str| json!({ "persistedQuery": { "version": 1, "sha256Hash": hex(text) } });
    let by_hash = |text: &str| json!({ "extensions": extension(text) });
    let both = |text: &str| json!({ "query": text, "extensions": extension(text) });
    let answer = post(&web, &by_hash(text)).await;
    assert_eq!(
        (code(&answer), &answer["errors"][0]["message"]),
        (
            &json!("PERSISTED_QUERY_NOT_FOUND"),
            &json!("PersistedQueryNotFound")
        )
    );
    assert_eq!(
        post(&web, &both(text)).await["data"]["tenant"]["slug"],
        "north"
    );
    assert_eq!(
        post(&web, &by_hash(text)).await["data"]["tenant"]["slug"],
        "north"
    );
    assert_eq!(
        code(&post(&south, &by_hash(text)).await),
        "PERSISTED_QUERY_NOT_FOUND"
    );
    // A wrong hash, and a document outside the contract, leave nothing behind.
    let poison =
        json!({ "query": "{ __typename }", "extensions": extension("{ orders { totalCount } }") });
    assert_eq!(
        code(&post(&web, &poison).await),
        "PERSISTED_QUERY_HASH_MISMATCH"
    );
    let closed = "{ margins { totalCount } }";
    assert_eq!(
        code(&post(&web, &both(closed)).await),
        "GRAPHQL_VALIDATION_FAILED"
    );
    assert_eq!(
        code(&post(&web, &by_hash(closed)).await),
        "PERSISTED_QUERY_NOT_FOUND"
    );
    let answer = post(&analyst, &by_hash(text)).await;
    assert_eq!(
        (code(&answer), &answer["errors"][0]["message"]),
        (
            &json!("PERSISTED_QUERY_NOT_SUPPORTED"),
            &json!("PersistedQueryNotSupported")
        )
    );
    assert_eq!(
        post(&analyst, &both(text)).await["data"]["tenant"]["slug"],
        "north"
    );
    // Whoever no class fits may register.
    let other = server.bearer(&token("north", Role::Finance, &[]));
    assert_eq!(
        post(&other, &by_hash(text)).await["data"]["tenant"]["slug"],
        "north"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_manifest_keeps_the_server_from_starting() {
    let db = TestDb::sqlite().await;
    let path = classes(&db, &json!({ "broken": "query {" }));
    let output = run(
        &db,
        &[
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--clients",
            path.to_str().unwrap(),
        ],
    )
    .await;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        !output.status.success() && said.contains("partner.json") && said.contains("`broken`"),
        "{said}"
    );
}
