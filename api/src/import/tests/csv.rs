//! Orders in CSV.

use super::*;

const HEADER: &str = "order_id,placed_at,currency,customer,channel,sku,quantity,gross,discount,\
                      discount_code,net,tax,tax_code,shipping,total,payment_provider,paid,shipped";
/// 19.00 net, 1.90 tax, 5.00 shipping.
const FIRST: &str = "2026-03-08T05:00:00Z,USD,c-1,,A,2,20.00,1.00,TWO,19.00,1.90,NY,5,25.90,\
                     card,25.90,true";
const SECOND: &str = ",,,,B,1,1.00,,,,,,,,,,";

/// The first row without a total, so that more rows may follow.
fn open() -> String {
    FIRST.replace(",25.90,card", ",,card")
}

#[tokio::test]
async fn consecutive_rows_are_one_order() {
    let shop = Shop::new().await;
    let file = format!("{HEADER}\n1,{FIRST}\n1,{SECOND}\n2,{FIRST}\n");
    let report = shop.import(Kind::Orders, "orders.csv", file).await;
    // The first has a line more than its total says.
    assert_eq!(refusals(&report), ["2 TOTALS_MISMATCH total"], "{report}");
    let orders = shop.orders().await;
    assert_eq!(orders.len(), 1);
    assert_eq!(orders[0].totals.total_minor, 2590);
    assert_eq!(orders[0].lines[0].discounts[0].code, "TWO");
}

#[tokio::test]
async fn a_refusal_names_the_row_and_the_column() {
    let shop = Shop::new().await;
    let bad = SECOND.replace(",B,1,1.00,", ",B,1,1.00,0.001");
    let unknown = SECOND.replace(",B,", ",Z,");
    let open = open();
    let file = format!("{HEADER}\n1,{open}\n1,{bad}\n2,{open}\n2,{SECOND}\n2,{unknown}\n");
    let report = shop.import(Kind::Orders, "orders.csv", file).await;
    assert_eq!(
        refusals(&report),
        ["3 AMOUNT_MALFORMED discount", "6 SKU_UNKNOWN sku"]
    );
}

#[tokio::test]
async fn a_row_that_cannot_be_read_takes_its_neighbours_and_no_other_order() {
    let shop = Shop::new().await;
    let open = open();
    let file = format!(
        "{HEADER}\n1,{FIRST}\n2,{open}\nbroken\n2,{SECOND}\n3,{FIRST}\nbroken\n4,{FIRST}\n\
         5,{FIRST}\n"
    );
    let report = shop.import(Kind::Orders, "orders.csv", file).await;
    assert_eq!(
        refusals(&report),
        [3, 4, 6, 7, 8].map(|line| format!("{line} RECORD_MALFORMED -"))
    );
    assert_eq!(report.accepted, 2);
}

#[tokio::test]
async fn an_order_has_at_most_250_rows() {
    let shop = Shop::new().await;
    let rows = |id: u32, more: usize| {
        format!(
            "{id},{}\n{}",
            open(),
            format!("{id},{SECOND}\n").repeat(more)
        )
    };
    let file = format!("{HEADER}\n{}{}", rows(1, 249), rows(2, 1_250));
    let report = shop.import(Kind::Orders, "orders.csv", file).await;
    assert_eq!(refusals(&report), ["252 LIST_TOO_LONG order_id"]);
    assert_eq!(report.accepted, 1);
}

#[tokio::test]
async fn a_header_with_a_column_twice_imports_nothing() {
    let shop = Shop::new().await;
    let file = format!("{HEADER},gross\n1,{FIRST},1\n");
    let request = shop.request(Kind::Orders, "orders.csv", file);
    let error = shop.run(request).await.expect_err("header");
    assert_eq!(error.to_string(), "the header: column `gross` stands twice");
}
