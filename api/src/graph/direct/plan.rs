//! What a selection asks of an object, in the order in which it is written.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::parser::types::{FragmentDefinition, Selection, SelectionSet};
use async_graphql::registry::Registry;
use async_graphql::{ContextSelectionSet, Name, Positioned};

use super::super::cost::Meter;
use super::super::policy::Audience;
use super::super::session::Session;

/// The fields of an object that are asked for.
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Plan {
    pub(super) steps: Vec<Step>,
}

/// One field.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Step {
    /// `"key":`, with a comma before it unless it is the first.
    pub(super) key: String,
    pub(super) what: What,
}

/// What is written for it.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) enum What {
    /// The name of the type, as JSON.
    Typename(String),
    /// A field of the object.
    Field {
        /// Its place among the fields that the object states.
        index: u16,
        /// What it costs for each of its members.
        weight: u64,
        /// What of its value is asked for.
        inner: Plan,
    },
}

/// How the selection of a field's value is planned. `None` if it cannot be written directly.
pub(crate) type Inner = fn(&Compiler<'_>, &SelectionSet) -> Option<Plan>;

/// Makes plans of one request's selections.
pub(crate) struct Compiler<'a> {
    fragments: &'a HashMap<Name, Positioned<FragmentDefinition>>,
    registry: &'a Registry,
    audience: Audience,
    meter: Option<&'a Meter>,
}

impl<'a> Compiler<'a> {
    /// For the request that a selection belongs to.
    pub(super) fn of(ctx: &ContextSelectionSet<'a>) -> Option<Self> {
        Some(Self {
            fragments: &ctx.query_env.fragments,
            registry: &ctx.schema_env.registry,
            audience: ctx.data::<Arc<Session>>().ok()?.audience(),
            meter: ctx.data_opt::<Meter>(),
        })
    }

    /// The plan of an object of this type, whose fields `find` knows by their names.
    pub(crate) fn object(
        &self,
        of: &str,
        set: &SelectionSet,
        find: impl Fn(&str) -> Option<(u16, Inner)>,
    ) -> Option<Plan> {
        let mut plan = Plan::default();
        self.add(&mut plan, of, set, &find)?;
        (!plan.steps.is_empty()).then_some(plan)
    }

    fn add(
        &self,
        plan: &mut Plan,
        of: &str,
        set: &SelectionSet,
        find: &impl Fn(&str) -> Option<(u16, Inner)>,
    ) -> Option<()> {
        for selection in &set.items {
            // What is left out was taken out of the document before it ran.
            if !selection.node.directives().is_empty() {
                return None;
            }
            let (on, inner) = match &selection.node {
                Selection::Field(field) => {
                    let field = &field.node;
                    if !field.arguments.is_empty() {
                        return None;
                    }
                    let key = field.response_key().node.as_str();
                    let what = self.field(of, &field.name.node, &field.selection_set.node, find)?;
                    plan.push(key, what)?;
                    continue;
                }
                Selection::FragmentSpread(spread) => {
                    let fragment = self.fragments.get(&spread.node.fragment_name.node)?;
                    let on = Some(&fragment.node.type_condition);
                    (on, &fragment.node.selection_set.node)
                }
                Selection::InlineFragment(fragment) => {
                    let on = fragment.node.type_condition.as_ref();
                    (on, &fragment.node.selection_set.node)
                }
            };
            if on.is_none_or(|on| self.is(of, &on.node.on.node)) {
                self.add(plan, of, inner, find)?;
            }
        }
        Some(())
    }

    fn field(
        &self,
        of: &str,
        name: &str,
        set: &SelectionSet,
        find: &impl Fn(&str) -> Option<(u16, Inner)>,
    ) -> Option<What> {
        if name == "__typename" {
            return Some(What::Typename(format!("\"{of}\"")));
        }
        let (index, inner) = find(name)?;
        if !self.audience.sees(of, name) {
            return None;
        }
        Some(What::Field {
            index,
            weight: self.meter.map_or(0, |meter| meter.weight(of, name)),
            inner: inner(self, set)?,
        })
    }

    /// Whether objects of a type are what a fragment is about.
    fn is(&self, of: &str, on: &str) -> bool {
        let implements = || self.registry.implements.get(of);
        of == on || implements().is_some_and(|interfaces| interfaces.contains(on))
    }
}

impl Plan {
    /// `None` if the key is there already: what is asked for twice is merged the general way.
    fn push(&mut self, key: &str, what: What) -> Option<()> {
        // Keys of the steps are `,"key":`, the first one without the comma.
        let known = |step: &Step| {
            let written = step.key.trim_start_matches(',').as_bytes();
            written.get(1..written.len() - 2) == Some(key.as_bytes())
        };
        if self.steps.iter().any(known) {
            return None;
        }
        let mut written = String::with_capacity(key.len() + 4);
        written.push_str(if self.steps.is_empty() { "\"" } else { ",\"" });
        written.push_str(key);
        written.push_str("\":");
        let key = written;
        self.steps.push(Step { key, what });
        Some(())
    }
}
