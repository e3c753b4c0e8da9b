//! What fields weigh and how long lists are: the one table that estimates, the metering of answers
//! and the directives `@cost` and `@listSize` of the subgraph's schema are made from.
//!
//! A field that gives an object weighs 1, any other nothing, unless it stands in [`WEIGHTS`]. A
//! field that gives a list weighs that for each member. Every list of the graph stands in
//! [`LISTS`], and a test holds it.

use crate::graph::page::{PAGE_DEFAULT, PAGE_MAX};

/// What introspection weighs: it is answered from memory.
pub(super) const INTROSPECTION: u64 = 100;

/// How long a list is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::graph) enum Size {
    /// The field gives a connection: what its `edges` and `nodes` hold is what `first` or `last`
    /// says.
    Page,
    /// A list of a connection, as long as the page that the connection was asked for.
    OfPage,
    /// As long as the list that is given as this argument, which has at most so many members.
    Given(&'static str, u64),
    /// About so long.
    About(u64),
}

/// Members of a page that asks for no number.
pub(in crate::graph) const PAGE: u64 = PAGE_DEFAULT.unsigned_abs() as u64;
/// Members of the longest page.
pub(super) const LONGEST: u64 = PAGE_MAX.unsigned_abs() as u64;
/// The arguments that say how long a page is.
pub(in crate::graph) const SLICING: [&str; 2] = ["first", "last"];
/// The lists of a connection.
pub(in crate::graph) const SIZED: [&str; 2] = ["edges", "nodes"];

/// A type, the weight of some of its fields, and those fields.
pub(in crate::graph) const WEIGHTS: &[(&str, u64, &str)] = &[
    // Reads many rows for each group that it gives.
    ("Query", 20, "marginSums mrrSums orderSums"),
    // Counts all rows that match, whatever the page.
    ("CustomerConnection", 10, "totalCount"),
    ("MarginLineConnection", 10, "totalCount"),
    ("MrrMovementConnection", 10, "totalCount"),
    ("OrderConnection", 10, "totalCount"),
    ("ProductConnection", 10, "totalCount"),
    ("StockPositionConnection", 10, "totalCount"),
    ("SubscriptionContractConnection", 10, "totalCount"),
    // A record of its own, opened under a key of its own.
    ("Customer", 5, "personalData"),
    ("Order", 5, "shippingAddress"),
];

/// What each command weighs: it is decided, written and synced to disk.
const COMMAND: u64 = 10;

/// A type, how long some of its lists are, and those fields.
pub(in crate::graph) const LISTS: &[(&str, Size, &str)] = &[
    (
        "Query",
        Size::Page,
        "customers inventory margins mrrMovements orders products subscriptions",
    ),
    ("Customer", Size::Page, "orders"),
    ("CustomerConnection", Size::OfPage, "edges nodes"),
    ("MarginLineConnection", Size::OfPage, "edges nodes"),
    ("MrrMovementConnection", Size::OfPage, "edges nodes"),
    ("OrderConnection", Size::OfPage, "edges nodes"),
    ("ProductConnection", Size::OfPage, "edges nodes"),
    ("StockPositionConnection", Size::OfPage, "edges nodes"),
    (
        "SubscriptionContractConnection",
        Size::OfPage,
        "edges nodes",
    ),
    ("Query", Size::Given("ids", 100), "nodes"),
    ("Query", Size::Given("representations", 1000), "_entities"),
    ("Query", Size::About(20), "marginSums"),
    // One for each currency.
    ("Query", Size::About(2), "mrrSums orderSums"),
    ("MrrSums", Size::About(5), "movements"),
    (
        "OrderSums",
        Size::About(5),
        "captured discounts refunded taxes",
    ),
    ("Order", Size::About(5), "lines margins"),
    ("Order", Size::About(2), "payments shipments"),
    ("OrderLine", Size::About(2), "discounts reservations taxes"),
    ("OrderShipping", Size::About(2), "taxes"),
    ("Shipment", Size::About(5), "lines"),
    ("MarginChange", Size::About(5), "lines"),
    ("PersonalData", Size::About(2), "addresses"),
    ("Product", Size::About(2), "prices"),
    ("SubscriptionContract", Size::About(3), "items"),
    ("StockPayload", Size::About(2), "stockPositions"),
    (
        "TenantConfig",
        Size::About(10),
        "channels feeSchedule taxTable warehouses",
    ),
    ("TaxClass", Size::About(5), "rates"),
    // One command has one reason to be refused, seldom more.
    ("CustomerPayload", Size::About(1), "userErrors"),
    ("OrderPayload", Size::About(1), "userErrors"),
    ("PaymentPayload", Size::About(1), "userErrors"),
    ("ProductPayload", Size::About(1), "userErrors"),
    ("ShipmentPayload", Size::About(1), "userErrors"),
    ("StockPayload", Size::About(1), "userErrors"),
    ("SubscriptionPayload", Size::About(1), "userErrors"),
    ("TenantPayload", Size::About(1), "userErrors"),
    ("UserError", Size::About(3), "field"),
];

