//! What rules refuse, and commands that no rule gets to see.

use serde_json::{Value as Json, json};

use super::{Refused, malformed_command, refused};
use crate::client::Client;
use crate::schema::Schema;
use crate::shopfront::{nobodys, order_of, with};

/// One more than an amount may have, in minor units.
const TOO_MUCH: &str = "1000000000000001";
/// One more than 64 bits hold.
const OVERFLOW: &str = "9223372036854775808";

/// An order of one line with something else in the line.
fn line(changes: Json) -> Json {
    let line = with(&json!({ "sku": "A", "quantity": "1" }), changes);
    json!({ "channel": "web", "lines": [line] })
}

pub(super) async fn bad_orders(seller: &Refused<'_>) {
    let good = order_of("A", 1);
    let unknown = nobodys("gid://entrepot/Customer/0");
    for (input, code, field) in [
        (
            line(json!({ "sku": "NONESUCH" })),
            "SKU_UNKNOWN",
            "lines.0.sku",
        ),
        (line(json!({ "sku": "" })), "TEXT_MALFORMED", "lines.0.sku"),
        (
            line(json!({ "sku": "A\u{0}" })),
            "TEXT_MALFORMED",
            "lines.0.sku",
        ),
        (
            line(json!({ "sku": "x".repeat(65) })),
            "TEXT_MALFORMED",
            "lines.0.sku",
        ),
        (
            line(json!({ "quantity": "0" })),
            "QUANTITY_NOT_POSITIVE",
            "lines.0.quantity",
        ),
        (
            line(json!({ "quantity": "-1" })),
            "QUANTITY_NOT_POSITIVE",
            "lines.0.quantity",
        ),
        (
            line(json!({ "quantity": i64::MAX.to_string() })),
            "QUANTITY_OUT_OF_RANGE",
            "lines.0.quantity",
        ),
        (
            line(json!({ "quantity": "1000001" })),
            "OUT_OF_STOCK",
            "lines.0.quantity",
        ),
        (
            line(json!({ "unitPriceMinor": "-1" })),
            "AMOUNT_NEGATIVE",
            "lines.0.unitPriceMinor",
        ),
        (
            line(json!({ "unitPriceMinor": TOO_MUCH })),
            "AMOUNT_OUT_OF_RANGE",
            "lines.0.unitPriceMinor",
        ),
        (with(&good, json!({ "lines": [] })), "LIST_EMPTY", "lines"),
        (
            with(
                &good,
                json!({ "lines": vec![good["lines"][0].clone(); 251] }),
            ),
            "LIST_TOO_LONG",
            "lines",
        ),
        (
            with(&good, json!({ "channel": "nonesuch" })),
            "CHANNEL_UNKNOWN",
            "channel",
        ),
        (
            with(&good, json!({ "currency": "EUR" })),
            "PRICE_MISSING",
            "lines.0.unitPriceMinor",
        ),
        (
            with(&good, json!({ "customerId": unknown })),
            "NOT_FOUND",
            "customerId",
        ),
        (
            with(&good, json!({ "placedAt": "2999-01-01T00:00:00Z" })),
            "TIME_OUT_OF_ORDER",
            "placedAt",
        ),
        (
            with(&good, json!({ "externalId": "" })),
            "TEXT_MALFORMED",
            "externalId",
        ),
        (
            with(
                &good,
                json!({ "discounts": [{ "code": "X", "amountMinor": "2500" }] }),
            ),
            "DISCOUNT_TOO_LARGE",
            "discounts.0",
        ),
        (
            with(
                &good,
                json!({ "discounts": [{ "code": "X", "ratePpm": "1000001" }] }),
            ),
            "RATE_OUT_OF_RANGE",
            "discounts.0",
        ),
    ] {
        refused(seller, "orderPlace", input, code, field).await;
    }
    // Two lines that together are more than one document may be.
    let large = json!({ "sku": "GIFT", "quantity": "1000", "unitPriceMinor": "999999999999" });
    let sum = with(&good, json!({ "lines": [large, large] }));
    refused(seller, "orderPlace", sum, "AMOUNT_OUT_OF_RANGE", "lines").await;

    for changes in [
        json!({ "customerId": "gid://entrepot/Order/00000000-0000-7000-8000-000000000000" }),
        json!({ "customerId": "nonsense" }),
        json!({ "currency": "XXX" }),
        json!({ "currency": "usd" }),
        json!({ "placedAt": "yesterday" }),
        json!({ "idempotencyKey": "" }),
        json!({ "idempotencyKey": "x".repeat(256) }),
        json!({ "idempotencyKey": "a\u{0}" }),
        json!({ "discounts": [{ "code": "X" }] }),
        json!({ "discounts": [{ "code": "X", "amountMinor": "1", "ratePpm": "1" }] }),
        json!({ "lines": [{ "sku": "A", "quantity": OVERFLOW }] }),
        json!({ "lines": [{ "sku": "A", "quantity": "1.5" }] }),
        json!({ "lines": [{ "sku": "A", "quantity": 1.5 }] }),
        json!({ "lines": [{ "sku": "A", "quantity": true }] }),
        json!({ "lines": [{ "sku": null, "quantity": "1" }] }),
        json!({ "lines": [{ "sku": "A" }] }),
        json!({ "lines": [null] }),
        json!({ "total": "1" }),
        json!({ "tenantId": "2" }),
        json!({ "shippingAddress": { "line1": "", "city": "X", "country": "US" } }),
        json!({ "shippingAddress": { "line1": "a\u{0}b", "city": "X", "country": "US" } }),
    ] {
        malformed_command(
            seller.0,
            "orderPlace",
            with(&good, changes),
            "BAD_USER_INPUT",
        )
        .await;
    }
}

