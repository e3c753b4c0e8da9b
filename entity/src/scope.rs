//! The only ways to start a query of tenant data.

use sea_orm::{ColumnTrait as _, EntityTrait, QueryFilter as _, Select};

/// An entity whose first key column is the tenant.
pub trait TenantScoped: EntityTrait {
    /// The tenant column.
    const TENANT: Self::Column;
}

/// The rows of one tenant.
#[expect(
    clippy::disallowed_methods,
    reason = "the one door: it adds the tenant at once"
)]
pub fn of<E: TenantScoped>(tenant_id: i64) -> Select<E> {
    E::find().filter(E::TENANT.eq(tenant_id))
}

/// Rows of a catalogue table, which holds no business data.
#[expect(
    clippy::disallowed_methods,
    reason = "catalogue tables have no tenant to be scoped by"
)]
pub fn catalogue<E: Catalogue>() -> Select<E> {
    E::find()
}

/// An entity that is read across tenants: finding work, not reading business.
pub trait Catalogue: EntityTrait {}

macro_rules! scoped {
    ($($module:ident),* $(,)?) => {
        $(impl TenantScoped for crate::$module::Entity {
            const TENANT: Self::Column = crate::$module::Column::TenantId;
        })*
    };
}

scoped!(event, command, snapshot, parked, subject_key, personal);
scoped!(
    orders,
    order_docs,
    order_keys,
    order_days,
    inventory,
    margins,
    margin_days,
    subscriptions,
    mrr_movements,
    customers,
    products
);
scoped!(bi_orders, bi_order_lines, bi_payments, bi_shipments);

impl Catalogue for crate::tenant::Entity {}
impl Catalogue for crate::tenant_head::Entity {}
impl Catalogue for crate::checkpoint::Entity {}
impl Catalogue for crate::lease::Entity {}
impl Catalogue for crate::timer::Entity {}
