//! What can go wrong between the program and its database.

use std::borrow::Cow;

use sea_orm::sqlx::error::DatabaseError;

/// A database error.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// The URL is neither `postgres://…` nor `sqlite:<path>`.
    #[error("the database URL must start with postgres:// or sqlite:")]
    Url,
    /// The database answered with an error, or not at all.
    #[error(transparent)]
    Sqlx(#[from] sea_orm::SqlxError),
    /// The same, through sea-orm.
    #[error(transparent)]
    Orm(#[from] sea_orm::DbErr),
    /// A value has a type that no table has.
    #[error("column `{0}` holds a value of a type that no table has")]
    Type(&'static str),
}

/// Text that was to be bound holds U+0000, which no text of a database does.
#[derive(Debug, thiserror::Error)]
#[error("text must not hold U+0000")]
pub(super) struct NulInText;

impl DbError {
    /// Whether the database is there and said no to the data: not a lost connection, not a lock or a
    /// time-out, which would go better the next time.
    pub fn refused(&self) -> bool {
        if matches!(self, Self::Type(_)) || self.nul_in_text() {
            return true;
        }
        let code = self.code();
        // PostgreSQL: classes 21 to 23, data and constraints. SQLite: 18 too big, 19 constraint, 20 type.
        code.is_some_and(|code| match code.parse::<i64>() {
            Ok(number) if code.len() < 5 => matches!(number & 0xff, 18..=20),
            _ => matches!(code.get(..2), Some("21" | "22" | "23")),
        })
    }

    /// Whether the database is not there, or not for now: no connection, shut down, out of room, a
    /// lock or a time-out. The same request may go better later; a wrong statement never does.
    pub fn passing(&self) -> bool {
        let Some(code) = self.code() else {
            return matches!(
                self.sqlx(),
                Some(
                    sea_orm::SqlxError::Io(_)
                        | sea_orm::SqlxError::Tls(_)
                        | sea_orm::SqlxError::Protocol(_)
                        | sea_orm::SqlxError::PoolTimedOut
                        | sea_orm::SqlxError::PoolClosed
                        | sea_orm::SqlxError::WorkerCrashed
                )
            ) || matches!(
                self,
                Self::Orm(sea_orm::DbErr::Conn(_) | sea_orm::DbErr::ConnectionAcquire(_))
            );
        };
        // PostgreSQL: classes 08 connection, 25P03 idle too long, 40 rollback, 53 resources,
        // 55 locks, 57 intervention, 58 the system. SQLite: 5 busy, 6 locked, 10 input and output,
        // 13 full, 14 not opened.
        match code.parse::<i64>() {
            Ok(number) if code.len() < 5 => matches!(number & 0xff, 5 | 6 | 10 | 13 | 14),
            _ => {
                code == "25P03"
                    || matches!(code.get(..2), Some("08" | "40" | "53" | "55" | "57" | "58"))
            }
        }
    }

    /// Whether a statement that commits by itself may have done so: there was no answer, or the server
    /// broke off.
    pub(super) fn outcome_unknown(&self) -> bool {
        // PostgreSQL: classes 08 connection, 57P intervention, 58 the system, XX internal.
        match self.code() {
            Some(code) => {
                code.starts_with("57P") || matches!(code.get(..2), Some("08" | "58" | "XX"))
            }
            None => !matches!(
                self.sqlx(),
                None | Some(sea_orm::SqlxError::Encode(_) | sea_orm::SqlxError::PoolTimedOut)
            ),
        }
    }

    /// Whether text that was to be bound holds U+0000: the caller's mistake, on either database.
    pub fn nul_in_text(&self) -> bool {
        matches!(self.sqlx(), Some(sea_orm::SqlxError::Encode(error)) if error.is::<NulInText>())
    }

    /// Whether a table is not there: PostgreSQL's `undefined_table`.
    pub fn no_such_table(&self) -> bool {
        self.code().as_deref() == Some("42P01")
    }

    /// Whether the application's role is not there, which the first migration makes.
    pub fn no_such_role(&self) -> bool {
        self.code().as_deref() == Some("22023")
    }

    fn code(&self) -> Option<Cow<'_, str>> {
        self.sqlx()?.as_database_error()?.code()
    }

    fn sqlx(&self) -> Option<&sea_orm::SqlxError> {
        match self {
            Self::Sqlx(error) => Some(error),
            Self::Orm(
                sea_orm::DbErr::Query(sea_orm::RuntimeErr::SqlxError(error))
                | sea_orm::DbErr::Exec(sea_orm::RuntimeErr::SqlxError(error)),
            ) => Some(error),
            Self::Url | Self::Type(_) | Self::Orm(_) => None,
        }
    }

    /// Whether a unique key was taken.
    pub fn unique_violation(&self) -> bool {
        match self {
            Self::Sqlx(error) => error
                .as_database_error()
                .is_some_and(DatabaseError::is_unique_violation),
            Self::Orm(error) => {
                matches!(
                    error.sql_err(),
                    Some(sea_orm::SqlErr::UniqueConstraintViolation(_))
                )
            }
            Self::Url | Self::Type(_) => false,
        }
    }
}
