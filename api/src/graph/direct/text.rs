//! JSON as it is written.

use std::fmt::Display;
use std::io::Write as _;

use async_graphql::Value;
use axum::body::Bytes;

use super::plan::{Plan, What};

/// One member of a list, on its way.
#[derive(Debug, Default)]
pub(crate) struct Text {
    bytes: Vec<u8>,
    spent: u64,
}

impl Text {
    /// What the fields written so far cost.
    pub(super) const fn spent(&self) -> u64 {
        self.spent
    }

    /// An object by its plan. `field` writes one of its fields, and says how many members its value
    /// has.
    pub(crate) fn object(
        &mut self,
        plan: &Plan,
        mut field: impl FnMut(&mut Self, u16, &Plan) -> Option<u64>,
    ) -> Option<()> {
        self.bytes.push(b'{');
        for step in &plan.steps {
            self.bytes.extend_from_slice(step.key.as_bytes());
            match &step.what {
                What::Typename(name) => self.bytes.extend_from_slice(name.as_bytes()),
                What::Field {
                    index,
                    weight,
                    inner,
                } => {
                    let members = field(self, *index, inner)?;
                    self.spent += weight.saturating_mul(members);
                }
            }
        }
        self.bytes.push(b'}');
        Some(())
    }

    /// A list.
    pub(super) fn list<T>(
        &mut self,
        members: &[T],
        mut write: impl FnMut(&mut Self, &T) -> Option<()>,
    ) -> Option<()> {
        self.bytes.push(b'[');
        for (index, member) in members.iter().enumerate() {
            if index > 0 {
                self.bytes.push(b',');
            }
            write(self, member)?;
        }
        self.bytes.push(b']');
        Some(())
    }

    /// What is JSON as it stands: numbers, `true`, `null`.
    pub(super) fn bare(&mut self, value: impl Display) -> Option<()> {
        write!(self.bytes, "{value}").ok()
    }

    /// A text of characters that need no escape.
    pub(crate) fn quoted(&mut self, value: impl Display) -> Option<()> {
        write!(self.bytes, "\"{value}\"").ok()
    }

    /// Any text.
    pub(super) fn string(&mut self, value: &str) -> Option<()> {
        serde_json::to_writer(&mut self.bytes, value).ok()
    }

    /// The whole.
    pub(super) fn into_bytes(self) -> Bytes {
        self.bytes.into()
    }
}

/// JSON as a value of the library, which is put into the answer as it stands: no value of the graph is
/// binary.
pub(crate) const fn json(text: Bytes) -> Value {
    Value::Binary(text)
}
