//! What a row asks for when its time has come.

use entrepot_domain::kernel::{PaymentId, ReservationId, Sku, SubscriptionId, Warehouse};
use entrepot_entity::timer;
use entrepot_event_store::db::DbError;
use sea_orm::DbErr;

use super::{
    AUTHORIZATION_EXPIRY, CycleDetail, HeldUntil, RESERVATION_EXPIRY, SUBSCRIPTION_CYCLE,
    SUBSCRIPTION_RESUME,
};
use crate::load;

/// What falls due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Due {
    /// A subscription's next cycle.
    Cycle {
        /// Whose.
        subscription_id: SubscriptionId,
        /// Which.
        cycle: i64,
    },
    /// The end of a subscription's pause.
    Resume(SubscriptionId),
    /// The end of a reservation.
    ReservationExpiry {
        /// Which.
        reservation_id: ReservationId,
        /// Of what.
        sku: Sku,
        /// Where.
        warehouse: Warehouse,
    },
    /// The end of a payment's authorization.
    AuthorizationExpiry(PaymentId),
}

impl Due {
    /// What a row asks for.
    ///
    /// # Errors
    ///
    /// If the fold never writes such a row: it is of another release, or spoiled.
    pub fn of(row: &timer::Model) -> Result<Self, DbError> {
        let id = row.subject_id;
        Ok(match row.kind.as_str() {
            SUBSCRIPTION_CYCLE => {
                let detail: CycleDetail = load::document(&row.detail)?;
                Self::Cycle {
                    subscription_id: SubscriptionId(id),
                    cycle: detail.cycle,
                }
            }
            SUBSCRIPTION_RESUME => Self::Resume(SubscriptionId(id)),
            RESERVATION_EXPIRY => {
                let held: HeldUntil = load::document(&row.detail)?;
                Self::ReservationExpiry {
                    reservation_id: ReservationId(id),
                    sku: held.sku,
                    warehouse: held.warehouse,
                }
            }
            AUTHORIZATION_EXPIRY => Self::AuthorizationExpiry(PaymentId(id)),
            other => {
                let message = format!("no timer is of kind `{other}`");
                return Err(DbError::Orm(DbErr::Custom(message)));
            }
        })
    }
}
