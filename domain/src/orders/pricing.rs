//! What an order costs: discounts, their shares, taxes and totals. Arithmetic and nothing else.

use serde::Serialize;

use super::{Discount, DiscountScope, OrderLine, Shipping, Tax, Totals};
use crate::kernel::{
    CODE_MAX, MILLION, Refusal, Refused, Sku, amount, at_most, code, largest_remainder,
    non_negative, rate, share, text,
};
use crate::tenants::TaxRate;

/// The most discounts of one line and of one order.
pub(super) const DISCOUNTS_MAX: usize = 20;

/// Something to take off a line or an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NewDiscount {
    /// Names the discount: a promotion, a coupon, a reason.
    pub code: String,
    /// How much.
    pub value: DiscountValue,
}

/// How much a discount takes off what is left by the discounts before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum DiscountValue {
    /// Minor units, at most what is left.
    Amount(i64),
    /// Parts per million of what is left, rounded half to even.
    Rate(i64),
}

/// A line before anything is computed.
#[derive(Clone, Copy, Debug)]
pub(super) struct LineToPrice<'a> {
    pub(super) sku: &'a Sku,
    pub(super) quantity: i64,
    pub(super) unit_price_minor: i64,
    pub(super) discounts: &'a [NewDiscount],
    pub(super) taxes: &'a [TaxRate],
}

/// Checks the form of a list of discounts; `field` names the list.
pub(super) fn check_discounts(discounts: &[NewDiscount], field: &str) -> Refused<()> {
    at_most(discounts.len(), DISCOUNTS_MAX, field)?;
    for (index, discount) in discounts.iter().enumerate() {
        text(&discount.code, CODE_MAX, &format!("{field}.{index}.code"))?;
    }
    Ok(())
}

