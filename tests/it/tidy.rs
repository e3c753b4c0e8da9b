//! Rules about the sources that no compiler checks.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use entrepot_api::codes::CODES;

/// Which of our crates each crate may use.
const CRATES: [(&str, &[&str]); 7] = [
    ("domain", &[]),
    ("entity", &[]),
    ("migration", &[]),
    ("event-store", &["domain", "entity"]),
    ("projections", &["domain", "entity", "event-store"]),
    (
        "api",
        &[
            "domain",
            "entity",
            "migration",
            "event-store",
            "projections",
        ],
    ),
    (
        "tests",
        &[
            "domain",
            "entity",
            "migration",
            "event-store",
            "projections",
            "api",
        ],
    ),
];

/// Lines of a file at most, its tests included.
const LINES_MAX: usize = 600;

/// What a pure function has no use for. `rand` as a path, not as a part of `grand`.
const IMPURE: [&str; 14] = [
    "async fn",
    "async move",
    ".await",
    "tokio",
    "std::fs",
    "std::net",
    "std::env",
    "std::thread",
    "SystemTime",
    "Instant::now",
    "Timestamp::now",
    "f32",
    "f64",
    "rand::",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every Rust source of a folder, with its path from the root and its text.
fn sources(folder: &str) -> Vec<(String, String)> {
    let (mut found, mut folders) = (Vec::new(), vec![root().join(folder)]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            if path.is_dir() && name != "target" && name != "node_modules" {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let path = path
                    .strip_prefix(root())
                    .unwrap()
                    .to_string_lossy()
                    .into_owned();
                found.push((path, text));
            }
        }
    }
    found.sort();
    found
}

fn all_sources() -> impl Iterator<Item = (String, String)> {
    CRATES.into_iter().flat_map(|(folder, _)| sources(folder))
}

#[test]
fn crates_depend_only_on_those_before_them() {
    for (folder, allowed) in CRATES {
        let manifest = std::fs::read_to_string(root().join(folder).join("Cargo.toml")).unwrap();
        let mut section = "";
        for line in manifest.lines() {
            if line.starts_with('[') {
                section = line;
            }
            let ours = line
                .strip_prefix("entrepot-")
                .and_then(|line| line.split(['.', ' ', '=']).next());
            // Tests of a crate may migrate a database.
            let for_tests = section == "[dev-dependencies]" && ours == Some("migration");
            if let Some(ours) = ours {
                assert!(
                    for_tests || allowed.contains(&ours),
                    "{folder} must not depend on {ours}"
                );
            }
        }
    }
}

#[test]
fn the_domain_is_pure() {
    for (path, text) in sources("domain/src") {
        for (number, line) in (1..)
            .zip(text.lines())
            .filter(|(_, line)| !line.trim_start().starts_with("//"))
        {
            for impure in IMPURE {
                assert!(
                    !line.contains(impure),
                    "{path}:{number}: `{impure}` has no place in a rule"
                );
            }
        }
    }
}

#[test]
fn files_are_short() {
    for (path, text) in all_sources() {
        let lines = text.lines().count();
        assert!(
            lines <= LINES_MAX,
            "{path} has {lines} lines, at most {LINES_MAX}: split it by meaning"
        );
    }
}

/// Calls whose argument is the code of an error.
const GIVES_CODE: [&str; 8] = [
    "fault(",
    "later(",
    "Refusal::request(",
    "Refusal::transport(",
    "code: ",
    "set(\"code\", ",
    "=> \"",
    "Err(",
];

/// A text that stands in quotes on a line and may be a code.
fn quoted(line: &str) -> impl Iterator<Item = &str> {
    line.split('"')
        .skip(1)
        .step_by(2)
        .filter(|text| text.len() > 5 && text.chars().all(|c| c.is_ascii_uppercase() || c == '_'))
}

#[test]
fn every_error_code_stands_in_the_table_and_goes_out_somewhere() {
    let mut given: BTreeSet<String> = BTreeSet::new();
    let mut said: BTreeSet<String> = BTreeSet::new();
    for (path, text) in sources("api/src") {
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        if path.contains("test") || path.ends_with("src/codes.rs") {
            continue;
        }
        said.extend(code.lines().flat_map(quoted).map(str::to_owned));
        let answers = ["api/src/graph", "api/src/http", "api/src/export"];
        if !answers.iter().any(|folder| path.contains(folder)) {
            continue;
        }
        // A call may be broken after its parenthesis, and name the status first.
        let lines: Vec<&str> = code.lines().collect();
        for (number, line) in lines.iter().enumerate() {
            let calls = |line: &str| GIVES_CODE.iter().any(|call| line.contains(call));
            let near = lines[number.saturating_sub(3)..=number]
                .iter()
                .any(|line| calls(line));
            if near && !line.trim_start().starts_with("//") {
                given.extend(quoted(line).map(str::to_owned));
            }
        }
    }
    given.retain(|text| !["DELETE", "OPTIONS", "CLOSED"].contains(&text.as_str()));
    let known: BTreeSet<String> = CODES.iter().map(|code| code.name.to_owned()).collect();
    let unknown: Vec<_> = given.difference(&known).collect();
    assert!(
        unknown.is_empty(),
        "say in api/src/codes.rs what these mean: {unknown:?}"
    );
    let unsaid: Vec<_> = known.difference(&said).collect();
    assert!(unsaid.is_empty(), "nothing answers with these: {unsaid:?}");
}

#[test]
fn nothing_is_left_to_do() {
    // Put together, so that this file is not found.
    let unfinished = ["todo", "unimplemented", "dbg"].map(|name| format!("{name}!("));
    let ignored = format!("#[{}", "ignore");
    for (path, text) in all_sources() {
        for (number, line) in (1..).zip(text.lines()) {
            assert!(
                !unfinished.iter().any(|name| line.contains(name)),
                "{path}:{number}: unfinished"
            );
            assert!(
                !line.contains(&ignored),
                "{path}:{number}: a test that is never run proves nothing"
            );
        }
    }
}
