//! Where a process finds what it works on: flags, and for each the environment variable `ENTREPOT_…`.
//! How much it lets others have is in `bounds`, what it serves in `server`.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;
use entrepot_event_store::db::DbOptions;
use serde::Deserialize;

use crate::auth::{Algorithm, ClaimNames, IssuerConfig, JwksSource};
use crate::secrets::{SECRET_MIN, Secrets};

/// Our name in claim `aud` unless an issuer says otherwise.
pub const AUDIENCE: &str = "entrepot";

/// Where data and secrets are. Every command takes these.
#[derive(Clone, Debug, Args)]
pub struct Place {
    /// Folder of the embedded default: the SQLite file and the generated secret.
    #[arg(
        long,
        env = "ENTREPOT_DATA_DIR",
        default_value = "./entrepot-data",
        global = true
    )]
    pub data_dir: PathBuf,
    /// `postgres://user:password@host/database` or `sqlite:<path>`. Default: a SQLite file in the data folder.
    #[arg(
        long,
        env = "ENTREPOT_DATABASE_URL",
        global = true,
        hide_env_values = true
    )]
    pub database_url: Option<String>,
    /// Database connections, for each of reading and writing.
    #[arg(
        long,
        env = "ENTREPOT_DATABASE_CONNECTIONS",
        default_value_t = 16,
        global = true
    )]
    pub database_connections: u32,
    /// `redis://host`: hints between nodes. Everything works without, live updates of other nodes a second later.
    #[arg(
        long,
        env = "ENTREPOT_REDIS_URL",
        global = true,
        hide_env_values = true
    )]
    pub redis_url: Option<String>,
    /// At least 32 bytes that all nodes share, from which keys are derived. Default: generated into the data folder.
    #[arg(long, env = "ENTREPOT_SECRET", global = true, hide_env_values = true)]
    pub secret: Option<String>,
}

/// What is wrong with the configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The secret is too short.
    #[error("the secret must have at least {SECRET_MIN} bytes")]
    SecretShort,
    /// The routers' secret is too short.
    #[error("the routers' secret must have at least {SECRET_MIN} bytes")]
    RouterSecretShort,
    /// The operating system has no randomness.
    #[error("no randomness: {0}")]
    Random(getrandom::Error),
    /// The issuers' file does not parse.
    #[error("{path}: {message}")]
    Issuers {
        /// Which.
        path: PathBuf,
        /// Why.
        message: String,
    },
}

impl Place {
    /// How to open the database.
    pub fn database(&self) -> Result<DbOptions, ConfigError> {
        let url = if let Some(url) = &self.database_url {
            url.clone()
        } else {
            self.make_data_dir()?;
            format!("sqlite:{}", self.data_dir.join("entrepot.db").display())
        };
        Ok(DbOptions::new(url, self.database_connections.max(1)))
    }

    /// The deployment's secret: given, or generated once and kept beside the data.
    pub fn secrets(&self) -> Result<Secrets, ConfigError> {
        let secret = match &self.secret {
            Some(secret) => secret.clone().into_bytes(),
            None => self.generated_secret()?,
        };
        Secrets::new(secret).ok_or(ConfigError::SecretShort)
    }

    fn generated_secret(&self) -> Result<Vec<u8>, ConfigError> {
        self.make_data_dir()?;
        let path = self.data_dir.join("secret.key");
        let failed = |source| ConfigError::File {
            path: path.clone(),
            source,
        };
        // `create_new` lets one of two processes that start together win; the other reads.
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        match options.open(&path) {
            Ok(mut file) => {
                let mut bytes = [0; SECRET_MIN];
                getrandom::fill(&mut bytes).map_err(ConfigError::Random)?;
                file.write_all(hex::encode(bytes).as_bytes())
                    .map_err(failed)?;
                file.sync_all().map_err(failed)?;
            }
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(failed(error)),
        }
        std::fs::read(&path).map_err(failed)
    }

    fn make_data_dir(&self) -> Result<(), ConfigError> {
        let path = &self.data_dir;
        std::fs::create_dir_all(path).map_err(|source| ConfigError::File {
            path: path.clone(),
            source,
        })
    }
}

/// One production issuer in the issuers' file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct IssuerEntry {
    issuer: String,
    algorithm: String,
    jwks: String,
    audience: Option<String>,
    ttl_max_seconds: Option<i64>,
    typ: Option<String>,
    #[serde(default)]
    claims: ClaimEntry,
}

/// What an issuer calls our claims.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ClaimEntry {
    tenant: Option<String>,
    tenants: Option<String>,
    roles: Option<String>,
    channels: Option<String>,
}

/// Reads the production issuers: a JSON array of
/// `{"issuer", "algorithm": "RS256|ES256|EdDSA", "jwks": "<path or https URL>"}`, with `audience`,
/// `ttl_max_seconds`, `typ` (`at+jwt`, or `any` for providers that write `JWT`) and `claims` where
/// they differ from the defaults.
pub fn issuers(path: &Path) -> Result<Vec<IssuerConfig>, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|source| ConfigError::File {
        path: path.to_owned(),
        source,
    })?;
    let wrong = |message: String| ConfigError::Issuers {
        path: path.to_owned(),
        message,
    };
    let entries: Vec<IssuerEntry> =
        serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    entries
        .into_iter()
        .map(|entry| issuer(entry).map_err(wrong))
        .collect()
}

fn issuer(entry: IssuerEntry) -> Result<IssuerConfig, String> {
    let algorithm = Algorithm::from_name(&entry.algorithm).ok_or_else(|| {
        format!(
            "issuer `{}`: algorithm `{}` is not RS256, ES256 or EdDSA",
            entry.issuer, entry.algorithm
        )
    })?;
    let audience = entry.audience.as_deref().unwrap_or(AUDIENCE);
    let mut config = IssuerConfig::production(
        &entry.issuer,
        audience,
        algorithm,
        JwksSource::parse(&entry.jwks),
    );
    if let Some(ttl) = entry.ttl_max_seconds {
        config.ttl_max_s = ttl;
    }
    config.typed = match entry.typ.as_deref() {
        None | Some("at+jwt") => true,
        Some("any") => false,
        Some(other) => {
            return Err(format!(
                "issuer `{}`: typ `{other}` is not at+jwt or any",
                entry.issuer
            ));
        }
    };
    let defaults = ClaimNames::default();
    config.claims = ClaimNames {
        tenant: entry.claims.tenant.unwrap_or(defaults.tenant),
        tenants: entry.claims.tenants.unwrap_or(defaults.tenants),
        roles: entry.claims.roles.unwrap_or(defaults.roles),
        channels: entry.claims.channels.unwrap_or(defaults.channels),
    };
    Ok(config)
}
