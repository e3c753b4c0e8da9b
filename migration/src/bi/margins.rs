//! Margins: per order line, and per day.

use super::{CURRENCY, Column, POSITION, UPDATED_AT, View, day, id, integer, money, text};

const CHANNEL: Column = text("channel", "Code of the channel where it was sold.");
const SKU: Column = text("sku", "What was sold: products.sku.");
const QUANTITY: Column = integer("quantity", "Units ordered and not given up.");
const NET: Column = money(
    "net",
    "After discounts, less what was given up, tax excluded.",
);

pub(super) const LINE_MARGINS: View = View {
    name: "line_margins",
    grain: "One row an order line. Cost, margin and contribution are null as long as the cost is unknown.",
    group: "core",
    key: &["order_id", "line"],
    from: "rm_margins",
    columns: &[
        id("order_id", "The order: orders.order_id."),
        integer(
            "line",
            "The number of the line in its order: order_lines.line.",
        ),
        SKU,
        CHANNEL,
        id(
            "customer_id",
            "Who ordered, if known: customers.customer_id.",
        ),
        CURRENCY,
        day(
            "booked_on",
            "The day on which the order was placed, in the time zone of the tenant.",
        ),
        day(
            "shipped_on",
            "The day of the last dispatch of the line; null before.",
        ),
        day(
            "recognized_on",
            "The same, once nothing of the line is open any more; null before.",
        ),
        QUANTITY,
        integer("shipped_quantity", "Units shipped."),
        money("gross", "As placed, before discounts, tax excluded."),
        money("discount", "Discounts as placed."),
        NET,
        money(
            "issued",
            "The cost of the units whose cost is known, however many.",
        ),
        integer(
            "cogs_known_quantity",
            "The units whose cost is known: they were issued from stock.",
        ),
        money(
            "cogs",
            "Cost of goods sold; null until the cost of all units is known.",
        ),
        money("shipping", "Share of the shipping charged to the customer."),
        money("fee", "Share of the payment fees."),
        money("shipping_cost", "Share of the cost of labels."),
        money(
            "gross_margin",
            "net less cogs; null if the cost is unknown.",
        ),
        money(
            "contribution",
            "gross_margin plus shipping, less fee and shipping_cost; null if the cost is unknown.",
        ),
        UPDATED_AT,
        POSITION,
    ],
};

pub(super) const DAILY_MARGINS: View = View {
    name: "daily_margins",
    grain: "One row a day on which orders were placed, channel, SKU and currency: sums of line_margins.",
    group: "core",
    key: &["day", "channel", "sku", "currency"],
    from: "rm_margin_days",
    columns: &[
        day(
            "day",
            "The day on which the orders were placed, in the time zone of the tenant.",
        ),
        CHANNEL,
        SKU,
        CURRENCY,
        integer("line_count", "Order lines, also those given up."),
        QUANTITY,
        NET,
        money(
            "cogs",
            "Cost of goods sold, of the lines whose cost is known.",
        ),
        money("shipping", "Shipping charged to customers."),
        money("fee", "Payment fees."),
        money("shipping_cost", "Labels."),
        money(
            "known_net",
            "net of the lines whose cost is known: what a margin is a part of.",
        ),
        money("gross_margin", "known_net less cogs."),
        money(
            "contribution",
            "gross_margin plus shipping, less fee and shipping_cost, of the lines whose cost is known.",
        ),
        integer(
            "unknown_cost_lines",
            "Lines with a sale and no known cost: their margin is in no sum.",
        ),
    ],
};
