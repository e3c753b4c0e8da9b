//! A retailer's days: random commands of every area, most of which make sense.

use std::sync::Arc;

use entrepot_domain::catalog::SetPrice;
use entrepot_domain::command::AnyCommand;
use entrepot_domain::customers::{ExternalRef, RegisterCustomer};
use entrepot_domain::fulfillment::DispatchShipment;
use entrepot_domain::inventory::{AdjustStock, ReserveStock, TransferStock};
use entrepot_domain::kernel::{
    Currency, CustomerId, Date, Instant, OrderId, PaymentId, Sku, SubscriptionId, Warehouse,
};
use entrepot_domain::orders::{
    CancelLine, CancelOrder, DiscountValue, HoldOrder, ImportLine, ImportOrder, ImportPayment,
    NewDiscount, NewShipping, ReleaseOrder,
};
use entrepot_domain::payments::{
    Attempt, AuthorizePayment, CapturePayment, RefundPayment, ReportUnknownOutcome, VoidPayment,
};
use entrepot_domain::subscriptions::{
    CancelSubscription, ChangeQuantity, CreateSubscription, Interval, IntervalUnit, NewItem,
    PauseSubscription, ResumeSubscription, SkipCycle,
};

use crate::random::Random;
use crate::shop::{place, stock};

const SKUS: [&str; 4] = ["A", "B", "C", "GIFT"];
const WAREHOUSES: [&str; 2] = ["east", "west"];

/// A source of commands for a [`retailer`](crate::retailer). It knows what it asked for, not what
/// was accepted: some of its commands are refused.
#[derive(Debug)]
pub struct Bustle {
    random: Random,
    customers: Vec<CustomerId>,
    orders: Vec<OrderId>,
    payments: Vec<PaymentId>,
    subscriptions: Vec<SubscriptionId>,
}

impl Bustle {
    /// The commands of a seed.
    pub const fn seeded(seed: u64) -> Self {
        Self {
            random: Random::seeded(seed),
            customers: Vec::new(),
            orders: Vec::new(),
            payments: Vec::new(),
            subscriptions: Vec::new(),
        }
    }

    /// Numbers of the same seed, for whoever gives the commands.
    pub const fn random(&mut self) -> &mut Random {
        &mut self.random
    }

    /// The next command.
    pub fn command(&mut self) -> Arc<dyn AnyCommand> {
        match self.random.below(20) {
            0..7 => self.order(),
            7..10 => self.change_of_order(),
            10..14 => self.payment(),
            14 => self.import(),
            15 => self.customer(),
            16 | 17 => self.goods(),
            18 => self.price(),
            _ => self.subscription(),
        }
    }

