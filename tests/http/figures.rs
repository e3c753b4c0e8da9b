//! Figures of a run, as JSON lines on standard output.

use serde_json::Value as Json;

#[expect(
    clippy::print_stdout,
    reason = "figures are for whoever runs the tests"
)]
pub(super) fn say(figures: &Json) {
    println!("{figures}");
}