pub(super) async fn bad_imports(seller: &Refused<'_>) {
    let line = |changes: Json| {
        with(
            &json!({ "sku": "A", "quantity": "1", "grossMinor": "1000" }),
            changes,
        )
    };
    let good = json!({
        "channel": "web", "externalId": "7", "currency": "USD", "placedAt": "2026-01-01T00:00:00Z",
        "lines": [line(json!({}))],
    });
    for (changes, code, field) in [
        (
            json!({ "lines": [line(json!({ "sku": "NONESUCH" }))] }),
            "SKU_UNKNOWN",
            "lines.0.sku",
        ),
        (
            json!({ "lines": [line(json!({ "quantity": "-1" }))] }),
            "QUANTITY_NOT_POSITIVE",
            "lines.0.quantity",
        ),
        (
            json!({ "lines": [line(json!({ "grossMinor": TOO_MUCH }))] }),
            "AMOUNT_OUT_OF_RANGE",
            "lines.0.grossMinor",
        ),
        (
            json!({ "lines": [line(json!({ "netMinor": "999" }))] }),
            "TOTALS_MISMATCH",
            "lines.0.netMinor",
        ),
        (
            json!({ "totalMinor": "999" }),
            "TOTALS_MISMATCH",
            "totalMinor",
        ),
    ] {
        refused(seller, "orderImport", with(&good, changes), code, field).await;
    }
}

pub(super) async fn bad_payments(seller: &Refused<'_>, order: &str) {
    let authorize = json!({ "orderId": order, "provider": "stripe", "amountMinor": "1000" });
    for (changes, code, field) in [
        (
            json!({ "amountMinor": "0" }),
            "AMOUNT_NOT_POSITIVE",
            "amountMinor",
        ),
        (
            json!({ "amountMinor": TOO_MUCH }),
            "AMOUNT_OUT_OF_RANGE",
            "amountMinor",
        ),
        (
            json!({ "currency": "EUR" }),
            "CURRENCY_MISMATCH",
            "currency",
        ),
        (json!({ "orderId": nobodys(order) }), "NOT_FOUND", "orderId"),
        (json!({ "provider": "\u{7}" }), "TEXT_MALFORMED", "provider"),
    ] {
        refused(
            seller,
            "paymentAuthorize",
            with(&authorize, changes),
            code,
            field,
        )
        .await;
    }
}

