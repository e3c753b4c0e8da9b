use super::Orders;
use crate::testing::{rows_do_not_depend_on_batches, story};

#[tokio::test]
async fn rows_do_not_depend_on_batches_of_orders() {
    let tables = rows_do_not_depend_on_batches::<Orders>(&story()).await;
    println!("{tables:#?}");
}
