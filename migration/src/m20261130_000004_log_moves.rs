//! Says whether any tenant's log has moved, so that nobody looks through all tenants to find that none
//! has. Not transactional: a move is counted before it is committed.

use sea_orm_migration::prelude::*;

use crate::dialect::{APP_ROLE, postgres, run};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if !postgres(manager) {
            return Ok(());
        }
        run(manager, LOG_MOVES).await?;
        let rights = format!("GRANT USAGE, SELECT ON SEQUENCE log_moves TO {APP_ROLE}");
        run(manager, &rights).await
    }
}

/// A sequence, because appends of different tenants must not wait for each other; a trigger, so that
/// whoever moves a head is counted, an older release too. Its first value cannot be told from none.
const LOG_MOVES: &str = "
CREATE SEQUENCE log_moves;
SELECT nextval('log_moves');
CREATE FUNCTION count_log_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM nextval('public.log_moves');
  RETURN NULL;
END
$$;
CREATE TRIGGER tenant_head_moves AFTER INSERT OR UPDATE ON tenant_head
  FOR EACH STATEMENT EXECUTE FUNCTION count_log_move();
";
