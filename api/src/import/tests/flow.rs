//! Products, stock, and how an import begins and ends.

use std::sync::atomic::{AtomicU64, Ordering};

use super::*;

#[tokio::test]
async fn products_get_their_prices() {
    let shop = Shop::new().await;
    let file = "sku,title,tax_class,tracked,price,currency,category\n\
                C,Cake,exempt,false,2.50,USD,FOOD\n\
                A,Apple,exempt,,1.25,USD,\n\
                D,Dates,luxury,,1.00,USD,\n\
                E,Eggs,exempt,,1.00,,\n\
                \"F\0\",Figs,exempt,,,,\n\
                G,Grapes,exempt,maybe,,,\n";
    let report = shop.import(Kind::Products, "products.csv", file).await;
    let expected = [
        "4 TAX_CLASS_UNKNOWN tax_class",
        "5 FIELD_MISSING currency",
        "6 TEXT_MALFORMED sku",
        "7 FIELD_MALFORMED tracked",
    ];
    assert_eq!(counts(&report), (2, 0, 4));
    assert_eq!(refusals(&report), expected);
    let again = shop.import(Kind::Products, "products.csv", file).await;
    assert_eq!(counts(&again), (0, 2, 4));
    let line = r#"{"sku":"A","title":"Apple","tax_class":"exempt","price":-1,"currency":"USD"}"#;
    let report = shop.import(Kind::Products, "products.ndjson", line).await;
    assert_eq!(refusals(&report), ["1 AMOUNT_NEGATIVE price"]);
}

#[tokio::test]
async fn stock_is_received_once_for_each_receipt_sku_and_warehouse() {
    let shop = Shop::new().await;
    let file = "id,sku,warehouse,quantity,unit_cost,value,currency\n\
                r1,A,east,10,0.40,,USD\n\
                r1,B,east,3,,1.00,\n\
                r2,A,west,1,1.00,,\n\
                r2,A,east,0,1.00,,\n\
                r3,A,east,1,,,\n\
                r3,A,east,1,1.00,1.00,\n\
                r3,A,east,1,1.00,,EUR\n\
                r3,A,east,1,-1.00,,\n";
    let report = shop.import(Kind::Stock, "stock.csv", file).await;
    let expected = [
        "4 WAREHOUSE_UNKNOWN warehouse",
        "5 QUANTITY_NOT_POSITIVE quantity",
        "6 FIELD_MISSING unit_cost",
        "7 FIELD_MALFORMED value",
        "8 CURRENCY_MISMATCH currency",
        "9 AMOUNT_NEGATIVE unit_cost",
    ];
    assert_eq!(counts(&report), (2, 0, 6));
    assert_eq!(refusals(&report), expected);
    let again = shop.import(Kind::Stock, "stock.csv", file).await;
    assert_eq!(counts(&again), (0, 2, 6));
}

/// Stops an import after some records.
struct StopAfter(AtomicU64, CancellationToken);

impl Progress for StopAfter {
    fn set_total_bytes(&self, _: u64) {}
    fn advance(&self, _: u64, _: u64) {
        if self.0.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.1.cancel();
        }
    }
}

#[tokio::test]
async fn an_import_that_was_stopped_goes_on_where_it_was() {
    let shop = Shop::new().await;
    let product =
        |n: u32| format!("{{\"sku\":{n},\"title\":\"Number {n}\",\"tax_class\":\"exempt\"}}\n");
    let file: String = (0..3_000).map(product).collect();
    let token = CancellationToken::new();
    let progress = StopAfter(AtomicU64::new(700), token.clone());
    let request = shop.request(Kind::Products, "products.ndjson", file);
    let first = run(
        &shop.desk.store,
        shop.tenant,
        request.clone(),
        &progress,
        &token,
    )
    .await;
    let first = first.expect("a report");
    assert!(
        first.stopped && (700..=1_200).contains(&first.accepted),
        "{first}"
    );
    let second = shop.run(request).await.expect("a report");
    assert_eq!(counts(&second), (3_000 - first.accepted, first.accepted, 0));
    assert!(!second.stopped);
}

#[tokio::test]
async fn reading_ends_with_the_first_refusal_if_asked_to() {
    let shop = Shop::new().await;
    let request = ImportRequest {
        on_refusal: OnRefusal::Stop,
        ..shop.request(Kind::Products, "products.ndjson", "{}\n".repeat(5_000))
    };
    let report = shop.run(request).await.expect("a report");
    assert!(
        report.stopped && report.refused <= 256,
        "{}",
        report.refused
    );
}

#[tokio::test]
async fn a_request_that_makes_no_sense_is_an_error() {
    let shop = Shop::new().await;
    let request = shop.request(Kind::Orders, "orders.txt", "");
    let error = shop.run(request.clone()).await.expect_err("no format");
    assert!(matches!(error, ImportError::Format), "{error}");
    let absent = ImportRequest {
        path: "absent.csv".into(),
        ..request.clone()
    };
    let error = shop.run(absent).await.expect_err("no file");
    assert!(matches!(error, ImportError::Open { .. }), "{error}");
    let nul = ImportRequest {
        source: "a\0".to_owned(),
        format: Some(Format::Csv),
        ..request
    };
    let error = shop.run(nul).await.expect_err("no name");
    assert!(matches!(error, ImportError::Request(_)), "{error}");
}
