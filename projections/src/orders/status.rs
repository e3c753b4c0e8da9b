//! Statuses of orders: derived from quantities and amounts here, and nowhere else.

use super::doc::{OrderDoc, Quantities};

/// Where an order stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderStatus {
    /// Something is open.
    Placed,
    /// Something is open and must not be shipped for now.
    OnHold,
    /// Nothing is open any more.
    Completed,
    /// Everything was given up.
    Canceled,
}

/// How far an order is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaymentStatus {
    /// Nothing moved, nothing is promised.
    Unpaid,
    /// A provider holds money that can be captured; nothing moved.
    Authorized,
    /// Less moved than is due.
    PartiallyPaid,
    /// All that is due moved.
    Paid,
    /// Some of what moved went back.
    PartiallyRefunded,
    /// All that moved went back.
    Refunded,
    /// Nothing moved, and what was promised or due was given up.
    Voided,
}

/// How far an order is shipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FulfillmentStatus {
    /// Nothing left.
    Unfulfilled,
    /// Some of it left.
    Partial,
    /// All that was not given up left.
    Fulfilled,
    /// All of that arrived.
    Delivered,
}

impl OrderStatus {
    /// Of quantities: of a whole order, or of a row that has only these.
    pub const fn of(quantities: Quantities, held: bool) -> Self {
        if quantities.open() > 0 {
            return if held { Self::OnHold } else { Self::Placed };
        }
        if quantities.canceled > 0 && quantities.shipped == 0 {
            return Self::Canceled;
        }
        Self::Completed
    }

    /// The name in rows.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Placed => "placed",
            Self::OnHold => "on_hold",
            Self::Completed => "completed",
            Self::Canceled => "canceled",
        }
    }
}

impl PaymentStatus {
    /// Of an order. An order that costs nothing is paid; one that was canceled unpaid is voided.
    pub fn of(order: &OrderDoc) -> Self {
        let (captured, refunded) = (order.captured_minor(), order.refunded_minor());
        if captured == 0 {
            return Self::of_unmoved(order);
        }
        if refunded >= captured {
            Self::Refunded
        } else if refunded > 0 {
            Self::PartiallyRefunded
        } else if captured >= order.due_minor() {
            Self::Paid
        } else {
            Self::PartiallyPaid
        }
    }

    fn of_unmoved(order: &OrderDoc) -> Self {
        let mut payments = order.payments.iter();
        if payments.any(|payment| payment.capturable_minor() > 0) {
            Self::Authorized
        } else if order.totals.total_minor == 0 {
            Self::Paid
        } else if !order.payments.is_empty() || order.due_minor() == 0 {
            Self::Voided
        } else {
            Self::Unpaid
        }
    }

    /// The name in rows.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unpaid => "unpaid",
            Self::Authorized => "authorized",
            Self::PartiallyPaid => "partially_paid",
            Self::Paid => "paid",
            Self::PartiallyRefunded => "partially_refunded",
            Self::Refunded => "refunded",
            Self::Voided => "voided",
        }
    }
}

impl FulfillmentStatus {
    /// Of quantities. Where no goods were ordered, there is nothing left to ship.
    pub const fn of(quantities: Quantities) -> Self {
        let Quantities {
            ordered,
            canceled,
            shipped,
            delivered,
        } = quantities;
        if ordered > 0 && shipped == 0 {
            return Self::Unfulfilled;
        }
        if shipped < ordered - canceled {
            Self::Partial
        } else if delivered < shipped || ordered == 0 {
            Self::Fulfilled
        } else {
            Self::Delivered
        }
    }

    /// The name in rows.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unfulfilled => "unfulfilled",
            Self::Partial => "partial",
            Self::Fulfilled => "fulfilled",
            Self::Delivered => "delivered",
        }
    }
}

impl OrderDoc {
    /// Where the order stands in its life.
    pub fn status(&self) -> OrderStatus {
        OrderStatus::of(self.quantities(), self.hold.is_some())
    }

    /// How far it is paid.
    pub fn payment_status(&self) -> PaymentStatus {
        PaymentStatus::of(self)
    }

    /// How far it is shipped.
    pub fn fulfillment_status(&self) -> FulfillmentStatus {
        FulfillmentStatus::of(self.quantities())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orders::doc::{PaymentClosed, PaymentDoc};
    use crate::testing::{order_doc, payment_doc};

    fn vector(ordered: i64, canceled: i64, shipped: i64, delivered: i64) -> Quantities {
        Quantities {
            ordered,
            canceled,
            shipped,
            delivered,
        }
    }

    #[test]
    fn lifecycle_and_fulfillment_follow_from_quantities() {
        for (quantities, held, status, fulfillment) in [
            (vector(4, 0, 0, 0), false, "placed", "unfulfilled"),
            (vector(4, 0, 0, 0), true, "on_hold", "unfulfilled"),
            (vector(4, 0, 1, 1), true, "on_hold", "partial"),
            (vector(4, 1, 1, 0), false, "placed", "partial"),
            (vector(4, 0, 4, 0), false, "completed", "fulfilled"),
            (vector(4, 0, 4, 3), false, "completed", "fulfilled"),
            (vector(4, 0, 4, 4), false, "completed", "delivered"),
            (vector(4, 2, 2, 2), true, "completed", "delivered"),
            (vector(4, 4, 0, 0), false, "canceled", "unfulfilled"),
            (vector(4, 4, 0, 0), true, "canceled", "unfulfilled"),
            (vector(0, 0, 0, 0), false, "completed", "fulfilled"),
        ] {
            let derived = (
                OrderStatus::of(quantities, held).as_str(),
                FulfillmentStatus::of(quantities).as_str(),
            );
            assert_eq!(derived, (status, fulfillment), "{quantities:?} held {held}");
        }
    }

    fn payment(authorized: i64, captured: i64, refunded: i64) -> PaymentDoc {
        PaymentDoc {
            authorized_minor: authorized,
            captured_minor: captured,
            refunded_minor: refunded,
            ..payment_doc(1)
        }
    }

    fn closed(authorized: i64, captured: i64, refunded: i64) -> PaymentDoc {
        PaymentDoc {
            closed: Some(PaymentClosed::Voided),
            ..payment(authorized, captured, refunded)
        }
    }

    #[test]
    fn the_payment_status_follows_from_amounts() {
        // (total, given up of it, payments) of an order.
        for (total, canceled, payments, status) in [
            (100, 0, vec![], "unpaid"),
            (100, 40, vec![], "unpaid"),
            (100, 100, vec![], "voided"),
            (0, 0, vec![], "paid"),
            (100, 0, vec![payment(100, 0, 0)], "authorized"),
            (100, 0, vec![payment(30, 0, 0)], "authorized"),
            (100, 0, vec![closed(100, 0, 0)], "voided"),
            (
                100,
                0,
                vec![closed(100, 0, 0), payment(100, 0, 0)],
                "authorized",
            ),
            (100, 0, vec![payment(100, 30, 0)], "partially_paid"),
            (100, 0, vec![closed(100, 30, 0)], "partially_paid"),
            (100, 70, vec![closed(100, 30, 0)], "paid"),
            (100, 0, vec![payment(30, 30, 0), payment(70, 70, 0)], "paid"),
            (100, 0, vec![payment(120, 120, 0)], "paid"),
            (100, 0, vec![payment(100, 100, 1)], "partially_refunded"),
            (100, 100, vec![payment(100, 100, 100)], "refunded"),
        ] {
            let mut order = order_doc(total);
            order.canceled.net_minor = canceled;
            order.payments = payments;
            assert_eq!(order.payment_status().as_str(), status, "{order:?}");
        }
    }
}
