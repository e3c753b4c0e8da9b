//! What is due is read page by page, in an order that has no two rows in one place: subscriptions of a
//! tenant fall due at one midnight, many at once.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        connection
            .execute_unprepared("DROP INDEX timer_due")
            .await?;
        connection
            .execute_unprepared(
                "CREATE INDEX timer_due ON timer (due_at, tenant_id, kind, subject_id)",
            )
            .await?;
        Ok(())
    }
}
