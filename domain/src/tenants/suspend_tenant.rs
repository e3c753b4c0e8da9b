//! Stops a tenant: every command but the release and the taking away of access is refused from
//! here on.

use serde::Serialize;
use uuid::Uuid;

use super::{TenantEvent, TenantSuspended};
use crate::command::{Command, Decision};
use crate::kernel::{Ctx, Halt, REASON_MAX, Refusal, StreamId, code, text};
use crate::world::World;

/// Suspends the tenant.
#[derive(Clone, Debug, Serialize)]
pub struct SuspendTenant {
    /// Why, for people.
    pub reason: String,
}

impl Command for SuspendTenant {
    const NAME: &'static str = "SuspendTenant";
    /// So that a second suspension is answered with what is wrong with it.
    const WHEN_SUSPENDED: bool = true;

    fn decide(&self, world: &World<'_>, _: &Ctx) -> Result<Decision, Halt> {
        if world.tenant()?.suspended() {
            return Err(Refusal::new(code::WRONG_STATE, "the tenant is suspended already").into());
        }
        text(&self.reason, REASON_MAX, "reason")?;
        let suspended = TenantSuspended {
            reason: self.reason.clone(),
        };
        Ok(Decision::about(Uuid::nil()).with(StreamId::TENANT, TenantEvent::Suspended(suspended)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::DiscontinueSku;
    use crate::tenants::ReleaseTenant;
    use crate::testing::{refused, retailer};

    fn suspend(reason: &str) -> SuspendTenant {
        SuspendTenant {
            reason: reason.to_owned(),
        }
    }

    #[test]
    fn a_reason_is_text() {
        let refusal = retailer().when(&suspend("late\0"));
        assert_eq!(refused(refusal), "TEXT_MALFORMED reason");
    }

    #[test]
    fn a_suspended_tenant_can_only_be_released() {
        let mut past = retailer();
        past.when(&suspend("unpaid")).expect("accepted");
        let discontinue = DiscontinueSku { sku: "A".into() };
        assert_eq!(refused(past.when(&discontinue)), "TENANT_SUSPENDED");
        assert_eq!(refused(past.when(&suspend("again"))), "WRONG_STATE");
        past.when(&ReleaseTenant {}).expect("released");
        past.when(&discontinue).expect("accepted again");
    }
}
