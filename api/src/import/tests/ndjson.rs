//! Orders in NDJSON.

use super::*;

const FULL: &str = r#"{"id": 123456789012345678901234567890, "placed_at": "2026-03-08T05:00:00Z",
    "currency": "USD", "customer": "c-7", "channel": "web",
    "lines": [{"sku": "A", "quantity": 2, "gross": "49.98", "unit_price": 24.99,
               "discounts": [{"code": "TWO", "amount": 5.55},
                             {"code": "ALL", "amount_minor": 1, "scope": "order"}],
               "tax": [{"code": "NY", "amount": "3.67", "rate_ppm": 82500}], "net_minor": 4442},
              {"sku": "B", "quantity": 0, "gross": 0}],
    "shipping": {"method": "standard", "net": "5.99"}, "total": "54.08",
    "payments": [{"provider": "card", "amount": "54.08", "ref": 99}], "shipped": true}"#;

fn full() -> String {
    FULL.replace('\n', " ")
}

#[tokio::test]
async fn an_order_is_recorded_as_it_stands_and_once() {
    let shop = Shop::new().await;
    let file = format!("\u{feff}{}\r\n\n", full());
    let report = shop.import(Kind::Orders, "orders.ndjson", &file).await;
    assert_eq!(counts(&report), (1, 0, 0), "{report}");
    let again = shop.import(Kind::Orders, "orders.jsonl", &file).await;
    assert_eq!(counts(&again), (0, 1, 0), "{again}");

    let orders = shop.orders().await;
    let [order] = &orders[..] else {
        panic!("{orders:?}")
    };
    let reference = order.external_ref.as_ref().expect("a reference");
    assert_eq!(reference.id, "123456789012345678901234567890");
    assert_eq!(order.channel, "web");
    let totals = order.totals;
    assert_eq!(
        (
            totals.gross_minor,
            totals.discount_minor,
            totals.net_minor,
            totals.total_minor
        ),
        (4998, 556, 4442, 5408)
    );
}

#[tokio::test]
async fn an_order_of_another_source_is_there_already_and_a_changed_one_is_refused() {
    let shop = Shop::new().await;
    shop.import(Kind::Orders, "orders.ndjson", full()).await;
    let elsewhere = ImportRequest {
        source: "other".to_owned(),
        ..shop.request(Kind::Orders, "orders.ndjson", full())
    };
    let report = shop.run(elsewhere).await.expect("a report");
    assert_eq!(counts(&report), (0, 1, 0));
    let changed = full().replace("c-7", "c-8");
    let report = shop.import(Kind::Orders, "orders.ndjson", changed).await;
    assert_eq!(refusals(&report), ["1 RECORD_CHANGED -"]);
}

const LINE: &str = r#"{"sku":"A","quantity":1,"gross":"1.00"}"#;

