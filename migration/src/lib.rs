//! The schema's history: one file a change, never edited once released, the same for SQLite and
//! PostgreSQL. What differs between the two stands in [`dialect`].

pub use sea_orm_migration::MigratorTrait;
use sea_orm_migration::prelude::*;

pub mod bi;
mod dialect;
mod m20261123_000001_log;
mod m20261123_000002_read_models;
mod m20261125_000003_bi;
mod m20261130_000004_log_moves;
mod m20261201_000005_timer_order;

/// Brings a database up to date.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261123_000001_log::Migration),
            Box::new(m20261123_000002_read_models::Migration),
            Box::new(m20261125_000003_bi::Migration),
            Box::new(m20261130_000004_log_moves::Migration),
            Box::new(m20261201_000005_timer_order::Migration),
        ]
    }
}
