//! Why a login is not made or not taken away.

use sea_orm::DbErr;

/// What went wrong, for whoever runs the command.
#[derive(Debug, thiserror::Error)]
pub enum BiError {
    /// The embedded database knows no logins.
    #[error(
        "SQLite has no logins: write files for BI with `entrepot bi export`, or use PostgreSQL"
    )]
    Sqlite,
    /// The database URL is a server's, not the owner's.
    #[error(
        "`{0}`, as the database URL logs in, may not create roles: use the login that ran `entrepot migrate`, or give it CREATEROLE"
    )]
    MayNotCreateRoles(String),
    /// The groups of the roles are not there.
    #[error("the rights of BI logins are not set up: run `entrepot migrate` first")]
    NotMigrated,
    /// The user's name cannot be part of a login's.
    #[error("user `{0}`: 1 to 32 lower-case letters, digits and underscores, the first a letter")]
    UserName(String),
    /// A partner's rows cannot be told by a login.
    #[error(
        "role partner has no logins: its rows are those of the channels in its token, which SQL does not know; partners use the graph and `entrepot bi export`"
    )]
    Partner,
    /// Roles belong to the server, and the login to another of its databases.
    #[error(
        "login `{0}` is there already, for another database of this server: choose another user name"
    )]
    Elsewhere(String),
    /// There is no such login.
    #[error(
        "tenant `{tenant}` has no BI login for user `{user}`; `entrepot bi list` shows those it has"
    )]
    NoLogin {
        /// The tenant's slug.
        tenant: String,
        /// The user's name.
        user: String,
    },
    /// The password is too weak or cannot be typed everywhere.
    #[error("the password must have 16 to 128 printable ASCII characters and no space")]
    Password,
    /// Sessions of a revoked login did not end.
    #[error(
        "{0} sessions of `{1}` have not ended yet; it cannot log in any more. Run the command again"
    )]
    Sessions(i64, String),
    /// The operating system has no randomness.
    #[error("no randomness: {0}")]
    Random(getrandom::Error),
    /// The database refused.
    #[error(transparent)]
    Db(#[from] DbErr),
}