/// The payment's own bounds, of which the first half is recorded.
pub(super) async fn bad_captures(boss: &Refused<'_>, payment: &Json) {
    let capture = |amount: &str| json!({ "paymentId": payment, "amountMinor": amount });
    let refund =
        |amount: &str| json!({ "paymentId": payment, "amountMinor": amount, "reason": "why" });
    refused(
        boss,
        "paymentCapture",
        capture("601"),
        "CAPTURE_EXCEEDS_AUTHORIZED",
        "amountMinor",
    )
    .await;
    refused(
        boss,
        "paymentRefund",
        refund("401"),
        "REFUND_EXCEEDS_CAPTURED",
        "amountMinor",
    )
    .await;
    refused(
        boss,
        "paymentRefund",
        refund("-1"),
        "AMOUNT_NOT_POSITIVE",
        "amountMinor",
    )
    .await;
    let unknown = with(
        &refund("1"),
        json!({ "paymentId": nobodys(payment.as_str().unwrap()) }),
    );
    refused(boss, "paymentRefund", unknown, "NOT_FOUND", "paymentId").await;
}

pub(super) async fn bad_stock(seller: &Refused<'_>) {
    let receive = json!({ "sku": "A", "warehouse": "east", "quantity": "1", "unitCostMinor": "1" });
    for (changes, code, field) in [
        (json!({ "sku": "NONESUCH" }), "SKU_UNKNOWN", "sku"),
        (
            json!({ "warehouse": "nonesuch" }),
            "WAREHOUSE_UNKNOWN",
            "warehouse",
        ),
        (
            json!({ "quantity": "0" }),
            "QUANTITY_NOT_POSITIVE",
            "quantity",
        ),
        (
            json!({ "quantity": "1000000000001" }),
            "QUANTITY_OUT_OF_RANGE",
            "quantity",
        ),
        (
            json!({ "quantity": "1000000", "unitCostMinor": "1000000000000" }),
            "AMOUNT_OUT_OF_RANGE",
            "unitCostMinor",
        ),
        (
            json!({ "unitCostMinor": "-1" }),
            "AMOUNT_NEGATIVE",
            "unitCostMinor",
        ),
    ] {
        refused(seller, "stockReceive", with(&receive, changes), code, field).await;
    }
    malformed_command(
        seller.0,
        "stockReceive",
        with(&receive, json!({ "totalCostMinor": "1" })),
        "BAD_USER_INPUT",
    )
    .await;
    let lost =
        json!({ "sku": "A", "warehouse": "east", "quantityDelta": "-1001", "reason": "lost" });
    refused(seller, "stockAdjust", lost, "OUT_OF_STOCK", "quantityDelta").await;
}

pub(super) async fn bad_tenants(operator: &Client, schema: &Schema) {
    let create =
        json!({ "slug": "west", "name": "West", "baseCurrency": "USD", "timeZone": "UTC" });
    let operator = &Refused(&operator.with("entrepot-tenant", "west"), schema);
    for (changes, code, field) in [
        (
            json!({ "timeZone": "Mars/Olympus" }),
            "TIME_ZONE_UNKNOWN",
            "timeZone",
        ),
        (json!({ "slug": "West" }), "TEXT_MALFORMED", "slug"),
        (json!({ "slug": "north" }), "ALREADY_EXISTS", "slug"),
        (json!({ "name": "" }), "TEXT_MALFORMED", "name"),
    ] {
        refused(
            operator,
            "tenantCreate",
            with(&create, changes),
            code,
            field,
        )
        .await;
    }
    malformed_command(
        operator.0,
        "tenantCreate",
        with(&create, json!({ "baseCurrency": "XAU" })),
        "BAD_USER_INPUT",
    )
    .await;
}
