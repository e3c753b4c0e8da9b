//! Read model: stock of a SKU in a warehouse.

use std::collections::HashSet;
use std::fmt;

use entrepot_domain::envelope::Recorded;
use entrepot_domain::event::Event;
use entrepot_domain::inventory::InventoryEvent;
use entrepot_domain::kernel::{Sku, TenantId, Warehouse};
use entrepot_entity::inventory;
use entrepot_event_store::db::{DbError, View};
use serde::{Deserialize, Serialize};

use crate::load;
use crate::model::{Fold, FoldError, TenantFacts};
use crate::writes::Writes;

/// The read model `inventory`.
#[derive(Clone, Copy, Debug)]
pub struct Inventory;

/// A SKU in a warehouse. Its text is `sku@warehouse`, with `\` before each `@` or `\` of a name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct StockKey {
    /// What.
    pub sku: Sku,
    /// Where.
    pub warehouse: Warehouse,
}

impl fmt::Display for StockKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let escaped = |name: &str| name.replace('\\', "\\\\").replace('@', "\\@");
        let (sku, warehouse) = (self.sku.as_str(), self.warehouse.as_str());
        write!(f, "{}@{}", escaped(sku), escaped(warehouse))
    }
}

/// A position: `0 <= reserved <= on_hand`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stock {
    /// Units there.
    pub on_hand: i64,
    /// Units held for somebody.
    pub reserved: i64,
    /// What the units cost, in the tenant's base currency.
    pub value_minor: i64,
    /// The last event, 0 before any.
    pub position: i64,
    /// When it was recorded, in microseconds since 1970.
    pub updated_at: i64,
}

impl Fold for Inventory {
    const NAME: &'static str = "inventory";
    type Key = StockKey;
    type Doc = Stock;

    fn tables() -> &'static [&'static str] {
        &["rm_inventory"]
    }

    fn keys(event: &Event) -> Vec<StockKey> {
        let Event::Inventory(event) = event else {
            return Vec::new();
        };
        let (sku, warehouse) = match event {
            InventoryEvent::Received(event) => (&event.sku, &event.warehouse),
            InventoryEvent::Reserved(event) => (&event.sku, &event.warehouse),
            InventoryEvent::ReservationReleased(event) => (&event.sku, &event.warehouse),
            InventoryEvent::Issued(event) => (&event.sku, &event.warehouse),
            InventoryEvent::Adjusted(event) => (&event.sku, &event.warehouse),
            InventoryEvent::TransferDispatched(event) => (&event.sku, &event.warehouse),
            InventoryEvent::TransferReceived(event) => (&event.sku, &event.warehouse),
        };
        vec![StockKey {
            sku: sku.clone(),
            warehouse: warehouse.clone(),
        }]
    }

    async fn load(
        view: View<'_>,
        tenant: TenantId,
        keys: &[StockKey],
    ) -> Result<Vec<(StockKey, Stock)>, DbError> {
        let skus = keys.iter().map(|key| key.sku.as_str().to_owned());
        let rows = load::rows::<inventory::Entity, _>(view, tenant, inventory::Column::Sku, skus);
        let loaded = rows.await?.into_iter().map(|row| {
            let stock = Stock {
                on_hand: row.on_hand,
                reserved: row.reserved,
                value_minor: row.value_minor,
                position: row.position,
                updated_at: row.updated_at,
            };
            let key = StockKey {
                sku: Sku(row.sku),
                warehouse: Warehouse(row.warehouse),
            };
            (key, stock)
        });
        let wanted: HashSet<&StockKey> = keys.iter().collect();
        Ok(loaded.filter(|(key, _)| wanted.contains(key)).collect())
    }

    fn apply(
        doc: &mut Stock,
        _: &StockKey,
        event: &Recorded,
        _: &TenantFacts,
    ) -> Result<(), FoldError> {
        let Event::Inventory(fact) = &event.event else {
            return Ok(());
        };
        let (on_hand, reserved, value_minor) = change(fact);
        doc.on_hand += on_hand;
        doc.reserved += reserved;
        doc.value_minor += value_minor;
        doc.position = event.position;
        doc.updated_at = event.recorded_at.micros();
        Ok(())
    }

    fn write(facts: &TenantFacts, key: &StockKey, _: &Stock, after: &Stock, out: &mut Writes) {
        out.put(&inventory::Model {
            tenant_id: facts.tenant.0,
            sku: key.sku.as_str().to_owned(),
            warehouse: key.warehouse.as_str().to_owned(),
            on_hand: after.on_hand,
            reserved: after.reserved,
            value_minor: after.value_minor,
            currency: facts.base_currency.to_string(),
            updated_at: after.updated_at,
            position: after.position,
        });
    }
}

/// What a fact adds to units there, units held and value.
fn change(fact: &InventoryEvent) -> (i64, i64, i64) {
    match fact {
        InventoryEvent::Received(received) => (received.quantity, 0, received.value_minor),
        InventoryEvent::Reserved(reserved) => (0, reserved.quantity, 0),
        InventoryEvent::ReservationReleased(released) => (0, -released.quantity, 0),
        InventoryEvent::Issued(issued) => {
            let held = issued.reservation_id.map_or(0, |_| issued.quantity);
            (-issued.quantity, -held, -issued.value_minor)
        }
        InventoryEvent::Adjusted(adjusted) => {
            (adjusted.quantity_delta, 0, adjusted.value_delta_minor)
        }
        InventoryEvent::TransferDispatched(out) => (-out.quantity, 0, -out.value_minor),
        InventoryEvent::TransferReceived(received) => (received.quantity, 0, received.value_minor),
    }
}

#[cfg(test)]
mod tests {
    use entrepot_domain::inventory::Position;
    use entrepot_domain::state::Aggregate as _;

    use super::*;
    use crate::testing::{fold, rows_do_not_depend_on_batches, story};

    #[test]
    fn the_text_of_a_key_is_unambiguous() {
        let text = |sku: &str, warehouse: &str| {
            let (sku, warehouse) = (sku.into(), warehouse.into());
            StockKey { sku, warehouse }.to_string()
        };
        assert_eq!(text("A", "east"), "A@east");
        let texts = [
            text("a@b", "c"),
            text("a", "b@c"),
            text("a\\", "b"),
            text("a\\@b", ""),
        ];
        for (index, text) in texts.iter().enumerate() {
            assert!(!texts[..index].contains(text), "{text}");
        }
    }

    #[test]
    fn the_rows_say_what_decisions_knew() {
        let log = story();
        for (key, stock) in fold::<Inventory>(&log).expect("folds") {
            let mut known = Position::default();
            let about = log
                .iter()
                .filter(|event| Inventory::keys(&event.event) == [key.clone()]);
            about.for_each(|event| known.evolve(&event.event));
            let told = (stock.on_hand, stock.reserved, stock.value_minor);
            assert_eq!(
                told,
                (known.on_hand, known.reserved, known.value_minor),
                "{key}"
            );
        }
    }

    #[tokio::test]
    async fn stock_does_not_depend_on_batches() {
        let tables = rows_do_not_depend_on_batches::<Inventory>(&story()).await;
        assert_eq!(tables["rm_inventory"].len(), 4);
    }
}
