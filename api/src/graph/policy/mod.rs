//! Who may do what, in four tables: the roles of each area ([`POLICY`]), the area of each field
//! ([`FIELDS`]), the rows that callers bound to channels see of each table ([`rows`]), and the area
//! of each column of the views for BI ([`COLUMNS`]).
//!
//! Contracts are cut from the first two, and each field is checked against them once more when it
//! runs (`engine.rs`); every query of read models, and with it every count, sum and live update,
//! starts from the third. Beside these tables, only [`access`](crate::access) names a role (operators, whom
//! a suspension leaves in) and `bi` those that get logins.

mod audience;
mod columns;
mod fields;
pub mod rows;
#[cfg(test)]
mod second_line;

pub use audience::{Audience, area_of, follows_from_rows};
pub use columns::{COLUMNS, area_of_column, sees_view};
pub use fields::FIELDS;
pub(super) use rows::{all_rows, visible};

use crate::auth::{Role, Roles};
use Role::{Commerce, Finance, Operator, Partner, Support};

/// A group of fields that roles see or may command together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Area {
    /// What means nothing by itself: money, pages, the answers of commands.
    Shared,
    /// Orders with their lines, payments and shipments.
    Orders,
    /// What the tenant pays to sell: payment fees, label costs.
    Fees,
    /// Customers, without personal data.
    Customers,
    /// Names, e-mail and addresses.
    PersonalData,
    /// SKUs and prices.
    Catalog,
    /// Quantities of stock.
    Stock,
    /// What stock cost.
    StockCost,
    /// Margins.
    Margins,
    /// Subscriptions.
    Subscriptions,
    /// Recurring revenue.
    RecurringRevenue,
    /// The tenant and its configuration.
    Tenant,
    /// Placing, holding and canceling orders.
    ManageOrders,
    /// Moving money.
    ManagePayments,
    /// Refunding money.
    Refund,
    /// Shipping goods.
    ManageShipments,
    /// Moving and valuing stock.
    ManageStock,
    /// Changing the catalog.
    ManageCatalog,
    /// Registering and updating customers.
    ManageCustomers,
    /// Destroying a customer's personal data.
    EraseCustomer,
    /// Changing subscriptions.
    ManageSubscriptions,
    /// Creating, suspending, releasing and configuring tenants; taking access away.
    ManageTenant,
    /// What only the routers of a federation ask. No role opens it: their credential does.
    Federation,
}

/// The table: the roles that each area is open to.
pub const POLICY: &[(Area, &[Role])] = &[
    (
        Area::Shared,
        &[Commerce, Finance, Support, Partner, Operator],
    ),
    (
        Area::Orders,
        &[Commerce, Finance, Support, Partner, Operator],
    ),
    (Area::Fees, &[Finance, Operator]),
    (Area::Customers, &[Commerce, Finance, Support, Operator]),
    (Area::PersonalData, &[Commerce, Support]),
    (
        Area::Catalog,
        &[Commerce, Finance, Support, Partner, Operator],
    ),
    (Area::Stock, &[Commerce, Finance, Support, Operator]),
    (Area::StockCost, &[Finance, Operator]),
    (Area::Margins, &[Finance, Operator]),
    (Area::Subscriptions, &[Commerce, Finance, Support, Operator]),
    (Area::RecurringRevenue, &[Finance, Operator]),
    (
        Area::Tenant,
        &[Commerce, Finance, Support, Partner, Operator],
    ),
    (Area::ManageOrders, &[Commerce, Support, Operator]),
    (Area::ManagePayments, &[Commerce, Finance, Operator]),
    (Area::Refund, &[Finance, Support, Operator]),
    (Area::ManageShipments, &[Commerce, Operator]),
    (Area::ManageStock, &[Commerce, Operator]),
    (Area::ManageCatalog, &[Commerce, Operator]),
    (Area::ManageCustomers, &[Commerce, Support, Operator]),
    (Area::EraseCustomer, &[Support, Operator]),
    (Area::ManageSubscriptions, &[Commerce, Support, Operator]),
    (Area::ManageTenant, &[Operator]),
    (Area::Federation, &[]),
];

/// Whether any of the roles opens the area. What the table does not name is closed.
pub fn allows(roles: Roles, area: Area) -> bool {
    POLICY
        .iter()
        .any(|(known, open_to)| *known == area && open_to.iter().any(|role| roles.contains(*role)))
}

/// The channels that a caller is bound to: a partner, and nothing but a partner, to those in its
/// token. `None` for everybody else.
pub fn channels_of(roles: Roles, channels: &[String]) -> Option<&[String]> {
    let only_partner = [Commerce, Finance, Support, Operator]
        .iter()
        .all(|role| !roles.contains(*role));
    only_partner.then_some(channels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_area_stands_in_the_table_once() {
        for (area, _) in POLICY {
            assert_eq!(
                POLICY.iter().filter(|(known, _)| known == area).count(),
                1,
                "{area:?}"
            );
        }
    }

    #[test]
    fn support_sees_no_cost_and_a_partner_only_its_channels() {
        let support: Roles = [Support].into_iter().collect();
        assert!(!allows(support, Area::StockCost) && !allows(support, Area::Margins));
        let channels = ["web".to_owned()];
        assert_eq!(
            channels_of([Partner].into_iter().collect(), &channels),
            Some(&channels[..])
        );
        assert_eq!(
            channels_of([Partner, Finance].into_iter().collect(), &channels),
            None
        );
    }
}
