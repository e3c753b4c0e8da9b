//! Products, and their stock.

use super::{CURRENCY, Column, POSITION, UPDATED_AT, View, flag, integer, money, text};

const SKU: Column = text("sku", "What: products.sku.");
const WAREHOUSE: Column = text("warehouse", "Code of the warehouse.");
const ON_HAND: Column = integer("on_hand", "Units there.");

pub(super) const PRODUCTS: View = View {
    name: "products",
    grain: "One row a SKU of the catalog. Imported orders may name SKUs that are not in it.",
    group: "core",
    key: &["sku"],
    from: "rm_products",
    columns: &[
        text("sku", "The code that the tenant gave it."),
        text("title", "What people call it."),
        text("category", "Free grouping; null if none was given."),
        text("tax_class", "Names the taxes that apply."),
        flag("tracked", "Whether stock is kept."),
        flag("discontinued", "Whether it cannot be ordered any more."),
        UPDATED_AT,
        POSITION,
    ],
};

pub(super) const INVENTORY_POSITIONS: View = View {
    name: "inventory_positions",
    grain: "One row a SKU and warehouse: stock now.",
    group: "core",
    key: &["sku", "warehouse"],
    from: "rm_inventory",
    columns: &[
        SKU,
        WAREHOUSE,
        ON_HAND,
        integer("reserved", "Units held for orders."),
        integer(
            "available",
            "Units that can be promised: on_hand less reserved.",
        )
        .from("on_hand - reserved"),
        UPDATED_AT,
        POSITION,
    ],
};

pub(super) const INVENTORY_VALUES: View = View {
    name: "inventory_values",
    grain: "One row a SKU and warehouse: what the stock there cost, in the base currency of the tenant.",
    group: "core",
    key: &["sku", "warehouse"],
    from: "rm_inventory",
    columns: &[
        SKU,
        WAREHOUSE,
        ON_HAND,
        CURRENCY,
        money("value", "What the units cost."),
        UPDATED_AT,
        POSITION,
    ],
};