    fn sku(&mut self) -> &'static str {
        self.random.pick(&SKUS).unwrap_or("A")
    }

    fn warehouse(&mut self) -> Warehouse {
        Warehouse::from(self.random.pick(&WAREHOUSES).unwrap_or("east"))
    }

    fn order(&mut self) -> Arc<dyn AnyCommand> {
        let order_id = OrderId(self.random.id());
        self.orders.push(order_id);
        let lines: Vec<(&str, i64)> = (0..self.random.up_to(3))
            .map(|_| (self.sku(), self.random.up_to(4)))
            .collect();
        let mut order = place(Some(order_id), &lines);
        order.customer_id = self.random.pick(&self.customers);
        if self.random.below(3) == 0 {
            let value = DiscountValue::Amount(self.random.up_to(300));
            order.discounts.push(NewDiscount {
                code: "WELCOME".to_owned(),
                value,
            });
        }
        if self.random.below(3) == 0 {
            let amount_minor = self.random.up_to(900);
            let (method, tax_class) = ("standard".to_owned(), "standard".to_owned());
            order.shipping = Some(NewShipping {
                method,
                amount_minor,
                tax_class,
            });
        }
        Arc::new(order)
    }

    fn change_of_order(&mut self) -> Arc<dyn AnyCommand> {
        let Some(order_id) = self.random.pick(&self.orders) else {
            return self.order();
        };
        let reason = "asked for".to_owned();
        match self.random.below(9) {
            0 => Arc::new(CancelOrder { order_id, reason }),
            1 => Arc::new(CancelLine {
                order_id,
                line: 1,
                quantity: Some(1),
                reason,
            }),
            2 => Arc::new(HoldOrder { order_id, reason }),
            3 => Arc::new(ReleaseOrder { order_id }),
            _ => Arc::new(DispatchShipment {
                order_id,
                warehouse: None,
                lines: Vec::new(),
                carrier: Some("post".to_owned()),
                tracking: None,
                label_cost_minor: Some(self.random.up_to(500)),
                dispatched_at: None,
            }),
        }
    }

    fn payment(&mut self) -> Arc<dyn AnyCommand> {
        let Some(order_id) = self.random.pick(&self.orders) else {
            return self.order();
        };
        let (step, provider_ref) = (self.random.below(10), None);
        let known = self.random.pick(&self.payments).filter(|_| step >= 4);
        let Some(payment_id) = known else {
            let payment_id = PaymentId(self.random.id());
            self.payments.push(payment_id);
            return Arc::new(AuthorizePayment {
                payment_id: Some(payment_id),
                order_id,
                provider: "stripe".to_owned(),
                provider_ref,
                amount_minor: self.random.up_to(9_000),
                currency: None,
                expires_at: Instant::parse("2099-01-01T00:00:00Z", "expiresAt").ok(),
            });
        };
        match step {
            4..7 => Arc::new(CapturePayment {
                payment_id,
                amount_minor: None,
                provider_ref,
                fee_minor: None,
            }),
            7 => Arc::new(RefundPayment {
                payment_id,
                amount_minor: Some(self.random.up_to(200)),
                provider_ref,
                reason: "goodwill".to_owned(),
            }),
            8 => Arc::new(VoidPayment { payment_id }),
            _ => Arc::new(ReportUnknownOutcome {
                payment_id,
                attempt: Attempt::Capture,
                amount_minor: 1,
            }),
        }
    }

    fn import(&mut self) -> Arc<dyn AnyCommand> {
        let gross_minor = self.random.up_to(5_000);
        let line = ImportLine {
            sku: Sku::from(self.sku()),
            quantity: 1,
            unit_price_minor: Some(gross_minor),
            gross_minor,
            discounts: Vec::new(),
            taxes: Vec::new(),
            net_minor: None,
        };
        Arc::new(ImportOrder {
            channel: "web".to_owned(),
            external_id: self.random.id().to_string(),
            customer_external_id: None,
            currency: Currency::default(),
            placed_at: Instant::parse("2026-01-15T12:00:00Z", "placedAt").expect("an instant"),
            lines: vec![line],
            shipping: None,
            total_minor: None,
            payments: vec![ImportPayment {
                provider: "stripe".to_owned(),
                provider_ref: None,
                amount_minor: gross_minor,
            }],
            shipped: self.random.below(2) == 0,
        })
    }

    fn customer(&mut self) -> Arc<dyn AnyCommand> {
        let customer_id = CustomerId(self.random.id());
        self.customers.push(customer_id);
        let external_ref = Some(ExternalRef {
            system: "till".to_owned(),
            id: customer_id.to_string(),
        });
        Arc::new(RegisterCustomer {
            customer_id: Some(customer_id),
            external_ref,
            personal_ref: None,
        })
    }

    fn goods(&mut self) -> Arc<dyn AnyCommand> {
        let (sku, warehouse) = (self.sku(), self.warehouse());
        let reason = "counted".to_owned();
        match self.random.below(5) {
            0 => Arc::new(AdjustStock {
                sku: sku.into(),
                warehouse,
                quantity_delta: -self.random.up_to(3),
                value_delta_minor: None,
                reason,
            }),
            1 => {
                let (from, to, quantity) = (warehouse, self.warehouse(), self.random.up_to(5));
                Arc::new(TransferStock {
                    sku: sku.into(),
                    from,
                    to,
                    quantity,
                })
            }
            2 => {
                let expires_at = Instant::parse("2099-01-01T00:00:00Z", "expiresAt").ok();
                let quantity = self.random.up_to(2);
                Arc::new(ReserveStock {
                    sku: sku.into(),
                    warehouse: Some(warehouse),
                    quantity,
                    expires_at,
                })
            }
            _ => Arc::new(stock(sku, warehouse.as_str(), self.random.up_to(40))),
        }
    }

    fn price(&mut self) -> Arc<dyn AnyCommand> {
        let (sku, amount_minor) = (Sku::from(self.sku()), self.random.up_to(6_000));
        Arc::new(SetPrice {
            sku,
            currency: Currency::default(),
            amount_minor,
        })
    }

    fn subscription(&mut self) -> Arc<dyn AnyCommand> {
        let Some(customer_id) = self.random.pick(&self.customers) else {
            return self.customer();
        };
        let step = self.random.below(8);
        let known = self.random.pick(&self.subscriptions).filter(|_| step >= 4);
        let Some(subscription_id) = known else {
            return self.new_subscription(customer_id);
        };
        match step {
            4 => Arc::new(PauseSubscription {
                subscription_id,
                resume_on: None,
            }),
            5 => Arc::new(ResumeSubscription { subscription_id }),
            6 => {
                let quantity = self.random.up_to(5);
                Arc::new(ChangeQuantity {
                    subscription_id,
                    sku: "A".into(),
                    quantity,
                })
            }
            _ if self.random.below(2) == 0 => Arc::new(SkipCycle {
                subscription_id,
                cycles: Some(1),
            }),
            _ => Arc::new(CancelSubscription {
                subscription_id,
                reason: "asked for".to_owned(),
            }),
        }
    }

    fn new_subscription(&mut self, customer_id: CustomerId) -> Arc<dyn AnyCommand> {
        let subscription_id = SubscriptionId(self.random.id());
        self.subscriptions.push(subscription_id);
        let item = NewItem {
            sku: "A".into(),
            quantity: self.random.up_to(3),
            unit_price_minor: None,
        };
        Arc::new(CreateSubscription {
            subscription_id: Some(subscription_id),
            customer_id,
            channel: "web".to_owned(),
            currency: None,
            items: vec![item],
            interval: Interval {
                unit: IntervalUnit::Month,
                count: 1,
            },
            anchor: Date::parse("2099-01-31", "anchor").expect("a day"),
            anchor_day: None,
            time_zone: None,
        })
    }
}
