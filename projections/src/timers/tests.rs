use entrepot_domain::event::Event;
use entrepot_domain::kernel::Instant;
use entrepot_entity::timer;

use super::{NEVER, TimerDoc, TimerKey, Timers, remembered, rows};
use crate::model::Fold as _;
use crate::testing::{facts, fold, log, rows_do_not_depend_on_batches, story};

/// Kind and due instant of every row, after each event whose type starts with `area`.
fn history(area: &str) -> Vec<Vec<(String, String)>> {
    let log = story();
    let of_area = |event: &Event| event.type_name().starts_with(area);
    let mut history: Vec<Vec<(String, String)>> = Vec::new();
    for (index, event) in log.iter().enumerate() {
        if of_area(&event.event) && !Timers::keys(&event.event).is_empty() {
            history.push(described(&fold::<Timers>(&log[..=index]).expect("folds")));
            history.dedup();
        }
    }
    history
}

fn described(docs: &std::collections::BTreeMap<TimerKey, TimerDoc>) -> Vec<(String, String)> {
    let rows = docs.iter().flat_map(|(key, doc)| rows(&facts(), *key, doc));
    rows.map(|row| (row.kind, due(row.due_at))).collect()
}

fn due(micros: i64) -> String {
    match Instant::from_micros(micros) {
        Some(due) if micros != NEVER => due.to_string(),
        _ => "never".to_owned(),
    }
}

fn only<'h>(history: &'h [Vec<(String, String)>], kind: &str) -> Vec<Vec<&'h str>> {
    let mut steps: Vec<Vec<&str>> = history
        .iter()
        .map(|rows| {
            let rows = rows.iter().filter(|(of, _)| of == kind);
            rows.map(|(_, due)| due.as_str()).collect()
        })
        .collect();
    steps.dedup();
    steps
}

#[test]
fn a_cycle_is_due_at_the_start_of_its_day_and_never_while_paused() {
    let history = history("subscription.");
    let cycles = only(&history, "subscription_cycle");
    let expected: [&[&str]; 9] = [
        &["2026-01-31T05:00:00Z"],
        &["2026-01-31T05:00:00Z", "2026-01-31T05:00:00Z"],
        // The small one made its order; the large one is tried again on the next day.
        &["2026-02-28T05:00:00Z", "2026-01-31T05:00:00Z"],
        &["2026-02-28T05:00:00Z", "2026-02-01T05:00:00Z"],
        // One cycle skipped, then paused; resumed and paused again.
        &["2026-03-31T04:00:00Z", "2026-02-01T05:00:00Z"],
        &["never", "2026-02-01T05:00:00Z"],
        &["never", "never"],
        &["2026-03-31T04:00:00Z", "never"],
        &["never", "never"],
    ];
    assert_eq!(cycles[..9], expected.map(<[&str]>::to_vec));
    // A third one was made and canceled.
    assert_eq!(
        cycles[9..],
        [
            vec!["never", "never", "2026-02-20T05:00:00Z"],
            vec!["never", "never"]
        ]
    );
}

#[test]
fn a_pause_ends_on_its_day_or_by_hand() {
    let history = history("subscription.");
    let ends = only(&history, "subscription_resume");
    let expected = [
        vec![],
        vec!["2026-02-10T05:00:00Z"],
        vec![],
        vec!["2026-03-10T04:00:00Z"],
    ];
    assert_eq!(ends, expected);
}

#[test]
fn a_reservation_expires_unless_it_is_gone_before() {
    let history = history("inventory.");
    let expiries = only(&history, "reservation_expiry");
    let until = "2026-01-17T00:00:00Z";
    let counts: Vec<usize> = expiries.iter().map(Vec::len).collect();
    // Three made, one released, one expired; one shrank and waits.
    assert_eq!(counts, [0, 1, 2, 3, 2, 1]);
    assert!(expiries.iter().flatten().all(|due| *due == until));
}

#[test]
fn an_authorization_expires_unless_it_is_settled_and_waits_for_an_unknown_outcome() {
    let history = history("payment.");
    let expiries = only(&history, "authorization_expiry");
    let until = "2026-01-22T12:00:00Z";
    let expected = [
        vec![until],
        vec!["never"],
        vec![until],
        vec![],
        vec![until],
        vec![],
        vec![until],
        vec![until, until],
        vec![until],
    ];
    assert_eq!(expiries, expected);
}

#[test]
fn a_row_remembers_what_its_document_knew() {
    for (key, doc) in fold::<Timers>(&story()).expect("folds") {
        let written = rows(&facts(), key, &doc);
        let read = written
            .iter()
            .filter_map(|row| remembered(row).expect("reads"));
        for (of, read) in read {
            assert_eq!((of, rows(&facts(), key, &read)), (key, written.clone()));
        }
    }
}

#[test]
fn what_is_no_timer_remembers_nothing() {
    let row = timer::Model {
        tenant_id: 1,
        kind: "subscription_resume".to_owned(),
        subject_id: uuid::Uuid::nil(),
        due_at: 1,
        detail: "{}".to_owned(),
    };
    assert!(remembered(&row).expect("reads").is_none());
    assert!(fold::<Timers>(&log([])).expect("folds").is_empty());
}

#[tokio::test]
async fn timers_do_not_depend_on_batches() {
    let tables = rows_do_not_depend_on_batches::<Timers>(&story()).await;
    // Two paused subscriptions, one with an end; a reservation; an authorization.
    assert_eq!(tables["timer"].len(), 5, "{tables:#?}");
}
