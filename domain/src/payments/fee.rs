//! A capture together with the fee that the provider takes for it.

use super::{FeeAssessed, PaymentCaptured, PaymentEvent};
use crate::command::Decision;
use crate::kernel::{MILLION, Refused, amount, non_negative, share};
use crate::tenants::Tenant;

/// Adds a capture and its fee: the stated one or, as an estimate, what the tenant's schedule says.
/// `fee_before` is what the payment cost so far.
pub(super) fn push_capture(
    decision: &mut Decision,
    tenant: &Tenant,
    captured: PaymentCaptured,
    stated: Option<i64>,
    fee_before: i64,
) -> Refused<()> {
    let fee = match stated {
        Some(minor) => i128::from(non_negative(minor, "feeMinor")?),
        None => scheduled(tenant, &captured),
    };
    let amount_minor = amount(fee, "amountMinor")?;
    amount(fee + i128::from(fee_before), "feeMinor")?;
    let assessed = FeeAssessed {
        payment_id: captured.payment_id,
        order_id: captured.order_id,
        currency: captured.currency,
        amount_minor,
        estimated: stated.is_none(),
    };
    let stream = captured.payment_id;
    decision.push(stream, PaymentEvent::Captured(captured));
    if amount_minor > 0 {
        decision.push(stream, PaymentEvent::FeeAssessed(assessed));
    }
    Ok(())
}

/// What the schedule expects: nothing for a provider that it does not name.
fn scheduled(tenant: &Tenant, captured: &PaymentCaptured) -> i128 {
    tenant.fee(&captured.provider).map_or(0, |fee| {
        share(captured.amount_minor, fee.rate_ppm, MILLION) + i128::from(fee.fixed_minor)
    })
}
