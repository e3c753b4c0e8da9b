//! Merges fields that the specification treats as one (CollectFields, section 6.3.2).
//!
//! `mutation { stockReceive(…) { a } stockReceive(…) { b } }` is one command asked twice about,
//! and the GraphQL library would run it twice. Fields of one selection set with the same response
//! key, name and arguments become one field here. At the root this looks through fragments;
//! deeper down, where the type of a set is not known without the schema, through untyped inline
//! fragments only, which costs a second read at worst. `@skip` and `@include` of merged fields
//! move onto inline fragments inside, so that validation still sees each variable in use.
//! Fields that conflict are left alone: validation refuses them.

use std::collections::HashSet;

use async_graphql::{
    Name, Variables,
    parser::types::{DocumentOperations, ExecutableDocument, OperationType},
};

use super::{
    collect::{Collector, Fragments},
    conditions::Conditions,
};

/// Merges within the chosen operation and within every fragment. Gives how many fields of the
/// operation's root run.
pub(super) fn merge(
    document: &mut ExecutableDocument,
    operation: Option<&Name>,
    variables: &Variables,
) -> usize {
    let ExecutableDocument {
        operations,
        fragments,
    } = document;
    let chosen = match (operations, operation) {
        (DocumentOperations::Single(chosen), _) => Some(chosen),
        (DocumentOperations::Multiple(all), Some(name)) => all.get_mut(name),
        (DocumentOperations::Multiple(_), None) => None,
    };
    let Some(chosen) = chosen else { return 0 };
    let conditions = Conditions::of(variables);
    let mut collector = Collector::new(fragments, &conditions);
    let (set, root) = (
        &mut chosen.node.selection_set.node,
        root_type(chosen.node.ty),
    );
    collector.root(set, root);
    let fields = collector.fields(set, root);
    let inlined = collector.inlined;
    let none = Fragments::new();
    let mut collector = Collector::new(&none, &conditions);
    for fragment in fragments.values_mut() {
        collector.inner(&mut fragment.node.selection_set.node);
    }
    if !inlined.is_empty() {
        forget_unused(document, &inlined);
    }
    fields
}

/// The root types' names, which Federation fixes.
const fn root_type(kind: OperationType) -> &'static str {
    match kind {
        OperationType::Query => "Query",
        OperationType::Mutation => "Mutation",
        OperationType::Subscription => "Subscription",
    }
}

/// Removes the fragments that were inlined and that nothing spreads any more: validation refuses
/// unused ones. A fragment that was unused from the start stays, and is refused.
fn forget_unused(document: &mut ExecutableDocument, inlined: &HashSet<Name>) {
    let mut used = HashSet::new();
    let operations = document
        .operations
        .iter()
        .map(|(_, it)| &it.node.selection_set.node);
    let kept = document
        .fragments
        .iter()
        .filter(|(name, _)| !inlined.contains(*name));
    let mut sets: Vec<_> = operations
        .chain(kept.map(|(_, it)| &it.node.selection_set.node))
        .collect();
    while let Some(set) = sets.pop() {
        for name in super::collect::spreads(set) {
            if used.insert(name.clone())
                && let Some(fragment) = document.fragments.get(name)
            {
                sets.push(&fragment.node.selection_set.node);
            }
        }
    }
    document
        .fragments
        .retain(|name, _| !inlined.contains(name) || used.contains(name));
}

#[cfg(test)]
#[path = "merge_tests.rs"]
mod tests;
