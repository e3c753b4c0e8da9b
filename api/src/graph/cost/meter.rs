//! What an operation did cost: the same weights, over the lists that really came.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use apollo_compiler::Schema;
use apollo_compiler::schema::ExtendedType;
use async_graphql::Value;

use super::table::{INTROSPECTION, weight_of};

/// The fields that weigh anything, by type.
#[derive(Debug)]
pub(in crate::graph) struct Weights(HashMap<String, HashMap<String, u64>>);

impl Weights {
    /// The weights of the fields of a schema.
    pub(in crate::graph) fn new(schema: &Schema) -> Self {
        let composite = |name: &str| {
            let kind = schema.types.get(name);
            kind.is_some_and(|kind| kind.is_object() || kind.is_interface() || kind.is_union())
        };
        let mut all = HashMap::new();
        for (of, kind) in &schema.types {
            let fields = match kind {
                ExtendedType::Object(kind) => &kind.fields,
                ExtendedType::Interface(kind) => &kind.fields,
                _ => continue,
            };
            let weights = fields.iter().map(|(name, field)| {
                let default = u64::from(composite(field.ty.inner_named_type()));
                (name.to_string(), weight_of(of, name).unwrap_or(default))
            });
            all.insert(
                of.to_string(),
                weights.filter(|(_, weight)| *weight > 0).collect(),
            );
        }
        Self(all)
    }

    fn of(&self, of: &str, field: &str) -> u64 {
        let fields = self.0.get(of);
        fields
            .and_then(|it| it.get(field))
            .copied()
            .unwrap_or_default()
    }
}

/// Counts while one request runs.
#[derive(Clone, Debug)]
pub(in crate::graph) struct Meter {
    weights: Arc<Weights>,
    spent: Arc<AtomicU64>,
}

impl Meter {
    /// Nothing spent yet.
    pub(in crate::graph) fn new(weights: &Arc<Weights>) -> Self {
        Self {
            weights: Arc::clone(weights),
            spent: Arc::default(),
        }
    }

    /// What a field costs for each of its members.
    pub(in crate::graph) fn weight(&self, of: &str, field: &str) -> u64 {
        self.weights.of(of, field)
    }

    /// A field was resolved to a value.
    pub(in crate::graph) fn field(&self, of: &str, field: &str, value: Option<&Value>) {
        let weight = self.weight(of, field);
        if weight > 0 {
            let members = match value {
                Some(Value::List(members)) => members.len().max(1),
                _ => 1,
            };
            let members = u64::try_from(members).unwrap_or(u64::MAX);
            self.add(weight.saturating_mul(members));
        }
    }

    /// The schema was asked about.
    pub(in crate::graph) fn introspected(&self) {
        self.add(INTROSPECTION);
    }

    /// Fields were paid for.
    pub(in crate::graph) fn add(&self, cost: u64) {
        self.spent.fetch_add(cost, Ordering::Relaxed);
    }

    /// The operation runs once more, and pays once.
    pub(in crate::graph) fn restart(&self) {
        self.spent.store(0, Ordering::Relaxed);
    }

    /// All that was counted.
    pub(in crate::graph) fn spent(&self) -> u64 {
        self.spent.load(Ordering::Relaxed)
    }
}
