//! What an operation may cost, before it runs: linear in the text of its document. A fragment is
//! estimated once, however often it is spread.

use std::collections::HashMap;

use apollo_compiler::ExecutableDocument;
use apollo_compiler::ast::Value as Literal;
use apollo_compiler::executable::{
    Directive, DirectiveList, Field, Name, Operation, Selection, SelectionSet,
};
use async_graphql::{Value, Variables};

use super::table::{INTROSPECTION, LONGEST, PAGE, SLICING, Size, size_of, weight_of};

/// An estimate, and whether another request with the same document may have another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::graph) struct Estimate {
    /// The cost.
    pub(in crate::graph) cost: u64,
    /// Whether variables have a part in it.
    by_variables: bool,
    /// How many selections were looked at: the work that it took.
    #[cfg(test)]
    looked_at: usize,
}

/// The estimates of one document that hold for every request with it, by operation.
#[derive(Debug, Default)]
pub(in crate::graph) struct Estimates(std::sync::Mutex<HashMap<Option<String>, Estimate>>);

impl Estimates {
    /// The estimate of an operation of the document, which is always the same one.
    pub(in crate::graph) fn of(
        &self,
        document: &ExecutableDocument,
        name: Option<&str>,
        variables: &Variables,
    ) -> u64 {
        let Ok(operation) = document.operations.get(name) else {
            return 0;
        };
        let known = || {
            self.0
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner)
        };
        let name = name.map(str::to_owned);
        if let Some(estimate) = known().get(&name) {
            return estimate.cost;
        }
        let estimate = estimate(document, operation, variables);
        if !estimate.by_variables {
            known().insert(name, estimate);
        }
        estimate.cost
    }
}

/// Estimates one operation. Values of variables are those of the request, defaults filled in.
fn estimate(
    document: &ExecutableDocument,
    operation: &Operation,
    variables: &Variables,
) -> Estimate {
    let mut estimator = Estimator {
        document,
        variables,
        by_variables: false,
        known: HashMap::new(),
        looked_at: 0,
    };
    let cost = estimator.set(&operation.selection_set).of(PAGE);
    Estimate {
        cost,
        by_variables: estimator.by_variables,
        #[cfg(test)]
        looked_at: estimator.looked_at,
    }
}

/// What a selection set costs, for whatever length of the page that it is a part of.
#[derive(Clone, Copy, Default)]
struct Cost {
    /// What does not depend on the page.
    fixed: u64,
    /// The page's lists themselves, for each member and at least once.
    weight: u64,
    /// What is inside, for each member.
    inside: u64,
}

impl Cost {
    const fn fixed(fixed: u64) -> Self {
        Self {
            fixed,
            weight: 0,
            inside: 0,
        }
    }

    const fn and(self, other: Self) -> Self {
        Self {
            fixed: self.fixed.saturating_add(other.fixed),
            weight: self.weight.saturating_add(other.weight),
            inside: self.inside.saturating_add(other.inside),
        }
    }

    /// The cost with a page of so many members.
    fn of(self, members: u64) -> u64 {
        self.fixed
            .saturating_add(times(members, self.weight, self.inside))
    }
}

/// What a field of some weight costs that is there so many times. A list that may be empty is
/// looked for all the same.
fn times(members: u64, weight: u64, inside: u64) -> u64 {
    let weight = members.max(1).saturating_mul(weight);
    weight.saturating_add(members.saturating_mul(inside))
}

struct Estimator<'d> {
    document: &'d ExecutableDocument,
    variables: &'d Variables,
    by_variables: bool,
    /// What each fragment costs.
    known: HashMap<&'d Name, Cost>,
    looked_at: usize,
}

