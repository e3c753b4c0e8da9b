//! `entrepot bi grant`, `revoke` and `list`

use std::io::BufRead as _;

use clap::Args;
use entrepot_domain::kernel::TenantId;
use sea_orm::sqlx::postgres::PgConnectOptions;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::auth::Role;
use crate::bi::BiError;
use crate::bi::logins::{Granted, Owner, Terms, User};
use crate::bi::password::Password;
use crate::cli::output::say;
use crate::cli::{CliResult, token};
use crate::config::Place;
use crate::process;

/// Whose login.
#[derive(Clone, Debug, Args)]
pub(in crate::cli) struct UserArgs {
    /// The tenant's slug.
    #[arg(long)]
    tenant: String,
    /// The user's name: lower-case letters, digits and underscores. Logins are called
    /// `bi_<tenant's number>_<user>`.
    #[arg(long)]
    user: String,
}

/// What the login is to be.
#[derive(Clone, Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of its own on the command line"
)]
pub(in crate::cli) struct GrantArgs {
    #[command(flatten)]
    user: UserArgs,
    /// `commerce`, `finance`, `support` or `operator`: whose views it sees. A new login is finance's
    /// unless said otherwise; one that is there keeps its role.
    #[arg(long, value_parser = token::role)]
    role: Option<Role>,
    /// A schema of its own to write in, called as the login, for dbt and the like.
    #[arg(long)]
    workspace: bool,
    /// Read the password from the first line of standard input, instead of making one.
    #[arg(long, conflicts_with = "new_password")]
    password_stdin: bool,
    /// Make a new password for a login that is there.
    #[arg(long)]
    new_password: bool,
    /// Connections at once.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=100))]
    connections: u16,
    /// Seconds after which a statement is cut off.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    statement_timeout: u32,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// Which logins.
#[derive(Clone, Debug, Args)]
pub(in crate::cli) struct ListArgs {
    /// Only this tenant's, by slug.
    #[arg(long)]
    tenant: Option<String>,
    /// Print JSON lines.
    #[arg(long)]
    json: bool,
}

pub(super) async fn grant(place: &Place, args: &GrantArgs) -> CliResult {
    let owner = owner(place).await?;
    let user = user(place, &args.user).await?;
    let password = if args.password_stdin {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line)?;
        Some(Password::chosen(line.trim_end_matches(['\r', '\n']))?)
    } else if args.new_password {
        Some(Password::random()?)
    } else {
        None
    };
    let terms = Terms {
        role: args.role,
        password,
        workspace: args.workspace,
        connections: args.connections,
        statement_seconds: args.statement_timeout,
    };
    let granted = owner.grant(&user, &terms).await?;
    owner.close().await?;
    // Whoever typed the password knows it.
    let shown = granted.password.as_ref().filter(|_| !args.password_stdin);
    let url = url(place, &granted.login)?;
    if args.json {
        say(json!({
            "login": granted.login, "role": granted.role.name(), "workspace": granted.workspace,
            "password": shown.map(Password::text), "url": url,
        }));
        return Ok(());
    }
    report(&granted, shown, &url);
    Ok(())
}

fn report(granted: &Granted, password: Option<&Password>, url: &str) {
    say(format_args!("login      {}", granted.login));
    say(format_args!("role       {}", granted.role));
    if let Some(workspace) = &granted.workspace {
        say(format_args!("workspace  schema {workspace}"));
    }
    if let Some(password) = password {
        say(format_args!(
            "password   {}  (shown once, kept nowhere)",
            password.text()
        ));
    }
    say(format_args!("connect    psql {url}"));
    if !granted.temp_files_limited {
        say("note       temp_file_limit is not set: only a superuser may");
    }
}

pub(super) async fn revoke(place: &Place, args: &UserArgs) -> CliResult {
    let owner = owner(place).await?;
    let user = user(place, args).await?;
    owner.revoke(&user).await?;
    owner.close().await?;
    say(format_args!("{}: revoked", user.login()));
    Ok(())
}

pub(super) async fn list(place: &Place, args: &ListArgs) -> CliResult {
    let owner = owner(place).await?;
    let tenant = match &args.tenant {
        Some(slug) => Some(tenant(place, slug).await?),
        None => None,
    };
    for login in owner.list(tenant).await? {
        let role = login.role.as_deref().unwrap_or("none");
        if args.json {
            say(json!({
                "login": login.login, "role": login.role, "workspace": login.workspace,
                "connections": login.connections, "sessions": login.sessions,
            }));
        } else {
            let workspace = if login.workspace { "\tworkspace" } else { "" };
            let (sessions, connections) = (login.sessions, login.connections);
            say(format_args!(
                "{}\t{role}\t{sessions} of {connections} connections{workspace}",
                login.login
            ));
        }
    }
    Ok(owner.close().await?)
}

async fn owner(place: &Place) -> Result<Owner, Box<dyn std::error::Error + Send + Sync>> {
    Ok(Owner::connect(&place.database()?.url).await?)
}

async fn user(
    place: &Place,
    args: &UserArgs,
) -> Result<User, Box<dyn std::error::Error + Send + Sync>> {
    Ok(User::new(
        tenant(place, &args.tenant).await?,
        &args.tenant,
        &args.user,
    )?)
}

/// Tenants are read as the server reads them: the owner is under row-level security too.
async fn tenant(
    place: &Place,
    slug: &str,
) -> Result<TenantId, Box<dyn std::error::Error + Send + Sync>> {
    let app = process::open(place, &CancellationToken::new()).await?;
    let tenant = app.store.tenant(slug).await;
    app.store.db().close().await;
    Ok(tenant?)
}

/// Where the login finds the database, without its password.
fn url(place: &Place, login: &str) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
    let options: PgConnectOptions = place.database()?.url.parse().map_err(|_| BiError::Sqlite)?;
    let (host, port) = (options.get_host(), options.get_port());
    let database = options.get_database().unwrap_or("postgres");
    Ok(format!("postgres://{login}@{host}:{port}/{database}"))
}
