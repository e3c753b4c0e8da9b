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

/// Rows of all tenants, of a table in which the server looks for its own work: what a tenant's row
/// says there goes to nobody but that tenant.
#[expect(
    clippy::disallowed_methods,
    reason = "work is looked for among all tenants"
)]
pub fn across_tenants<E: AcrossTenants>() -> Select<E> {
    E::find()
}

/// An entity that is read across tenants, to find work: who there is, who is behind, what is due.
pub trait AcrossTenants: EntityTrait {}

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

impl AcrossTenants for crate::tenant::Entity {}
impl AcrossTenants for crate::tenant_head::Entity {}
impl AcrossTenants for crate::checkpoint::Entity {}
impl AcrossTenants for crate::lease::Entity {}
impl AcrossTenants for crate::timer::Entity {}
