use serde_json::json;

use super::*;
use crate::auth::Role;

const TEXT: &str = "query A { tenant }";

/// A folder that is gone after the test.
struct Folder(std::path::PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("entrepot-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, value: &serde_json::Value) -> std::path::PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, value.to_string()).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn persisted(name: &str, documents: &str) -> Persisted {
    let folder = Folder::new(name);
    folder.write("list.json", &json!({ "x1": TEXT }));
    let manifests = if documents == "any" {
        json!([])
    } else {
        json!(["list.json"])
    };
    let classes = json!([
        { "name": "others", "clients": ["somebody else"], "documents": "any" },
        { "name": "own", "roles": ["operator"], "documents": documents, "manifests": manifests },
    ]);
    Persisted::new(Arc::new(
        Classes::read(&folder.write("clients.json", &classes)).unwrap(),
    ))
}

fn requester(tenant: &str) -> Requester {
    Requester::system(tenant, "app")
}

fn text(text: &str) -> Asked {
    Asked {
        text: Some(text.to_owned()),
        ..Asked::default()
    }
}

fn id(id: &str) -> Asked {
    Asked {
        id: Some(id.to_owned()),
        ..Asked::default()
    }
}

fn hash(of: &str, text: Option<&str>) -> Asked {
    let extension = json!({ "version": 1, "sha256Hash": digest(of) });
    Asked {
        text: text.map(str::to_owned),
        id: None,
        persisted: Some(Value::from_json(extension).unwrap()),
    }
}

fn code(found: Result<Found, Refusal>) -> &'static str {
    found.map_or_else(|refusal| refusal.code, |_| "OK")
}

#[test]
fn trusted_clients_send_documents_of_their_list_and_no_others() {
    let persisted = persisted("trusted", "trusted");
    let find = |asked| code(persisted.find(asked, &requester("north")));
    for asked in [
        id("x1"),
        id(&digest(TEXT)),
        id(&format!("sha256:{}", digest(TEXT))),
        hash(TEXT, None),
    ] {
        assert_eq!(find(asked), "OK");
    }
    assert_eq!(find(text(TEXT)), "OK");
    assert_eq!(find(text("{ tenant }")), "PERSISTED_QUERY_NOT_IN_LIST");
    assert_eq!(
        find(hash("{ tenant }", Some("{ tenant }"))),
        "PERSISTED_QUERY_NOT_IN_LIST"
    );
    assert_eq!(find(id("x2")), "PERSISTED_QUERY_NOT_FOUND");
    assert_eq!(find(hash("{ tenant }", None)), "PERSISTED_QUERY_NOT_FOUND");
}

#[test]
fn another_entrance_is_no_way_around_a_class() {
    let persisted = persisted("entrance", "trusted");
    let both = requester("north").holding(&[Role::Operator, Role::Support]);
    let support = both.only(Role::Support).expect("it has the role");
    let found = persisted.find(text("{ tenant }"), &support);
    assert_eq!(code(found), "PERSISTED_QUERY_NOT_IN_LIST");
    let other = requester("north").holding(&[Role::Support]);
    assert_eq!(code(persisted.find(text("{ tenant }"), &other)), "OK");
}

#[test]
fn a_registered_document_is_the_tenants() {
    let persisted = persisted("apq", "apq");
    let find = |asked, tenant| persisted.find(asked, &requester(tenant));
    assert_eq!(
        code(find(hash("{ b }", None), "north")),
        "PERSISTED_QUERY_NOT_FOUND"
    );
    let found = find(hash("{ b }", Some("{ b }")), "north").unwrap();
    // Nothing is kept before it was checked.
    assert_eq!(
        code(find(hash("{ b }", None), "north")),
        "PERSISTED_QUERY_NOT_FOUND"
    );
    persisted.register(&found.register.unwrap(), &found.text);
    assert_eq!(find(hash("{ b }", None), "north").unwrap().text, "{ b }");
    assert_eq!(code(find(id(&digest("{ b }")), "north")), "OK");
    assert_eq!(
        code(find(hash("{ b }", None), "south")),
        "PERSISTED_QUERY_NOT_FOUND"
    );
    // What is on the list needs no registration.
    assert_eq!(
        find(hash(TEXT, Some(TEXT)), "north").unwrap().register,
        None
    );
}

#[test]
fn without_registration_clients_are_told_not_to_try() {
    let persisted = persisted("any", "any");
    let find = |asked| persisted.find(asked, &requester("north"));
    let refusal = find(hash("{ b }", None)).unwrap_err();
    assert_eq!(
        (refusal.code, &*refusal.message),
        (
            "PERSISTED_QUERY_NOT_SUPPORTED",
            "PersistedQueryNotSupported"
        )
    );
    assert_eq!(find(hash("{ b }", Some("{ b }"))).unwrap().register, None);
}

#[test]
fn what_contradicts_itself_is_refused() {
    let persisted = persisted("contradiction", "apq");
    let find = |asked| code(persisted.find(asked, &requester("north")));
    assert_eq!(
        find(hash("{ a }", Some("{ b }"))),
        "PERSISTED_QUERY_HASH_MISMATCH"
    );
    assert_eq!(
        find(Asked {
            id: Some("x1".to_owned()),
            ..text(TEXT)
        }),
        "CANNOT_SEND_PQ_ID_AND_BODY"
    );
    assert_eq!(
        find(Asked {
            id: Some("x1".to_owned()),
            ..hash(TEXT, None)
        }),
        "BAD_REQUEST"
    );
    assert_eq!(find(Asked::default()), "BAD_REQUEST");
    for id in [String::new(), "x".repeat(257)] {
        assert_eq!(
            find(Asked {
                id: Some(id),
                ..Asked::default()
            }),
            "BAD_REQUEST"
        );
    }
    for wrong in [
        json!(1),
        json!({}),
        json!({ "version": 2, "sha256Hash": digest("") }),
        json!({ "version": 1, "sha256Hash": "x" }),
    ] {
        let persisted = Some(Value::from_json(wrong).unwrap());
        assert_eq!(
            find(Asked {
                persisted,
                ..text(TEXT)
            }),
            "BAD_REQUEST"
        );
    }
}

#[test]
fn a_wrong_file_is_named_with_what_is_wrong() {
    let folder = Folder::new("wrong");
    folder.write("broken.json", &json!({ "x1": "query {" }));
    for (classes, said) in [
        (
            json!([{ "name": "a", "documents": "some" }]),
            "clients.json: unknown variant `some`",
        ),
        (
            json!([{ "name": "a", "documents": "any", "rolls": [] }]),
            "unknown field `rolls`",
        ),
        (
            json!([{ "name": "a", "documents": "any", "roles": ["king"] }]),
            "clients.json: class `a`: there is no role `king`",
        ),
        (
            json!([{ "name": "a", "documents": "trusted" }]),
            "clients.json: class `a`: trusted documents need a manifest",
        ),
        (
            json!([{ "name": "a", "documents": "apq", "manifests": ["none.json"] }]),
            "none.json: ",
        ),
        (
            json!([{ "name": "a", "documents": "apq", "manifests": ["broken.json"] }]),
            "broken.json: entry `x1`: ",
        ),
    ] {
        let error = Classes::read(&folder.write("clients.json", &classes)).unwrap_err();
        assert!(error.to_string().contains(said), "{error}");
    }
}