fn order(id: &str, lines: &str) -> String {
    let head = r#""placed_at":"2026-03-08T05:00:00Z","currency":"USD""#;
    format!(r#"{{"id":{id},{head},"lines":[{lines}]}}"#)
}

fn lines(count: usize) -> String {
    vec![LINE; count].join(",")
}

fn bad_orders() -> Vec<(String, &'static str)> {
    let long = format!("\"{}\"", "x".repeat(201));
    let of = |id: &str| order(id, LINE);
    let with = |from: &str, to: &str| of("3").replace(from, to);
    let payment = r#"],"payments":[{"provider":"card","amount":"1.01"}]}"#;
    vec![
        (of("\"a\\u0000b\""), "TEXT_MALFORMED id"),
        (of("\"\\ud800\""), "RECORD_MALFORMED -"),
        (of("1e3"), "FIELD_MALFORMED id"),
        (of("true"), "FIELD_MALFORMED id"),
        (of("null"), "FIELD_MISSING id"),
        (of(&long), "TEXT_MALFORMED id"),
        (order("3", ""), "LIST_EMPTY lines"),
        (order("3", &lines(251)), "LIST_TOO_LONG lines"),
        (order("3", "7"), "FIELD_MALFORMED lines.0"),
        (with("USD", "XAU"), "CURRENCY_UNKNOWN currency"),
        (with("USD", "JPY"), "AMOUNT_MALFORMED lines.0.gross"),
        (with("00:00Z", "00:00"), "TIME_MALFORMED placed_at"),
        (with("2026", "2126"), "TIME_OUT_OF_ORDER placed_at"),
        (
            with("\"lines\"", "\"channel\":\"fax\",\"lines\""),
            "CHANNEL_UNKNOWN channel",
        ),
        (with("]}", payment), "TOTALS_MISMATCH payments"),
        (with("]}", "],\"id\":4}"), "RECORD_MALFORMED -"),
        (
            of(&format!("\"{}\"", "x".repeat(LINE_MAX))),
            "RECORD_TOO_LONG -",
        ),
    ]
}

fn bad_lines() -> Vec<(String, &'static str)> {
    let with = |from: &str, to: &str| order("3", &LINE.replace(from, to));
    let quantity = |quantity: &str| with(":1,", &format!(":{quantity},"));
    let gross = |gross: &str| with("\"1.00\"", gross);
    let more = |more: &str| with("}", &format!(",{more}}}"));
    vec![
        (with("\"A\"", "\"Z\""), "SKU_UNKNOWN lines.0.sku"),
        (with("\"sku\":\"A\",", ""), "FIELD_MISSING lines.0.sku"),
        (quantity("-1"), "QUANTITY_NOT_POSITIVE lines.0.quantity"),
        (quantity("1.5"), "NUMBER_MALFORMED lines.0.quantity"),
        (quantity("9e99"), "NUMBER_MALFORMED lines.0.quantity"),
        (
            quantity("9223372036854775808"),
            "NUMBER_MALFORMED lines.0.quantity",
        ),
        (
            quantity("1000000000001"),
            "QUANTITY_OUT_OF_RANGE lines.0.quantity",
        ),
        (gross("\"1.000\""), "AMOUNT_MALFORMED lines.0.gross"),
        (gross("1e2"), "AMOUNT_MALFORMED lines.0.gross"),
        (gross("{}"), "FIELD_MALFORMED lines.0.gross"),
        (gross("\"-1.00\""), "AMOUNT_NEGATIVE lines.0.gross"),
        (
            gross("99999999999999.99"),
            "AMOUNT_OUT_OF_RANGE lines.0.gross",
        ),
        (
            gross("999999999999999999999.99"),
            "AMOUNT_OUT_OF_RANGE lines.0.gross",
        ),
        (more("\"gross_minor\":100"), "FIELD_MALFORMED lines.0.gross"),
        (more("\"net\":\"0.99\""), "TOTALS_MISMATCH lines.0.net"),
        (more("\"nett\":1"), "FIELD_UNKNOWN lines.0.nett"),
        (
            more("\"discounts\":[{\"code\":\"\",\"amount\":0}]"),
            "TEXT_MALFORMED lines.0.discounts.0.code",
        ),
        (
            more("\"tax\":[{\"code\":\"X\"}]"),
            "FIELD_MISSING lines.0.tax.0.amount",
        ),
    ]
}

#[tokio::test]
async fn a_bad_order_is_refused_where_it_is_bad_and_the_others_go_on() {
    let shop = Shop::new().await;
    let cases = [bad_orders(), bad_lines()].concat();
    let mut file = order("\"first\"", &lines(250));
    for (line, _) in &cases {
        file.push('\n');
        file.push_str(line);
    }
    file.push('\n');
    file.push_str(&order("\"last\"", LINE));
    let report = shop.import(Kind::Orders, "orders.ndjson", file).await;
    let numbered = (2..)
        .zip(&cases)
        .map(|(line, (_, refusal))| format!("{line} {refusal}"));
    assert_eq!(refusals(&report), numbered.collect::<Vec<_>>());
    assert_eq!(report.accepted, 2);
    let json = serde_json::to_string(&report).expect("JSON");
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["refusals"][0]["line"], 2);
}
