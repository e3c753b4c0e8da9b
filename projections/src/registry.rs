//! Every read model, by group: one line each.

use std::time::Duration;

use crate::folding::{AnyModel, Model};
use crate::group::Group;
use crate::{bi, customers, inventory, margins, orders, products, subscriptions, timers};

/// The groups, in the order in which readers need them.
pub const GROUPS: [&str; 2] = ["core", "bi"];

/// The read models of a group, with nothing in memory. Unknown groups have none.
fn models(group: &str) -> Vec<Box<dyn AnyModel>> {
    match group {
        "core" => vec![
            Model::<orders::Orders>::boxed(),
            Model::<inventory::Inventory>::boxed(),
            Model::<margins::Margins>::boxed(),
            Model::<subscriptions::Subscriptions>::boxed(),
            Model::<customers::Customers>::boxed(),
            Model::<products::Products>::boxed(),
            Model::<timers::Timers>::boxed(),
        ],
        "bi" => vec![
            Model::<bi::BiOrders>::boxed(),
            Model::<bi::BiOrderLines>::boxed(),
            Model::<bi::BiPayments>::boxed(),
            Model::<bi::BiShipments>::boxed(),
        ],
        _ => Vec::new(),
    }
}

/// How long a group rests between two batches of a tenant. Nobody waits for the rows of `bi` event by
/// event, and folded together they cost a fraction.
const fn pace(group: &str) -> Duration {
    match group.as_bytes() {
        b"bi" => Duration::from_millis(100),
        _ => Duration::ZERO,
    }
}

/// A group with all its read models.
pub fn group(name: &'static str) -> Group {
    Group::new(name, models(name), pace(name))
}

/// The names of every read model, by group.
pub fn names() -> Vec<(&'static str, &'static str)> {
    let of = |group| {
        models(group)
            .into_iter()
            .map(move |model| (group, model.name()))
    };
    GROUPS.into_iter().flat_map(of).collect()
}

/// A group with only the named read model in it, for a rebuild.
pub fn only(model: &str) -> Option<Group> {
    let group = names().into_iter().find(|(_, name)| *name == model)?.0;
    let only = models(group)
        .into_iter()
        .filter(|known| known.name() == model)
        .collect();
    Some(Group::new(group, only, pace(group)))
}
