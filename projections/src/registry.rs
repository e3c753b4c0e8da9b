//! Every read model, by group: one line each.

use std::sync::Arc;
use std::time::Duration;

use crate::folding::{AnyModel, Model};
use crate::group::Group;
use crate::{bi, customers, inventory, margins, orders, products, subscriptions, timers};

pub use entrepot_event_store::GROUPS;

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

/// How long a group rests between two batches of a tenant, unless somebody follows it: events that are
/// folded together cost a fraction. Nobody looks at the rows of `bi` event by event.
const fn pace(group: &str) -> Duration {
    match group.as_bytes() {
        b"bi" => Duration::from_millis(100),
        _ => Duration::from_millis(5),
    }
}

/// Every group, with nothing in memory.
pub fn groups() -> Vec<Arc<Group>> {
    let facts = Arc::default();
    let group = |name| Group::new(name, models(name), pace(name), Arc::clone(&facts));
    GROUPS.into_iter().map(group).map(Arc::new).collect()
}

/// A group with all its read models.
pub fn group(name: &'static str) -> Group {
    Group::new(name, models(name), pace(name), Arc::default())
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

/// What a rebuild of a read model, or of `all`, goes through: nothing in memory, a group each.
/// Unknown names have none.
pub fn to_rebuild(model: &str) -> Vec<Group> {
    let facts = Arc::default();
    let wanted = |name: &'static str| {
        let mut models = models(name);
        models.retain(|known| model == "all" || known.name() == model);
        (!models.is_empty()).then(|| Group::new(name, models, pace(name), Arc::clone(&facts)))
    };
    GROUPS.into_iter().filter_map(wanted).collect()
}
