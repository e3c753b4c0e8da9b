//! Looking rows up by their keys, in one state or as of now.

use entrepot_domain::kernel::TenantId;
use sea_orm::sea_query::Value;
use sea_orm::{ConnectionTrait as _, DbBackend, QueryResult};

use super::{Db, DbError, Tx, Wanted, postgres, sqlite};

/// What rows are looked up in.
#[derive(Clone, Copy, Debug)]
pub enum View<'a> {
    /// What a transaction sees, and what it wrote.
    Of(&'a Tx),
    /// As of now, each time anew: no transaction is begun for it.
    Now(&'a Db),
}

impl View<'_> {
    /// The tenant's rows of a table whose `columns` are as one of the `wanted` rows of values: one
    /// statement text however many there are, and one look into the index for each, however little
    /// the database knows of the table yet.
    pub async fn lookup(
        self,
        table: &str,
        tenant: TenantId,
        columns: &[Wanted],
        wanted: Vec<Vec<Value>>,
    ) -> Result<Vec<QueryResult>, DbError> {
        let alone = matches!(self, Self::Now(_));
        let (sql, mut wanted) = match self.backend() {
            DbBackend::Postgres => {
                postgres::lookup(table, columns, wanted, alone.then_some(tenant))
            }
            _ => sqlite::lookup(table, columns, &wanted)?,
        };
        let mut values = vec![tenant.0.into()];
        values.append(&mut wanted);
        match self {
            Self::Of(tx) => tx.query_sql(&sql, values).await,
            Self::Now(db) => db.ask(&sql, values).await,
        }
    }

    fn backend(self) -> DbBackend {
        match self {
            Self::Of(tx) => tx.get_database_backend(),
            Self::Now(db) => db.backend(),
        }
    }
}
