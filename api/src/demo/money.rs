//! How orders are paid, and what goes wrong with them.

use entrepot_domain::event::Event;
use entrepot_domain::kernel::{Instant, MILLION, share};
use entrepot_domain::orders::{CancelLine, CancelOrder, HoldOrder, OrderEvent, ReleaseOrder};
use entrepot_domain::payments::{
    AssessFee, Attempt, AuthorizePayment, CapturePayment, RecordExternalPayment, RefundPayment,
    ReportUnknownOutcome,
};

use super::DemoError;
use super::course::Placed;
use super::pen::{Line, Pen};
use super::plan::{Fate, Plan};

/// What the fee schedule expects of `stripe`.
const STRIPE: (i64, i64) = (29_000, 30);

/// Pays the orders, or has their payments authorized.
pub(super) async fn pay(pen: &Pen<'_>, placed: &[Placed]) -> Result<(), DemoError> {
    let lines = placed.iter().map(|placed| {
        let (plan, amount_minor) = (&placed.plan, placed.order.totals.total_minor);
        let provider_ref = (plan.provider != "cash").then(|| reference(plan, "ch"));
        let key = format!("pay:{}", plan.number);
        if plan.captured_on_dispatch() {
            let authorized = AuthorizePayment {
                payment_id: Some(plan.payment_id()),
                order_id: plan.order_id(),
                provider: plan.provider.to_owned(),
                provider_ref,
                amount_minor,
                currency: None,
                expires_at: None,
            };
            return pen.line(key, authorized);
        }
        let paid = RecordExternalPayment {
            payment_id: Some(plan.payment_id()),
            order_id: plan.order_id(),
            provider: plan.provider.to_owned(),
            provider_ref,
            amount_minor,
            currency: None,
            captured_at: Some(plan.paid_at()),
            fee_minor: None,
        };
        pen.line(key, paid)
    });
    pen.write_all(lines.collect()).await.map(drop)
}

/// Holds, cancels, and loses answers.
pub(super) async fn trouble(pen: &Pen<'_>, placed: &[Placed]) -> Result<(), DemoError> {
    pen.write_all(
        placed
            .iter()
            .flat_map(|placed| troubles(pen, placed))
            .collect(),
    )
    .await?;
    let canceled = placed
        .iter()
        .filter(|placed| placed.plan.fate == Fate::LineCanceled);
    for placed in canceled {
        cancel_line(pen, &placed.plan).await?;
    }
    Ok(())
}

fn troubles(pen: &Pen<'_>, placed: &Placed) -> Vec<Line> {
    let (plan, order_id) = (&placed.plan, placed.plan.order_id());
    let held = || {
        let reason = match plan.number % 3 {
            0 => "address could not be verified",
            1 => "unusual amount for a new customer",
            _ => "customer asked to wait",
        };
        let reason = reason.to_owned();
        pen.line(
            format!("hold:{}", plan.number),
            HoldOrder { order_id, reason },
        )
    };
    match plan.fate {
        Fate::Held => vec![held()],
        Fate::Checked => {
            let released = ReleaseOrder { order_id };
            vec![
                held(),
                pen.line(format!("release:{}", plan.number), released),
            ]
        }
        Fate::Canceled => {
            let reason = "customer changed their mind".to_owned();
            let canceled = CancelOrder { order_id, reason };
            vec![
                pen.line(format!("cancel:{}", plan.number), canceled),
                refund(pen, plan, None, "order canceled"),
            ]
        }
        Fate::Unknown => {
            let lost = ReportUnknownOutcome {
                payment_id: plan.payment_id(),
                attempt: Attempt::Capture,
                amount_minor: placed.order.totals.total_minor,
            };
            vec![pen.line(format!("unknown:{}", plan.number), lost)]
        }
        Fate::Fulfilled
        | Fate::Waiting
        | Fate::Authorized
        | Fate::LineCanceled
        | Fate::Refunded
        | Fate::PartRefunded => Vec::new(),
    }
}

/// Cancels the first line and pays back what it cost.
async fn cancel_line(pen: &Pen<'_>, plan: &Plan) -> Result<(), DemoError> {
    let command = CancelLine {
        order_id: plan.order_id(),
        line: 1,
        quantity: None,
        reason: "damaged while packing".to_owned(),
    };
    let receipt = pen
        .write(pen.line(format!("cancel-line:{}", plan.number), command))
        .await?;
    if let Some(Event::Order(OrderEvent::LineCanceled(line))) = pen.first_fact(&receipt).await? {
        let amount = line.net_minor + line.tax_minor;
        pen.write(refund(pen, plan, Some(amount), "line canceled"))
            .await?;
    }
    Ok(())
}

/// Captures what was shipped, pays back what came back, and learns the true fees.
pub(super) async fn settle(
    pen: &Pen<'_>,
    placed: &[Placed],
    now: Instant,
) -> Result<(), DemoError> {
    let settled = placed.iter().filter_map(|placed| {
        let plan = &placed.plan;
        match plan.fate {
            Fate::Refunded => Some(refund(pen, plan, None, "goods returned")),
            Fate::PartRefunded => {
                let first = placed.order.lines.first()?;
                let tax: i64 = first.taxes.iter().map(|tax| tax.amount_minor).sum();
                Some(refund(
                    pen,
                    plan,
                    Some(first.net_minor + tax),
                    "one item arrived broken",
                ))
            }
            Fate::Fulfilled if plan.captured_on_dispatch() && plan.journey().0 <= now => {
                let captured = CapturePayment {
                    payment_id: plan.payment_id(),
                    amount_minor: None,
                    provider_ref: Some(reference(plan, "cap")),
                    fee_minor: None,
                };
                Some(pen.line(format!("capture:{}", plan.number), captured))
            }
            Fate::Fulfilled if plan.provider == "stripe" && plan.number.is_multiple_of(5) => {
                true_fee(pen, placed)
            }
            _ => None,
        }
    });
    pen.write_all(settled.collect()).await.map(drop)
}

/// Foreign cards cost a little more than the schedule expects.
fn true_fee(pen: &Pen<'_>, placed: &Placed) -> Option<Line> {
    let plan = &placed.plan;
    if plan.captured_on_dispatch() {
        return None;
    }
    let expected = share(placed.order.totals.total_minor, STRIPE.0, MILLION);
    let assessed = AssessFee {
        payment_id: plan.payment_id(),
        amount_minor: i64::try_from(expected).ok()? + STRIPE.1 + 25,
    };
    Some(pen.line(format!("fee:{}", plan.number), assessed))
}

fn refund(pen: &Pen<'_>, plan: &Plan, amount_minor: Option<i64>, reason: &str) -> Line {
    let command = RefundPayment {
        payment_id: plan.payment_id(),
        amount_minor,
        provider_ref: (plan.provider != "cash").then(|| reference(plan, "re")),
        reason: reason.to_owned(),
    };
    pen.line(format!("refund:{}", plan.number), command)
}

/// A provider's own id.
fn reference(plan: &Plan, prefix: &str) -> String {
    format!("{prefix}_{:08x}", plan.number * 2_654_435 + 1_000_003)
}
