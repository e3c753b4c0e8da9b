//! What a record asks for, and where in the file each of its fields stands.

use std::sync::Arc;

use entrepot_domain::command::AnyCommand;
use entrepot_domain::kernel::{Refusal, Refused, code as rule};

/// A record of the file: read, not submitted.
pub(super) struct Record {
    /// Its first line, from 1.
    pub(super) line: u64,
    /// Bytes of the file since the record before it.
    pub(super) bytes: u64,
    /// What it asks for, or why nothing can be asked.
    pub(super) steps: Refused<Steps>,
    /// The lines of its rows, if it has several.
    pub(super) rows: Vec<u64>,
}

/// The commands of a record, in order.
pub(super) struct Steps {
    pub(super) steps: Vec<Step>,
    pub(super) place: Place,
}

/// A command with the key under which it happens once.
pub(super) struct Step {
    pub(super) key: String,
    pub(super) command: Arc<dyn AnyCommand>,
    /// The field whose `ALREADY_EXISTS` means that the record itself is there already.
    there_already_at: Option<&'static str>,
}

/// How to say a command's field in the file's words.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    spelled: &'static [(&'static str, &'static str)],
}

impl Steps {
    pub(super) fn one(step: Step, place: Place) -> Self {
        Self {
            steps: vec![step],
            place,
        }
    }
}

impl Step {
    pub(super) fn new(key: String, command: impl AnyCommand + 'static) -> Self {
        Self {
            key,
            command: Arc::new(command),
            there_already_at: None,
        }
    }

    pub(super) fn there_already_at(self, field: &'static str) -> Self {
        Self {
            there_already_at: Some(field),
            ..self
        }
    }

    /// Whether a refusal says that the subject is there already.
    pub(super) fn there_already(&self, refusal: &Refusal) -> bool {
        refusal.code == rule::ALREADY_EXISTS
            && self.there_already_at.is_some()
            && refusal.field.as_deref() == self.there_already_at
    }
}

impl Place {
    pub(super) const fn spelled(spelled: &'static [(&'static str, &'static str)]) -> Self {
        Self { spelled }
    }

    /// `lines.2.grossMinor` as the file has it: `lines.2.gross`.
    pub(super) fn of(self, field: &str) -> String {
        let parts: Vec<String> = field.split('.').map(|part| self.part(part)).collect();
        parts.join(".")
    }

    fn part(self, part: &str) -> String {
        if let Some((_, spelled)) = self.spelled.iter().find(|(name, _)| *name == part) {
            return (*spelled).to_owned();
        }
        let mut snake = String::with_capacity(part.len() + 4);
        for c in part.strip_suffix("Minor").unwrap_or(part).chars() {
            if c.is_ascii_uppercase() {
                snake.push('_');
            }
            snake.push(c.to_ascii_lowercase());
        }
        snake
    }
}
