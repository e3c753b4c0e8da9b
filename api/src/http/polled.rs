//! A stream that goes on to its next result whether or not anybody asks.
//!
//! A source that is left alone in the middle of its work keeps what it holds meanwhile: a
//! connection, a turn, a lock that its whole tenant waits for. No client may decide how long.

use std::panic::AssertUnwindSafe;

use futures_util::stream::{BoxStream, unfold};
use futures_util::{Stream, StreamExt as _};
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

use super::{run, update::Update};

/// Results that are ready before they are asked for: the source rests when the client does.
const AHEAD: usize = 1;

/// Runs a source on a task of its own, which ends with what is returned here.
pub(super) fn polled(
    source: impl Stream<Item = Update> + Send + 'static,
) -> BoxStream<'static, Update> {
    let (give, take) = mpsc::channel(AHEAD);
    let task = tokio::spawn(async move {
        let mut source = AssertUnwindSafe(source).catch_unwind().boxed();
        while let Some(update) = source.next().await {
            let update = update.unwrap_or_else(|_| Update::from(run::broken().into_response()));
            if give.send(update).await.is_err() {
                return;
            }
        }
    });
    let running = (take, AbortOnDropHandle::new(task));
    unfold(running, async |(mut take, task)| {
        Some((take.recv().await?, (take, task)))
    })
    .boxed()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use async_graphql::{Response, Value};
    use futures_util::stream;
    use tokio::sync::Mutex;

    use super::*;

    fn update() -> Update {
        Update::from(Response::new(Value::from(1)))
    }

    #[tokio::test]
    async fn what_a_source_holds_is_let_go_though_nobody_asks() {
        let lock = Arc::new(Mutex::new(()));
        let held = Arc::clone(&lock);
        let mut updates = polled(stream::once(async move {
            let _held = held.lock().await;
            tokio::task::yield_now().await;
            update()
        }));
        // Asked once, and then not any more: as by a client that reads nothing.
        assert!(futures_util::poll!(updates.next()).is_pending());
        tokio::task::yield_now().await;
        let again = tokio::time::timeout(std::time::Duration::from_secs(5), lock.lock());
        drop(again.await.expect("the lock is free"));
        assert!(updates.next().await.is_some() && updates.next().await.is_none());
    }

    #[tokio::test]
    async fn a_source_ends_with_its_stream_and_a_broken_one_says_so() {
        let alive = Arc::new(());
        let source = Arc::clone(&alive);
        let updates = polled(stream::once(async move {
            std::future::pending::<()>().await;
            drop(source);
            update()
        }));
        tokio::task::yield_now().await;
        drop(updates);
        while Arc::strong_count(&alive) > 1 {
            tokio::task::yield_now().await;
        }
        let mut broken = polled(stream::once(async { panic!("on purpose") }));
        let last = broken.next().await.and_then(|update| update.last);
        assert!(last.is_some_and(|last| last.errors.contains("INTERNAL_SERVER_ERROR")));
    }
}
