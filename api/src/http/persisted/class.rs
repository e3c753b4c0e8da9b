//! Classes of clients, from a file: who is of the class, and which documents they may send.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::manifest::Manifest;
use crate::auth::{Requester, Role, Roles};

/// Which documents a class may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Documents {
    /// Any, by their text.
    Any,
    /// Any, and they may be registered and then named by their hash.
    Apq,
    /// Those of the manifests and no others.
    Trusted,
}

/// A class of clients.
#[derive(Clone, Debug)]
pub(super) struct Class {
    clients: Vec<String>,
    roles: Roles,
    pub(super) documents: Documents,
    pub(super) manifest: Manifest,
}

/// All classes. A client is of the first that fits, and without any may send what it likes.
#[derive(Clone, Debug)]
pub struct Classes {
    classes: Vec<Class>,
    others: Class,
}

/// A file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {message}")]
pub struct ClassError {
    path: PathBuf,
    message: String,
}

/// A class as it stands in the file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    /// For people, and for messages about it.
    name: String,
    /// Claims `client_id`, `azp` or `sub`: any one of them. All clients without it.
    #[serde(default)]
    clients: Vec<String>,
    /// Any one of these roles. All roles without it.
    #[serde(default)]
    roles: Vec<String>,
    documents: Documents,
    /// Files, relative to this one.
    #[serde(default)]
    manifests: Vec<PathBuf>,
}

impl Default for Classes {
    fn default() -> Self {
        let others = Class {
            clients: Vec::new(),
            roles: Roles::EMPTY,
            documents: Documents::Apq,
            manifest: Manifest::default(),
        };
        Self {
            classes: Vec::new(),
            others,
        }
    }
}

impl Classes {
    /// Reads the file of classes, a JSON array of `{"name", "clients", "roles", "documents":
    /// "any|apq|trusted", "manifests"}`, and the manifests that it names.
    ///
    /// # Errors
    ///
    /// With the file and the entry that is wrong.
    pub fn read(path: &Path) -> Result<Self, ClassError> {
        let wrong = |message: String| ClassError {
            path: path.to_owned(),
            message,
        };
        let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
        let entries: Vec<Entry> =
            serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let mut classes = Self::default();
        for entry in entries {
            let name = entry.name.clone();
            let class = class(entry, folder).map_err(|error| match error {
                Wrong::Entry(message) => wrong(format!("class `{name}`: {message}")),
                Wrong::Manifest(error) => error,
            })?;
            classes.classes.push(class);
        }
        Ok(classes)
    }

    /// The class of a requester: the same at every entrance, or one with a role beside it would be a
    /// way around a class.
    pub(super) fn of(&self, requester: &Requester) -> &Class {
        let fits = |class: &&Class| {
            let client = class.clients.iter().any(|it| it == requester.client());
            (class.clients.is_empty() || client)
                && (class.roles.is_empty() || requester.held().intersects(class.roles))
        };
        self.classes.iter().find(fits).unwrap_or(&self.others)
    }
}

enum Wrong {
    Entry(String),
    Manifest(ClassError),
}

fn class(entry: Entry, folder: &Path) -> Result<Class, Wrong> {
    let role = |name: &String| {
        let known = Role::from_name(name);
        known.ok_or_else(|| Wrong::Entry(format!("there is no role `{name}`")))
    };
    let roles = entry.roles.iter().map(role).collect::<Result<_, _>>()?;
    let mut manifest = Manifest::default();
    for file in &entry.manifests {
        let path = folder.join(file);
        let read = manifest.read(&path);
        read.map_err(|message| Wrong::Manifest(ClassError { path, message }))?;
    }
    if entry.documents == Documents::Trusted && manifest.is_empty() {
        let message = "trusted documents need a manifest with at least one";
        return Err(Wrong::Entry(message.to_owned()));
    }
    Ok(Class {
        clients: entry.clients,
        roles,
        documents: entry.documents,
        manifest,
    })
}