impl<'d> Estimator<'d> {
    fn set(&mut self, set: &'d SelectionSet) -> Cost {
        let mut total = Cost::default();
        for selection in &set.selections {
            self.looked_at += 1;
            if !self.runs(selection.directives()) {
                continue;
            }
            total = total.and(match selection {
                Selection::Field(field) => self.field(&set.ty, field),
                Selection::InlineFragment(inline) => self.set(&inline.selection_set),
                Selection::FragmentSpread(spread) => self.fragment(&spread.fragment_name),
            });
        }
        total
    }

    fn fragment(&mut self, name: &'d Name) -> Cost {
        if let Some(cost) = self.known.get(name) {
            return *cost;
        }
        // A valid document has the fragment, and no cycle.
        let fragment = self.document.fragments.get(name);
        let cost = fragment.map_or_else(Cost::default, |it| self.set(&it.selection_set));
        self.known.insert(name, cost);
        cost
    }

    fn field(&mut self, of: &str, field: &'d Field) -> Cost {
        let name = field.name.as_str();
        if name.starts_with("__") {
            return Cost::fixed(if name == "__typename" {
                0
            } else {
                INTROSPECTION
            });
        }
        let composite = !field.selection_set.is_empty();
        let weight = weight_of(of, name).unwrap_or(u64::from(composite));
        let within = self.set(&field.selection_set);
        let size = size_of(of, name);
        let members = match size {
            Some(Size::Page) => {
                let page = self.page(field);
                return Cost::fixed(weight.saturating_add(within.of(page)));
            }
            Some(Size::OfPage) => {
                return Cost {
                    fixed: 0,
                    weight,
                    inside: within.of(PAGE),
                };
            }
            Some(Size::Given(argument, most)) => self.given(field, argument, most),
            Some(Size::About(members)) => members,
            None => 1,
        };
        Cost::fixed(times(members, weight, within.of(PAGE)))
    }

    /// How many members the page of a connection has. Longer ones than there are are refused by
    /// the field itself.
    fn page(&mut self, field: &'d Field) -> u64 {
        let said: Vec<u64> = SLICING
            .iter()
            .filter_map(|argument| match self.value(field, argument)? {
                Value::Number(number) => Some(number.as_i64()?.max(0).unsigned_abs().min(LONGEST)),
                _ => None,
            })
            .collect();
        said.into_iter().max().unwrap_or(PAGE)
    }

    /// How many members the list of an argument has.
    fn given(&mut self, field: &'d Field, argument: &str, most: u64) -> u64 {
        match self.value(field, argument) {
            Some(Value::List(items)) => u64::try_from(items.len()).unwrap_or(u64::MAX).min(most),
            Some(_) => 1,
            None => most,
        }
    }

    fn value(&mut self, field: &'d Field, argument: &str) -> Option<Value> {
        let literal = field.specified_argument_by_name(argument)?;
        Some(match literal.as_ref() {
            Literal::Variable(name) => {
                self.by_variables = true;
                self.variables.get(name.as_str())?.clone()
            }
            Literal::Int(number) => Value::from(number.try_to_i32().ok()?),
            // Only its length counts; a member may be a variable, or not be there.
            Literal::List(items) => Value::List(vec![Value::Null; items.len()]),
            Literal::Null => return None,
            _ => Value::Boolean(true),
        })
    }

    /// Whether a selection may run.
    fn runs(&mut self, directives: &'d DirectiveList) -> bool {
        directives
            .iter()
            .all(|directive| match directive.name.as_str() {
                "include" => self.condition(directive) != Some(false),
                "skip" => self.condition(directive) != Some(true),
                _ => true,
            })
    }

    fn condition(&mut self, directive: &'d Directive) -> Option<bool> {
        match directive.specified_argument_by_name("if")?.as_ref() {
            Literal::Boolean(value) => Some(*value),
            Literal::Variable(name) => {
                self.by_variables = true;
                match self.variables.get(name.as_str())? {
                    Value::Boolean(value) => Some(*value),
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

#[cfg(test)]
#[path = "estimate_tests.rs"]
mod tests;
