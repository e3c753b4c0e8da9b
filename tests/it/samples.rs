//! The explorer's samples: each is within the contract of its role.

use std::fs;
use std::path::Path;

use apollo_compiler::{ExecutableDocument, Schema};
use entrepot_api::auth::Role;

#[test]
fn every_sample_of_the_explorer_is_within_the_contract_of_its_role() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for role in Role::ALL {
        let sdl = fs::read_to_string(root.join(format!("contracts/{role}.graphql")))
            .expect("every role has a contract");
        let schema = Schema::parse_and_validate(sdl, "contract").expect("a contract is a schema");
        let mut kinds = Vec::new();
        let folder = root.join(format!("explorer/samples/{role}"));
        for entry in fs::read_dir(&folder).expect("every role has samples") {
            let path = entry.expect("a folder is read").path();
            let text = fs::read_to_string(&path).expect("a sample is text");
            let document = ExecutableDocument::parse_and_validate(&schema, text.clone(), &path)
                .unwrap_or_else(|errors| panic!("{}:\n{errors}", path.display()));
            let operation = document.operations.get(None).unwrap_or_else(|_| {
                panic!("{}: one operation is in a sample", path.display());
            });
            assert!(operation.name.is_some(), "{}: no name", path.display());
            let comments = text.lines().take_while(|line| line.starts_with("# "));
            assert!(
                comments.count() >= 2,
                "{}: a sample begins with its title and what it shows",
                path.display()
            );
            kinds.push(operation.operation_type.to_string());
        }
        for kind in ["query", "subscription"] {
            assert!(kinds.iter().any(|it| it == kind), "{role} has no {kind}");
        }
    }
}