/// Prices an order's lines: first each line's own discounts, then those of the order, then tax.
///
/// The lines hold no stock yet.
pub(super) fn price_lines(
    lines: &[LineToPrice<'_>],
    discounts: &[NewDiscount],
) -> Refused<Vec<OrderLine>> {
    let mut priced = Vec::with_capacity(lines.len());
    for (number, line) in (1..).zip(lines) {
        priced.push(price_line(number, line)?);
    }
    for (index, discount) in discounts.iter().enumerate() {
        discount_order(&mut priced, discount, &format!("discounts.{index}.value"))?;
    }
    for (index, (priced, line)) in priced.iter_mut().zip(lines).enumerate() {
        priced.taxes = taxes_on(priced.net_minor, line.taxes, &format!("lines.{index}"))?;
    }
    Ok(priced)
}

fn price_line(number: u32, line: &LineToPrice<'_>) -> Refused<OrderLine> {
    let field = format!("lines.{}", number - 1);
    let gross = i128::from(line.quantity) * i128::from(line.unit_price_minor);
    let gross_minor = amount(gross, &field)?;
    let mut priced = OrderLine {
        line: number,
        sku: line.sku.clone(),
        quantity: line.quantity,
        unit_price_minor: Some(line.unit_price_minor),
        gross_minor,
        discounts: Vec::new(),
        net_minor: gross_minor,
        taxes: Vec::new(),
        reservations: Vec::new(),
    };
    for (index, discount) in line.discounts.iter().enumerate() {
        let field = format!("{field}.discounts.{index}.value");
        let off = discount.amount_of(priced.net_minor, &field)?;
        take_off(&mut priced, DiscountScope::Line, discount, off);
    }
    Ok(priced)
}

/// Splits an order's discount over its lines by largest remainder on what is left of each: no
/// share is negative, none is more than its line.
fn discount_order(lines: &mut [OrderLine], discount: &NewDiscount, field: &str) -> Refused<()> {
    let nets: Vec<i64> = lines.iter().map(|line| line.net_minor).collect();
    let off = discount.amount_of(nets.iter().sum(), field)?;
    for (line, share) in lines.iter_mut().zip(largest_remainder(off, &nets)) {
        take_off(line, DiscountScope::Order, discount, share);
    }
    Ok(())
}

fn take_off(line: &mut OrderLine, scope: DiscountScope, discount: &NewDiscount, off: i64) {
    if off == 0 {
        return;
    }
    line.net_minor -= off;
    line.discounts.push(Discount {
        scope,
        code: discount.code.clone(),
        amount_minor: off,
    });
}

impl NewDiscount {
    /// What it takes off `left`: from nothing to all of it.
    fn amount_of(&self, left: i64, field: &str) -> Refused<i64> {
        match self.value {
            DiscountValue::Rate(ppm) => amount(share(left, rate(ppm, field)?, MILLION), field),
            DiscountValue::Amount(minor) if minor <= left => non_negative(minor, field),
            DiscountValue::Amount(minor) => {
                let message = format!("{minor} is taken off and {left} is left");
                Err(Refusal::at(code::DISCOUNT_TOO_LARGE, field, message))
            }
        }
    }
}

/// Each tax on a net amount, rounded half to even by itself.
pub(super) fn taxes_on(net_minor: i64, rates: &[TaxRate], field: &str) -> Refused<Vec<Tax>> {
    let tax = |rate: &TaxRate| {
        Ok(Tax {
            code: rate.code.clone(),
            rate_ppm: Some(rate.rate_ppm),
            amount_minor: amount(share(net_minor, rate.rate_ppm, MILLION), field)?,
        })
    };
    rates.iter().map(tax).collect()
}

/// Sums an order. Every sum is within the limit of one amount.
pub(super) fn totals(lines: &[OrderLine], shipping: Option<&Shipping>) -> Refused<Totals> {
    let sum =
        |of: fn(&OrderLine) -> i64| -> i128 { lines.iter().map(|line| i128::from(of(line))).sum() };
    let gross = sum(|line| line.gross_minor);
    let net = sum(|line| line.net_minor);
    let shipping_net = shipping.map_or(0, |shipping| i128::from(shipping.net_minor));
    let tax: i128 = lines
        .iter()
        .flat_map(|line| &line.taxes)
        .chain(shipping.iter().flat_map(|shipping| &shipping.taxes))
        .map(|tax| i128::from(tax.amount_minor))
        .sum();
    Ok(Totals {
        gross_minor: amount(gross, "lines")?,
        discount_minor: amount(gross - net, "lines")?,
        net_minor: amount(net, "lines")?,
        shipping_minor: amount(shipping_net, "shipping")?,
        tax_minor: amount(tax, "lines")?,
        total_minor: amount(net + shipping_net + tax, "lines")?,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::kernel::AMOUNT_MAX;

    fn off(code: &str, value: DiscountValue) -> NewDiscount {
        NewDiscount {
            code: code.to_owned(),
            value,
        }
    }

    /// Nets of lines with these gross amounts after these order discounts.
    fn nets(gross: &[i64], discounts: &[DiscountValue]) -> Refused<Vec<i64>> {
        let sku = Sku::from("A");
        let line = |unit_price_minor: &i64| LineToPrice {
            sku: &sku,
            quantity: 1,
            unit_price_minor: *unit_price_minor,
            discounts: &[],
            taxes: &[],
        };
        let lines: Vec<_> = gross.iter().map(line).collect();
        let discounts: Vec<_> = discounts.iter().map(|value| off("x", *value)).collect();
        let priced = price_lines(&lines, &discounts)?;
        Ok(priced.iter().map(|line| line.net_minor).collect())
    }

    #[test]
    fn the_last_line_is_never_left_with_more_than_its_price() {
        // Rounding each share and giving the rest to the last line would take −2 off it.
        let left = nets(&[105; 10], &[DiscountValue::Amount(7)]).expect("priced");
        assert_eq!(left, [104, 104, 104, 104, 104, 104, 104, 105, 105, 105]);
    }

    #[test]
    fn a_discount_takes_off_what_earlier_ones_left() {
        use DiscountValue::{Amount, Rate};
        let half = Rate(500_000);
        assert_eq!(nets(&[1000, 1000], &[half, half]), Ok(vec![250, 250]));
        assert_eq!(nets(&[1000], &[Rate(1_000_000), Rate(1)]), Ok(vec![0]));
        for (discounts, expected) in [
            (vec![Amount(2001)], "DISCOUNT_TOO_LARGE discounts.0.value"),
            (
                vec![half, Amount(1001)],
                "DISCOUNT_TOO_LARGE discounts.1.value",
            ),
            (vec![Amount(-1)], "AMOUNT_NEGATIVE discounts.0.value"),
            (vec![Amount(i64::MIN)], "AMOUNT_NEGATIVE discounts.0.value"),
            (
                vec![Amount(i64::MAX)],
                "DISCOUNT_TOO_LARGE discounts.0.value",
            ),
            (vec![Rate(-1)], "RATE_OUT_OF_RANGE discounts.0.value"),
            (vec![Rate(1_000_001)], "RATE_OUT_OF_RANGE discounts.0.value"),
        ] {
            let refusal = nets(&[1000, 1000], &discounts).expect_err("refused");
            let field = refusal.field.unwrap_or_default();
            assert_eq!(format!("{} {field}", refusal.code), expected);
        }
    }

    #[test]
    fn sums_beyond_the_limit_are_refused() {
        assert_eq!(nets(&[AMOUNT_MAX], &[]), Ok(vec![AMOUNT_MAX]));
        let sku = Sku::from("A");
        let line = |quantity, unit_price_minor| LineToPrice {
            sku: &sku,
            quantity,
            unit_price_minor,
            discounts: &[],
            taxes: &[],
        };
        let product = price_lines(&[line(i64::MAX, i64::MAX)], &[]).map_err(|r| r.code);
        assert_eq!(product, Err(code::AMOUNT_OUT_OF_RANGE));
        let lines = price_lines(&[line(1, AMOUNT_MAX); 250], &[]).expect("each is allowed");
        let sum = totals(&lines, None).map_err(|refusal| refusal.code);
        assert_eq!(sum, Err(code::AMOUNT_OUT_OF_RANGE));
    }

    fn discount() -> impl Strategy<Value = NewDiscount> {
        prop_oneof![
            (0_i64..3_000).prop_map(DiscountValue::Amount),
            (0..=MILLION).prop_map(DiscountValue::Rate),
        ]
        .prop_map(|value| off("x", value))
    }

    fn discounts() -> impl Strategy<Value = Vec<NewDiscount>> {
        proptest::collection::vec(discount(), 0..4)
    }

    proptest! {
        /// Invariant I1 of the retail model.
        #[test]
        fn the_parts_of_an_order_sum_to_its_total(
            lines in proptest::collection::vec((1_i64..20, 0_i64..10_000, discounts()), 1..12),
            order in discounts(),
            rates in proptest::collection::vec(0..=MILLION, 0..3),
            shipping in 0_i64..5_000,
        ) {
            let sku = Sku::from("A");
            let rates: Vec<TaxRate> = (0..)
                .zip(rates)
                .map(|(index, rate_ppm): (u8, i64)| TaxRate { code: index.to_string(), rate_ppm })
                .collect();
            let lines: Vec<_> = lines
                .iter()
                .map(|(quantity, unit_price_minor, discounts)| LineToPrice {
                    sku: &sku,
                    quantity: *quantity,
                    unit_price_minor: *unit_price_minor,
                    discounts,
                    taxes: &rates,
                })
                .collect();
            let priced = match price_lines(&lines, &order) {
                Ok(priced) => priced,
                Err(refusal) => {
                    prop_assert_eq!(refusal.code, code::DISCOUNT_TOO_LARGE);
                    return Ok(());
                }
            };
            let taxes = taxes_on(shipping, &rates, "shipping").expect("small");
            let shipping = Shipping { method: "post".to_owned(), net_minor: shipping, taxes };
            let totals = totals(&priced, Some(&shipping)).expect("small");

            let taxed = |taxes: &[Tax]| taxes.iter().map(|tax| tax.amount_minor).sum::<i64>();
            let mut discounted = 0;
            let mut total = shipping.net_minor + taxed(&shipping.taxes);
            for line in &priced {
                let off: i64 = line.discounts.iter().map(|discount| discount.amount_minor).sum();
                prop_assert!(line.discounts.iter().all(|discount| discount.amount_minor > 0));
                prop_assert!(off <= line.gross_minor && line.net_minor == line.gross_minor - off);
                discounted += off;
                total += line.net_minor + taxed(&line.taxes);
            }
            prop_assert_eq!((totals.discount_minor, totals.total_minor), (discounted, total));
            prop_assert_eq!(totals.gross_minor - totals.discount_minor, totals.net_minor);
        }
    }
}
