//! What is known of a file beside its rows: whose, of what, as of when.

use std::fmt;

use entrepot_domain::kernel::TenantId;
use entrepot_entity::{checkpoint, scope};
use entrepot_event_store::db::{DbError, Tx};
use jiff::Timestamp;
use sea_orm::{ColumnTrait as _, QueryFilter as _};
use serde_json::{Map, json};

use super::view::{Column, View};

/// Where the two groups of read models stood in the state that was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Positions {
    pub(crate) core: i64,
    pub(crate) bi: i64,
    /// How often rows were rebuilt: the same position may show other rows after a rebuild.
    pub(crate) rebuilt: i64,
}

impl Positions {
    /// The positions in the state that a transaction sees.
    pub(crate) async fn read(tx: &Tx, tenant: TenantId) -> Result<Self, DbError> {
        let rows = scope::across_tenants::<checkpoint::Entity>()
            .filter(checkpoint::Column::TenantId.eq(tenant.0))
            .all(tx)
            .await?;
        let mut positions = Self::default();
        for row in rows {
            positions.rebuilt += row.rebuilt;
            match row.grp.as_str() {
                "core" => positions.core = row.position,
                "bi" => positions.bi = row.position,
                _ => {}
            }
        }
        Ok(positions)
    }

    /// The position that a group's rows stand at.
    pub(crate) fn of(self, group: &str) -> i64 {
        if group == "bi" { self.bi } else { self.core }
    }
}

impl fmt::Display for Positions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "core at {}, bi at {}", self.core, self.bi)
    }
}

/// What a file says of itself.
#[derive(Clone, Debug)]
pub(crate) struct About {
    pub(crate) tenant: String,
    pub(crate) view: &'static View,
    pub(crate) positions: Positions,
    pub(crate) generated_at: Timestamp,
}

impl About {
    /// Keys and values for the metadata of a file of these columns.
    pub(crate) fn entries(&self, columns: &[Column]) -> Vec<(String, String)> {
        let described = columns
            .iter()
            .map(|column| (column.name().to_owned(), json!(column.field.comment)));
        let described = json!(described.collect::<Map<_, _>>());
        let Positions { core, bi, .. } = self.positions;
        [
            ("tenant", self.tenant.clone()),
            ("view", self.view.name.to_owned()),
            ("grain", self.view.grain.to_owned()),
            ("columns", described.to_string()),
            ("position", self.positions.of(self.view.group).to_string()),
            ("position_core", core.to_string()),
            ("position_bi", bi.to_string()),
            ("generated_at", self.generated_at.to_string()),
        ]
        .map(|(key, value)| (format!("entrepot.{key}"), value))
        .into()
    }
}
