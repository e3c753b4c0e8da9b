//! What each column of the views for BI belongs to: the one table from which the rights of logins
//! and exports are cut. A column that does not stand here is nobody's, and a test fails.

use entrepot_migration::bi::View;

use super::{Area, allows};
use crate::auth::{Role, Roles};
use Area::{
    Catalog, Customers, Fees, Margins, Orders, RecurringRevenue, Shared, Stock, StockCost,
    Subscriptions,
};

/// A view, the area of some of its columns, and those columns.
pub const COLUMNS: &[(&str, Area, &str)] = &[
    (
        "orders",
        Orders,
        "tenant_id order_id channel external_id subscription_id currency status placed_at \
         placed_on line_count quantity canceled_quantity shipped_quantity held gross_minor gross \
         discount_minor discount net_minor net shipping_minor shipping tax_minor tax total_minor \
         total canceled_minor canceled captured_minor captured refunded_minor refunded updated_at \
         position",
    ),
    ("orders", Customers, "customer_id"),
    (
        "order_lines",
        Orders,
        "tenant_id order_id line sku channel currency placed_at placed_on quantity \
         canceled_quantity shipped_quantity unit_price_minor unit_price gross_minor gross \
         discount_minor discount net_minor net tax_minor tax canceled_net_minor canceled_net \
         canceled_tax_minor canceled_tax updated_at position",
    ),
    ("order_lines", Customers, "customer_id"),
    (
        "order_costs",
        Fees,
        "tenant_id order_id channel currency placed_at placed_on captured_minor captured \
         fee_minor fee updated_at position",
    ),
    (
        "payments",
        Orders,
        "tenant_id payment_id order_id provider provider_ref currency authorized_minor authorized \
         captured_minor captured refunded_minor refunded unknown_attempt closed captured_at \
         captured_on refunded_at refunded_on created_at created_on updated_at position",
    ),
    (
        "payment_costs",
        Fees,
        "tenant_id payment_id order_id provider currency captured_at captured_on captured_minor \
         captured fee_minor fee fee_estimated updated_at position",
    ),
    (
        "shipments",
        Orders,
        "tenant_id shipment_id order_id warehouse carrier tracking line_count quantity \
         dispatched_at dispatched_on delivered_at delivered_on updated_at position",
    ),
    (
        "shipment_costs",
        Fees,
        "tenant_id shipment_id order_id warehouse carrier dispatched_at dispatched_on currency \
         label_cost_minor label_cost updated_at position",
    ),
    (
        "products",
        Catalog,
        "tenant_id sku title category tax_class tracked discontinued updated_at position",
    ),
    (
        "inventory_positions",
        Stock,
        "tenant_id sku warehouse on_hand reserved available updated_at position",
    ),
    (
        "inventory_values",
        StockCost,
        "tenant_id sku warehouse on_hand currency value_minor value updated_at position",
    ),
    (
        "line_margins",
        Margins,
        "tenant_id order_id line sku channel customer_id currency booked_on shipped_on \
         recognized_on quantity shipped_quantity gross_minor gross discount_minor discount \
         net_minor net issued_minor issued cogs_known_quantity cogs_minor cogs shipping_minor \
         shipping fee_minor fee shipping_cost_minor shipping_cost gross_margin_minor gross_margin \
         contribution_minor contribution updated_at position",
    ),
    (
        "daily_margins",
        Margins,
        "tenant_id day channel sku currency line_count quantity net_minor net cogs_minor cogs \
         shipping_minor shipping fee_minor fee shipping_cost_minor shipping_cost known_net_minor \
         known_net gross_margin_minor gross_margin contribution_minor contribution \
         unknown_cost_lines",
    ),
    (
        "customers",
        Customers,
        "tenant_id customer_id external_system external_id status registered_at registered_on \
         updated_at position",
    ),
    (
        "subscriptions",
        Subscriptions,
        "tenant_id subscription_id status channel currency next_cycle next_on created_at \
         created_on updated_at position",
    ),
    ("subscriptions", Customers, "customer_id"),
    (
        "recurring_revenue",
        RecurringRevenue,
        "tenant_id subscription_id status customer_id channel currency mrr_micros mrr updated_at \
         position",
    ),
    (
        "mrr_movements",
        RecurringRevenue,
        "tenant_id subscription_id position kind currency amount_micros amount moved_at moved_on",
    ),
    (
        "freshness",
        Shared,
        "tenant_id view_name position head_position lag_events lag_seconds complete_until \
         updated_at",
    ),
];

/// The area of a column. What the table does not name is nobody's.
pub fn area_of_column(view: &str, column: &str) -> Option<Area> {
    COLUMNS.iter().find_map(|(known, area, columns)| {
        let named = || columns.split_ascii_whitespace().any(|name| name == column);
        (*known == view && named()).then_some(*area)
    })
}

/// Whether a role sees a view: all of it, or nothing.
pub fn sees_view(role: Role, view: &View) -> bool {
    let roles: Roles = [role].into_iter().collect();
    view.fields()
        .iter()
        .all(|field| area_of_column(view.name, &field.name).is_some_and(|area| allows(roles, area)))
}

#[cfg(test)]
mod tests {
    use entrepot_migration::bi::{VIEWS, view};

    use super::*;

    #[test]
    fn every_column_of_every_view_stands_in_the_table_once() {
        let mut known: Vec<String> = VIEWS
            .iter()
            .flat_map(|view| {
                let fields = view.fields().into_iter();
                fields.map(|field| format!("{}.{}", view.name, field.name))
            })
            .collect();
        let mut named: Vec<String> = COLUMNS
            .iter()
            .flat_map(|(view, _, columns)| {
                let columns = columns.split_ascii_whitespace();
                columns.map(move |column| format!("{view}.{column}"))
            })
            .collect();
        known.sort();
        named.sort();
        assert_eq!(known, named);
    }

    /// The reader's rights reach every column behind a view, or the view does not open.
    #[test]
    fn a_login_sees_a_view_whole_or_not_at_all() {
        for role in crate::bi::LOGIN_ROLES {
            let roles: Roles = [role].into_iter().collect();
            for view in VIEWS {
                let open = view
                    .fields()
                    .iter()
                    .filter(|field| {
                        area_of_column(view.name, &field.name)
                            .is_some_and(|area| allows(roles, area))
                    })
                    .count();
                assert!(
                    open == 0 || sees_view(role, view),
                    "{role} sees {open} columns of {}",
                    view.name
                );
            }
        }
    }

    #[test]
    fn support_sees_no_cost_and_what_is_unknown_is_closed() {
        let sees = |role, name| view(name).is_some_and(|view| sees_view(role, view));
        for costs in [
            "order_costs",
            "payment_costs",
            "shipment_costs",
            "inventory_values",
            "line_margins",
            "daily_margins",
            "recurring_revenue",
            "mrr_movements",
        ] {
            assert!(
                sees(Role::Finance, costs)
                    && !sees(Role::Support, costs)
                    && !sees(Role::Commerce, costs),
                "{costs}"
            );
        }
        assert!(sees(Role::Support, "orders") && sees(Role::Support, "customers"));
        assert_eq!(area_of_column("orders", "doc"), None);
    }
}