/// What the table says a field weighs.
pub(in crate::graph) fn weight_of(of: &str, field: &str) -> Option<u64> {
    if of == "Mutation" {
        return Some(COMMAND);
    }
    found(WEIGHTS, of, field)
}

/// How long the table says a list, or the page of a connection, is.
pub(in crate::graph) fn size_of(of: &str, field: &str) -> Option<Size> {
    found(LISTS, of, field)
}

fn found<T: Copy>(table: &[(&str, T, &str)], of: &str, field: &str) -> Option<T> {
    table.iter().find_map(|(known, value, fields)| {
        let named = || fields.split_ascii_whitespace().any(|name| name == field);
        (*known == of && named()).then_some(*value)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use apollo_compiler::Schema;
    use apollo_compiler::schema::ExtendedType;

    use super::*;

    fn fields() -> Vec<(String, String, bool, String)> {
        let sdl = crate::graph::sdl_of(&crate::graph::graph());
        let schema = Schema::parse(sdl, "schema.graphql").unwrap();
        let mut all = Vec::new();
        for (of, kind) in &schema.types {
            let fields = match kind {
                _ if kind.is_built_in() => continue,
                ExtendedType::Object(kind) => &kind.fields,
                ExtendedType::Interface(kind) => &kind.fields,
                _ => continue,
            };
            for (name, field) in fields {
                let inner = field.ty.inner_named_type().to_string();
                all.push((of.to_string(), name.to_string(), field.ty.is_list(), inner));
            }
        }
        all
    }

    #[test]
    fn every_list_has_a_size_and_nothing_else_has() {
        for (of, name, list, inner) in fields() {
            match size_of(&of, &name) {
                None => assert!(
                    !list && !inner.ends_with("Connection"),
                    "say how long {of}.{name} is"
                ),
                Some(Size::Page) => assert!(
                    inner.ends_with("Connection"),
                    "{of}.{name} is no connection"
                ),
                Some(Size::OfPage) => assert!(of.ends_with("Connection") && list, "{of}.{name}"),
                Some(Size::Given(..) | Size::About(_)) => assert!(list, "{of}.{name} is no list"),
            }
        }
    }

    #[test]
    fn the_table_names_fields_of_the_graph_once_and_every_count() {
        let known: BTreeSet<String> = fields()
            .iter()
            .map(|(of, name, ..)| format!("{of}.{name}"))
            .collect();
        let weights = WEIGHTS.iter().map(|(of, _, fields)| ("weight", of, fields));
        let lists = LISTS.iter().map(|(of, _, fields)| ("size", of, fields));
        let mut named = BTreeSet::new();
        for (what, of, fields) in weights.chain(lists) {
            for field in fields.split_ascii_whitespace() {
                let coordinate = format!("{of}.{field}");
                assert!(known.contains(&coordinate), "the graph has no {coordinate}");
                assert!(
                    named.insert((what, coordinate)),
                    "{of}.{field} stands twice"
                );
            }
        }
        for (of, name, _, _) in fields() {
            assert!(
                name != "totalCount" || weight_of(&of, &name).is_some(),
                "{of} counts for nothing"
            );
        }
    }
}
