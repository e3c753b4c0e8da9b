//! What became of a file.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use entrepot_domain::kernel::Refusal;
use serde::Serialize;

/// The most refusals that a report tells one by one.
const REFUSALS_MAX: usize = 10_000;

/// What became of a file's records.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Records that are in the log now and were not before.
    pub accepted: u64,
    /// Records that were there already.
    pub replayed: u64,
    /// Records that a rule refused.
    pub refused: u64,
    /// Whether the import was stopped before the end of the file.
    pub stopped: bool,
    /// How long it took.
    pub elapsed_ms: u64,
    /// How many were refused, by code.
    pub refused_by_code: BTreeMap<&'static str, u64>,
    /// The refusals, by line; at most the 10,000 that came first.
    pub refusals: Vec<RefusedRecord>,
    /// Refusals beyond those: counted, not listed.
    pub refusals_not_listed: u64,
}

/// A record that a rule refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RefusedRecord {
    /// The line, from 1.
    pub line: u64,
    /// The field, in the file's words.
    pub field: Option<String>,
    /// Stable, for programs.
    pub code: &'static str,
    /// For people.
    pub message: String,
}

impl Report {
    /// All records.
    pub const fn records(&self) -> u64 {
        self.accepted + self.replayed + self.refused
    }

    pub(super) fn refuse(&mut self, line: u64, refusal: Refusal) {
        self.refused += 1;
        *self.refused_by_code.entry(refusal.code).or_default() += 1;
        if self.refusals.len() == REFUSALS_MAX {
            self.refusals_not_listed += 1;
            return;
        }
        self.refusals.push(RefusedRecord {
            line,
            field: refusal.field,
            code: refusal.code,
            message: refusal.message,
        });
    }

    pub(super) fn finish(&mut self, elapsed: Duration) {
        self.elapsed_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        self.refusals.sort_by_key(|refused| refused.line);
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            accepted,
            replayed,
            refused,
            ..
        } = self;
        let (seconds, millis) = (self.elapsed_ms / 1000, self.elapsed_ms % 1000);
        let ended = if self.stopped { ", stopped early" } else { "" };
        writeln!(
            f,
            "{} records in {seconds}.{millis:03} s{ended}: \
             {accepted} accepted, {replayed} already there, {refused} refused",
            self.records()
        )?;
        for (code, count) in &self.refused_by_code {
            writeln!(f, "  {count:>9}  {code}")?;
        }
        for refusal in &self.refusals {
            writeln!(f, "{refusal}")?;
        }
        if self.refusals_not_listed > 0 {
            writeln!(f, "and {} refusals more", self.refusals_not_listed)?;
        }
        Ok(())
    }
}

impl fmt::Display for RefusedRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.code)?;
        if let Some(field) = &self.field {
            write!(f, " at {field}")?;
        }
        write!(f, ": {}", self.message)
    }
}
