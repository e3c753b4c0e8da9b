//! Clients that place orders, each as soon as the last one was acknowledged.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::Result;
use super::client::{Caller, Client};
use super::ground::Ground;
use super::retailer::{CHANNEL, caller, order_request};
use super::server::Server;

/// Before acknowledgements are counted: lanes start, plans are made, connections open.
const WARM_UP: Duration = Duration::from_millis(500);
/// What an answer to a command is asked for in.
pub(super) const ACCEPT: &str = "application/graphql-response+json";

/// How many ask, for how many, for how long.
#[derive(Clone, Copy, Debug)]
pub(super) struct Load {
    pub(super) clients: usize,
    pub(super) tenants: usize,
    pub(super) window: Duration,
}

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// From sending to the acknowledgement, of commands acknowledged within the window.
    pub(super) latencies: Vec<Duration>,
    /// Commands acknowledged at any time, warm-up included.
    pub(super) acknowledged: usize,
    /// Answers that acknowledge nothing.
    pub(super) refused: usize,
    /// The first of those.
    refusal: Option<String>,
}

impl Load {
    /// Runs the clients to the end of the window.
    pub(super) async fn run(self, ground: &Ground, server: &Server) -> Result<Outcome> {
        let callers: Result<Vec<Caller>> = (0..self.tenants)
            .map(|tenant| caller(ground, server.address, tenant, ACCEPT))
            .collect();
        let callers: Arc<[Caller]> = callers?.into();
        let mut clients = JoinSet::new();
        let start = Instant::now() + WARM_UP;
        for number in 0..self.clients {
            let client = Client::connect(server.address).await?;
            // With as many clients as tenants each keeps to its own; fewer go round.
            let mine = Arc::clone(&callers);
            let turns = (number..)
                .step_by(self.clients)
                .map(move |turn| turn % self.tenants);
            clients.spawn(
                async move { place(client, &mine, turns, start, start + self.window).await },
            );
        }
        let mut all = Outcome::default();
        while let Some(outcome) = clients.join_next().await {
            all.merge(outcome??);
        }
        match &all.refusal {
            Some(refusal) if all.acknowledged == 0 => Err(refusal.clone().into()),
            Some(refusal) => {
                tracing::warn!(count = all.refused, first = %refusal, "not acknowledged");
                Ok(all)
            }
            None => Ok(all),
        }
    }
}

impl Outcome {
    fn merge(&mut self, other: Self) {
        self.latencies.extend(other.latencies);
        self.acknowledged += other.acknowledged;
        self.refused += other.refused;
        self.refusal = self.refusal.take().or(other.refusal);
    }
}

async fn place(
    mut client: Client,
    callers: &[Caller],
    turns: impl Iterator<Item = usize>,
    start: Instant,
    end: Instant,
) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    for turn in turns {
        let body = order_request(CHANNEL);
        let sent = Instant::now();
        if sent >= end {
            break;
        }
        let (status, answer) = client.post(&callers[turn], &body).await?;
        let answered = Instant::now();
        if !acknowledges(status, answer) {
            outcome.refused += 1;
            let text = || format!("{status} {}", String::from_utf8_lossy(answer));
            outcome.refusal.get_or_insert_with(text);
            continue;
        }
        outcome.acknowledged += 1;
        if (start..end).contains(&answered) {
            outcome.latencies.push(answered.duration_since(sent));
        }
    }
    Ok(outcome)
}

/// Whether an answer says that the command is in the log: HTTP 200, a position, no user errors.
pub(super) fn acknowledges(status: u16, answer: &[u8]) -> bool {
    position(status, answer).is_some()
}

/// The position of the command that an answer acknowledges.
pub(super) fn position(status: u16, answer: &[u8]) -> Option<i64> {
    let answer = std::str::from_utf8(answer).ok()?;
    if status != 200 || !answer.contains(r#""userErrors":[]"#) || answer.contains(r#""errors":"#) {
        return None;
    }
    let (_, behind) = answer.split_once(r#""position":""#)?;
    behind.split('"').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_acknowledgement_counts() {
        let accepted = br#"{"data":{"orderPlace":{"position":"17","userErrors":[]}}}"#;
        assert_eq!(position(200, accepted), Some(17));
        assert_eq!(position(503, accepted), None);
        let refused =
            br#"{"data":{"orderPlace":{"position":null,"userErrors":[{"code":"SKU_UNKNOWN"}]}}}"#;
        assert!(!acknowledges(200, refused));
        assert!(!acknowledges(
            200,
            br#"{"errors":[{"message":"no"}],"data":null}"#
        ));
    }
}
