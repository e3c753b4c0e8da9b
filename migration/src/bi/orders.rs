//! Orders, their lines, payments and shipments, and what each cost the tenant.

use super::{
    CURRENCY, Column, POSITION, UPDATED_AT, View, day, flag, id, instant, integer, money, text,
};

const ORDER_ID: Column = id("order_id", "The order: orders.order_id.");
const CHANNEL: Column = text("channel", "Code of the channel where it was sold.");
const CUSTOMER_ID: Column = id(
    "customer_id",
    "Who ordered, if known: customers.customer_id.",
);
const PLACED_AT: Column = instant("placed_at", "When the customer ordered, UTC.");
const PLACED_ON: Column = day(
    "placed_on",
    "The day of placed_at in the time zone of the tenant.",
);
const PROVIDER: Column = text("provider", "Who moves the money.");
const WAREHOUSE: Column = text(
    "warehouse",
    "Where the goods came from; null if the channel shipped them.",
);
const CARRIER: Column = text("carrier", "Who carries the goods, if known.");
const DISPATCHED_AT: Column = instant("dispatched_at", "When the goods left, UTC.");
const DISPATCHED_ON: Column = day(
    "dispatched_on",
    "The day of dispatched_at in the time zone of the tenant.",
);
const CAPTURED: Column = money("captured", "What moved to the tenant.");
const CAPTURED_AT: Column = instant(
    "captured_at",
    "When money last moved to the tenant, UTC; null before.",
);
const CAPTURED_ON: Column = day(
    "captured_on",
    "The day of captured_at in the time zone of the tenant.",
);

pub(super) const ORDERS: View = View {
    name: "orders",
    grain: "One row an order, as it stands now. Amounts are as placed; canceled is what was given up since.",
    group: "bi",
    key: &["order_id"],
    from: "rm_bi_orders",
    columns: &[
        id("order_id", "The order."),
        CHANNEL,
        text(
            "external_id",
            "The id of the order in its channel, if it came from one.",
        ),
        CUSTOMER_ID,
        id(
            "subscription_id",
            "The subscription whose cycle made it: subscriptions.subscription_id.",
        ),
        CURRENCY,
        text("status", "placed, on_hold, completed or canceled."),
        PLACED_AT,
        PLACED_ON,
        integer("line_count", "Lines."),
        integer("quantity", "Units ordered."),
        integer("canceled_quantity", "Units given up."),
        integer("shipped_quantity", "Units shipped."),
        flag("held", "Whether the order must not be shipped for now."),
        money("gross", "Lines as placed, before discounts, tax excluded."),
        money("discount", "Discounts on the lines as placed."),
        money("net", "Lines as placed, after discounts, tax excluded."),
        money("shipping", "Shipping as placed, tax excluded."),
        money("tax", "Tax as placed, on lines and shipping."),
        money(
            "total",
            "What the customer was to pay when the order was placed.",
        ),
        money("canceled", "What was given up of the total since."),
        CAPTURED,
        money("refunded", "What moved back to the customer."),
        UPDATED_AT,
        POSITION,
    ],
};

pub(super) const ORDER_LINES: View = View {
    name: "order_lines",
    grain: "One row an order line, as it stands now. Amounts are as placed; canceled amounts were given up since.",
    group: "bi",
    key: &["order_id", "line"],
    from: "rm_bi_order_lines",
    columns: &[
        ORDER_ID,
        integer("line", "The number of the line in its order, from 1."),
        text("sku", "What was ordered: products.sku."),
        CHANNEL,
        CUSTOMER_ID,
        CURRENCY,
        PLACED_AT,
        PLACED_ON,
        integer(
            "quantity",
            "Units ordered; 0 is money that moved without goods.",
        ),
        integer("canceled_quantity", "Units given up."),
        integer("shipped_quantity", "Units shipped."),
        money("unit_price", "For one unit, tax excluded, if known."),
        money("gross", "As placed, before discounts, tax excluded."),
        money("discount", "Discounts as placed."),
        money("net", "As placed, after discounts, tax excluded."),
        money("tax", "As placed, on the net amount."),
        money("canceled_net", "What was given up of the net amount."),
        money("canceled_tax", "What was given up of the tax."),
        UPDATED_AT,
        POSITION,
    ],
};

