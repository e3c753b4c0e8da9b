//! How far a long command is.

use std::io::IsTerminal as _;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Between two lines of a log.
const LOG_EVERY: Duration = Duration::from_secs(5);

/// Is told how far a long command is.
pub trait Progress: Send + Sync {
    /// All bytes there are, if that is known.
    fn set_total_bytes(&self, bytes: u64);

    /// This many bytes and records more are done.
    fn advance(&self, bytes: u64, records: u64);
}

/// Tells nobody.
#[derive(Clone, Copy, Debug)]
pub struct Silent;

impl Progress for Silent {
    fn set_total_bytes(&self, _: u64) {}
    fn advance(&self, _: u64, _: u64) {}
}

/// A bar where somebody looks at standard error, and otherwise a line in the log every 5 seconds.
pub fn on_stderr() -> Box<dyn Progress> {
    if std::io::stderr().is_terminal() {
        Box::new(Bar::new())
    } else {
        Box::new(Log::new())
    }
}

/// A bar on standard error. It goes when it is dropped.
#[derive(Debug)]
pub struct Bar {
    bar: ProgressBar,
    records: Mutex<u64>,
}

impl Bar {
    fn new() -> Self {
        let bar = ProgressBar::no_length();
        let style = "{wide_bar} {bytes}/{total_bytes} {msg} records, {eta} left";
        if let Ok(style) = ProgressStyle::with_template(style) {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        Self {
            bar,
            records: Mutex::new(0),
        }
    }
}

impl Progress for Bar {
    fn set_total_bytes(&self, bytes: u64) {
        self.bar.set_length(bytes);
    }

    fn advance(&self, bytes: u64, records: u64) {
        let mut all = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        *all += records;
        self.bar.inc(bytes);
        // Formatting a message for every record would cost more than some records do.
        if *all % 100 < records {
            self.bar.set_message(all.to_string());
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Lines in the log.
#[derive(Debug)]
pub struct Log(Mutex<Told>);

#[derive(Debug)]
struct Told {
    bytes: u64,
    total_bytes: u64,
    records: u64,
    at: Instant,
}

impl Log {
    fn new() -> Self {
        Self(Mutex::new(Told {
            bytes: 0,
            total_bytes: 0,
            records: 0,
            at: Instant::now(),
        }))
    }
}

impl Progress for Log {
    fn set_total_bytes(&self, bytes: u64) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .total_bytes = bytes;
    }

    fn advance(&self, bytes: u64, records: u64) {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.bytes += bytes;
        told.records += records;
        if told.at.elapsed() >= LOG_EVERY {
            told.at = Instant::now();
            let Told {
                bytes,
                total_bytes,
                records,
                ..
            } = *told;
            tracing::info!(records, bytes, total_bytes, "working");
        }
    }
}
