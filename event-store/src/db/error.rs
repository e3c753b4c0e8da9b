//! What can go wrong between the program and its database.

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
    Type(String),
}

impl DbError {
    /// Whether a unique key was taken.
    pub fn unique_violation(&self) -> bool {
        match self {
            Self::Sqlx(error) => error
                .as_database_error()
                .is_some_and(|error| error.is_unique_violation()),
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
