//! What the tests that cross crates share: a database of a test's own on SQLite or PostgreSQL, a
//! retailer in it, random histories, and the proof that the books agree.
//!
//! A test takes a [`TestDb`], opens one store a node, and gives commands. [`both!`] runs it on both
//! databases. Nothing is skipped: without a server the PostgreSQL tests fail and say what to do.

#![expect(clippy::expect_used, reason = "tests")]

mod bustle;
mod database;
mod forge;
mod proof;
mod proxy;
mod random;
mod shop;

pub use bustle::Bustle;
pub use database::{TestDb, as_app, redis};
pub use forge::{Forged, forge};
pub use proof::{assert_whole, catch_up, log_findings, row_findings};
pub use proxy::{Cut, Proxy};
pub use random::Random;
pub use shop::{give, key, order, place, refusal, retailer, stock, submission, tenant};

/// Runs a test on both databases: `name::on_sqlite` and `name::on_postgres`.
#[macro_export]
macro_rules! both {
    ($($(#[$doc:meta])* async fn $name:ident($db:ident: $type:ty) $body:block)*) => {$(
        $(#[$doc])*
        async fn $name($db: $type) $body

        mod $name {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                super::$name($crate::TestDb::sqlite().await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() {
                super::$name($crate::TestDb::postgres().await).await;
            }
        }
    )*};
}
