//! Ends a suspension.

use serde::Serialize;
use uuid::Uuid;

use super::{TenantEvent, TenantReleased};
use crate::command::{Command, Decision};
use crate::kernel::{Ctx, Halt, Refusal, StreamId, code};
use crate::world::World;

/// Releases the suspended tenant.
#[derive(Clone, Debug, Serialize)]
pub struct ReleaseTenant {}

impl Command for ReleaseTenant {
    const NAME: &'static str = "ReleaseTenant";
    const WHEN_SUSPENDED: bool = true;

    fn decide(&self, world: &World<'_>, _: &Ctx) -> Result<Decision, Halt> {
        if !world.tenant()?.suspended() {
            return Err(Refusal::new(code::WRONG_STATE, "the tenant is not suspended").into());
        }
        let released = TenantEvent::Released(TenantReleased {});
        Ok(Decision::about(Uuid::nil()).with(StreamId::TENANT, released))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{past, refused, retailer};

    #[test]
    fn a_tenant_that_is_not_suspended_is_not_released() {
        assert_eq!(refused(retailer().when(&ReleaseTenant {})), "WRONG_STATE");
        assert_eq!(refused(past().when(&ReleaseTenant {})), "NOT_FOUND tenant");
    }
}
