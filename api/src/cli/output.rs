//! What commands say: results on standard output, progress on standard error.

use std::io::IsTerminal as _;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// Prints a result.
#[expect(clippy::print_stdout, reason = "a command's result")]
pub(crate) fn say(line: impl std::fmt::Display) {
    println!("{line}");
}

/// A counter of events, shown where somebody looks.
pub(crate) fn counter(what: &str, total: u64) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(total).with_message(what.to_owned());
    let style = ProgressStyle::with_template("{msg:30} {wide_bar} {pos}/{len} {per_sec} {eta}");
    if let Ok(style) = style {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}
