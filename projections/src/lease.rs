//! Which node projects which tenants: 64 slots, each leased by a row in the database. A lease lost
//! is found out by its epoch, which every write of rows carries.

use std::collections::BTreeMap;
use std::time::Duration;

use entrepot_domain::kernel::TenantId;
use entrepot_entity::lease;
use entrepot_event_store::db::{Db, DbError, Merge, Purpose, Rows, Tx};
use entrepot_event_store::{StoreError, clock};
use sea_orm::FromQueryResult as _;
use uuid::Uuid;

/// Slots that tenants are spread over.
pub const SLOTS: i32 = 64;
/// How long a node that fell silent keeps its slots.
const LEASE: Duration = Duration::from_secs(15);
/// How often a node renews.
pub const RENEW: Duration = Duration::from_secs(5);

/// The slot of a tenant.
pub fn slot(tenant: TenantId) -> i32 {
    i32::try_from(tenant.0.rem_euclid(i64::from(SLOTS))).unwrap_or(0)
}

/// The slots that a node holds, with their epochs.
pub type Held = BTreeMap<i32, i64>;

/// One node's claim on the slots of a group.
#[derive(Debug)]
pub struct Leases {
    group: &'static str,
    owner: Uuid,
}

impl Leases {
    /// The leases of a group for a node that just started.
    pub fn new(group: &'static str) -> Self {
        Self {
            group,
            owner: clock::fresh_id(),
        }
    }

    /// Renews what the node holds, takes its fair share of what is free, gives up what is more.
    pub async fn renew(&self, db: &Db) -> Result<Held, StoreError> {
        let mut tx = db.begin_across_tenants(Purpose::Append).await?;
        let held = self.renew_in(&mut tx).await?;
        tx.commit().await?;
        Ok(held)
    }

    async fn renew_in(&self, tx: &mut Tx) -> Result<Held, DbError> {
        let sql = format!(
            "SELECT * FROM lease WHERE grp = $1 ORDER BY slot{}",
            tx.lock_clause()
        );
        let mut rows = Vec::new();
        for row in tx.query_sql(&sql, vec![self.group.into()]).await? {
            rows.push(lease::Model::from_query_result(&row, "")?);
        }
        let now = tx.now_micros().await?;
        let expires_at = now + i64::try_from(LEASE.as_micros()).unwrap_or(i64::MAX);

        // A node makes itself known by a slot of its own below zero, so that others leave it a share.
        let presence = self.presence();
        let others = rows
            .iter()
            .filter(|row| row.slot < 0 && row.slot != presence && row.expires_at > now)
            .count();
        let nodes = i32::try_from(others).unwrap_or(0) + 1;
        let share = usize::try_from((SLOTS + nodes - 1) / nodes).unwrap_or(1);

        let mut changed = vec![self.row(presence, 0, expires_at)];
        let mut held = Held::new();
        let leases: BTreeMap<i32, &lease::Model> = rows.iter().map(|row| (row.slot, row)).collect();
        let mine = |slot: &i32| leases.get(slot).is_some_and(|row| row.owner == self.owner);
        let free = |slot: &i32| leases.get(slot).is_none_or(|row| row.expires_at <= now);
        for slot in (0..SLOTS)
            .filter(mine)
            .chain((0..SLOTS).filter(|slot| !mine(slot) && free(slot)))
        {
            let epoch = leases.get(&slot).map_or(0, |row| row.epoch);
            if held.len() < share {
                let epoch = if mine(&slot) { epoch } else { epoch + 1 };
                held.insert(slot, epoch);
                changed.push(self.row(slot, epoch, expires_at));
            } else if mine(&slot) {
                changed.push(self.row(slot, epoch, 0));
            }
        }
        tx.write(Rows::of(&changed, Merge::Replace)).await?;
        Ok(held)
    }

    /// Gives everything up at once, so that others need not wait.
    pub async fn release(&self, db: &Db) -> Result<(), StoreError> {
        let tx = db.begin_across_tenants(Purpose::Append).await?;
        let sql = "UPDATE lease SET expires_at = 0 WHERE grp = $1 AND owner = $2";
        tx.execute_sql(sql, vec![self.group.into(), self.owner.into()])
            .await?;
        Ok(tx.commit().await?)
    }

    fn presence(&self) -> i32 {
        let bytes = self.owner.as_bytes();
        -1 - i32::from_be_bytes([bytes[12] & 0x3f, bytes[13], bytes[14], bytes[15]])
    }

    fn row(&self, slot: i32, epoch: i64, expires_at: i64) -> lease::Model {
        lease::Model {
            grp: self.group.to_owned(),
            slot,
            owner: self.owner,
            epoch,
            expires_at,
        }
    }
}
