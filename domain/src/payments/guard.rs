//! What the payment commands check alike.

use super::Payment;
use crate::kernel::{
    CODE_MAX, Ctx, Currency, Halt, OrderId, PaymentId, REFERENCE_MAX, Refusal, Refused, code,
    positive, text,
};
use crate::world::World;

/// A payment that exists.
pub(super) fn known<'a>(world: &World<'a>, id: PaymentId) -> Result<&'a Payment, Halt> {
    let payment = world.payment(id)?;
    if payment.exists {
        return Ok(payment);
    }
    Err(Refusal::not_found("paymentId", "payment").into())
}

/// A payment that exists and has no provider call without an answer.
pub(super) fn settled<'a>(world: &World<'a>, id: PaymentId) -> Result<&'a Payment, Halt> {
    let payment = known(world, id)?;
    if payment.unknown.is_none() {
        return Ok(payment);
    }
    Err(wrong_state("the outcome of an earlier attempt is not known yet").into())
}

/// The id of a new payment: the given one, if it is free, or a fresh one.
pub(super) fn new_id(
    world: &World<'_>,
    ctx: &Ctx,
    given: Option<PaymentId>,
) -> Result<PaymentId, Halt> {
    let Some(id) = given else {
        return Ok(PaymentId(ctx.fresh_id()));
    };
    if world.payment(id)?.exists {
        let message = "the payment exists";
        return Err(Refusal::at(code::ALREADY_EXISTS, "paymentId", message).into());
    }
    Ok(id)
}

/// The currency of an order that exists; the given one must be the same.
pub(super) fn order_currency(
    world: &World<'_>,
    order_id: OrderId,
    given: Option<Currency>,
) -> Result<Currency, Halt> {
    let order = world.order(order_id)?;
    order.check_exists()?;
    if given.is_none_or(|currency| currency == order.currency) {
        return Ok(order.currency);
    }
    let message = format!("the order is in {}", order.currency);
    Err(Refusal::at(code::CURRENCY_MISMATCH, "currency", message).into())
}

/// Checks a provider's name.
pub(super) fn check_provider(provider: &str) -> Refused<()> {
    text(provider, CODE_MAX, "provider")
}

/// Checks a provider's own id.
pub(super) fn check_provider_ref(provider_ref: Option<&str>) -> Refused<()> {
    provider_ref.map_or(Ok(()), |id| text(id, REFERENCE_MAX, "providerRef"))
}

/// An amount to capture: the given one, which may not exceed what is left, or all that is left.
pub(super) fn capturable(payment: &Payment, given: Option<i64>) -> Refused<i64> {
    if payment.closed {
        return Err(wrong_state("the authorization was given up or ran out"));
    }
    let exceeded = code::CAPTURE_EXCEEDS_AUTHORIZED;
    within(payment.capturable(), given, exceeded)
}

/// An amount to refund: the given one, which may not exceed what is left, or all that is left.
pub(super) fn refundable(payment: &Payment, given: Option<i64>) -> Refused<i64> {
    within(payment.refundable(), given, code::REFUND_EXCEEDS_CAPTURED)
}

fn within(left: i64, given: Option<i64>, exceeded: &'static str) -> Refused<i64> {
    match given {
        None if left > 0 => Ok(left),
        None => Err(wrong_state("nothing of the payment is left")),
        Some(minor) if positive(minor, "amountMinor")? <= left => Ok(minor),
        Some(_) => {
            let message = format!("{left} minor units are left");
            Err(Refusal::at(exceeded, "amountMinor", message))
        }
    }
}

/// Refuses because the payment's state does not allow the command.
pub(super) fn wrong_state(message: &str) -> Refusal {
    Refusal::at(code::WRONG_STATE, "paymentId", message)
}
