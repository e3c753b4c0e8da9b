//! `entrepot bench`

use super::CliResult;
use super::output::say;
use crate::bench::{self, BenchArgs};
use crate::config::Place;
use crate::server::stop_on_signal;

pub(super) async fn run(place: &Place, args: &BenchArgs) -> CliResult {
    let figures = bench::run(place, args, &stop_on_signal()).await?;
    for figure in figures {
        if args.json {
            say(serde_json::to_string(&figure)?);
        } else {
            say(figure);
        }
    }
    Ok(())
}