pub(super) const ORDER_COSTS: View = View {
    name: "order_costs",
    grain: "One row an order: what providers took of its payments. The margin of its lines is in line_margins.",
    group: "bi",
    key: &["order_id"],
    from: "rm_bi_orders",
    columns: &[
        ORDER_ID,
        CHANNEL,
        CURRENCY,
        PLACED_AT,
        PLACED_ON,
        CAPTURED,
        money("fee", "What providers took."),
        UPDATED_AT,
        POSITION,
    ],
};

pub(super) const PAYMENTS: View = View {
    name: "payments",
    grain: "One row a payment: an authorization and what followed from it.",
    group: "bi",
    key: &["payment_id"],
    from: "rm_bi_payments",
    columns: &[
        id("payment_id", "The payment."),
        ORDER_ID,
        PROVIDER,
        text(
            "provider_ref",
            "The id of the payment at its provider, if known.",
        ),
        CURRENCY,
        money("authorized", "What the provider held at first."),
        CAPTURED,
        money("refunded", "What moved back to the customer."),
        text(
            "unknown_attempt",
            "capture or refund: a call to the provider whose outcome is not known; null if there is none.",
        ),
        flag(
            "closed",
            "Whether the rest of the authorization was given up or ran out.",
        ),
        CAPTURED_AT,
        CAPTURED_ON,
        instant(
            "refunded_at",
            "When money last moved back, UTC; null before.",
        ),
        day(
            "refunded_on",
            "The day of refunded_at in the time zone of the tenant.",
        ),
        instant("created_at", "When the payment was first heard of, UTC."),
        day(
            "created_on",
            "The day of created_at in the time zone of the tenant.",
        ),
        UPDATED_AT,
        POSITION,
    ],
};

pub(super) const PAYMENT_COSTS: View = View {
    name: "payment_costs",
    grain: "One row a payment: what its provider took.",
    group: "bi",
    key: &["payment_id"],
    from: "rm_bi_payments",
    columns: &[
        id("payment_id", "The payment: payments.payment_id."),
        ORDER_ID,
        PROVIDER,
        CURRENCY,
        CAPTURED_AT,
        CAPTURED_ON,
        CAPTURED,
        money("fee", "What the provider took."),
        flag(
            "fee_estimated",
            "Whether the fee schedule says so, and not yet the provider.",
        ),
        UPDATED_AT,
        POSITION,
    ],
};

pub(super) const SHIPMENTS: View = View {
    name: "shipments",
    grain: "One row a shipment.",
    group: "bi",
    key: &["shipment_id"],
    from: "rm_bi_shipments",
    columns: &[
        id("shipment_id", "The shipment."),
        ORDER_ID,
        WAREHOUSE,
        CARRIER,
        text("tracking", "The tracking number of the carrier, if known."),
        integer("line_count", "Order lines with units in the shipment."),
        integer("quantity", "Units."),
        DISPATCHED_AT,
        DISPATCHED_ON,
        instant("delivered_at", "When the goods arrived, UTC; null before."),
        day(
            "delivered_on",
            "The day of delivered_at in the time zone of the tenant.",
        ),
        UPDATED_AT,
        POSITION,
    ],
};

pub(super) const SHIPMENT_COSTS: View = View {
    name: "shipment_costs",
    grain: "One row a shipment: what its label cost, in the currency of the order.",
    group: "bi",
    key: &["shipment_id"],
    from: "(SELECT shipment.tenant_id, shipment.shipment_id, shipment.order_id, shipment.warehouse, shipment.carrier, shipment.dispatched_at, shipment.dispatched_on, shipment.label_cost_minor, shipment.updated_at, shipment.position, placed.currency FROM rm_bi_shipments shipment LEFT JOIN rm_bi_orders placed ON placed.tenant_id = shipment.tenant_id AND placed.order_id = shipment.order_id) shipment",
    columns: &[
        id("shipment_id", "The shipment: shipments.shipment_id."),
        ORDER_ID,
        WAREHOUSE,
        CARRIER,
        DISPATCHED_AT,
        DISPATCHED_ON,
        CURRENCY,
        money("label_cost", "What the label cost; null if not known."),
        UPDATED_AT,
        POSITION,
    ],
};
