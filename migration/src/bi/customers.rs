//! Customers, without personal data.

use super::{POSITION, UPDATED_AT, View, day, id, instant, text};

pub(super) const CUSTOMERS: View = View {
    name: "customers",
    grain: "One row a customer, without personal data: no name, address, e-mail or phone.",
    group: "core",
    key: &["customer_id"],
    from: "rm_customers",
    columns: &[
        id("customer_id", "The customer."),
        text(
            "external_system",
            "The system that the customer came from, if any.",
        ),
        text("external_id", "The id of the customer there."),
        text(
            "status",
            "active, or erased: the personal data was destroyed.",
        ),
        instant("registered_at", "When the customer was registered, UTC."),
        day(
            "registered_on",
            "The day of registered_at in the time zone of the tenant.",
        ),
        UPDATED_AT,
        POSITION,
    ],
};
