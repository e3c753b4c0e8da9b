//! The way out of a socket: one bounded queue, one task that empties it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::extract::ws::{Message, WebSocket};
use futures_util::{SinkExt as _, stream::SplitSink};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
    time::{MissedTickBehavior, interval, timeout},
};

use super::protocol::Closing;
use crate::http::config::SocketLimits;

/// How long a close frame may take to leave.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// Set when a client has completed an operation: what still waits of it is not sent.
pub(super) type Silenced = Arc<AtomicBool>;

/// A message that waits to be sent.
struct Waiting {
    text: String,
    silenced: Option<Silenced>,
}

/// Puts messages into the queue. Waits while the queue is full.
#[derive(Clone)]
pub(super) struct Outbound(mpsc::Sender<Waiting>);

/// The task that writes, and the way to end it.
pub(super) struct Writer {
    close: oneshot::Sender<Closing>,
    task: JoinHandle<()>,
}

impl Outbound {
    /// Sends a message of the connection itself. `false`: the socket is gone.
    pub(super) async fn send(&self, text: &str) -> bool {
        self.0
            .send(Waiting {
                text: text.to_owned(),
                silenced: None,
            })
            .await
            .is_ok()
    }

    /// Sends a message of an operation, unless the client completes that first.
    pub(super) async fn send_for(&self, silenced: &Silenced, text: String) -> bool {
        let silenced = Some(Arc::clone(silenced));
        self.0.send(Waiting { text, silenced }).await.is_ok()
    }

    /// Waits until the socket is gone.
    pub(super) async fn gone(&self) {
        self.0.closed().await;
    }
}

impl Writer {
    /// Says why, and closes. Gives up after a while on a client that does not read.
    pub(super) async fn close(self, closing: Closing) {
        let _ = self.close.send(closing);
        let abort = self.task.abort_handle();
        if timeout(CLOSE_TIMEOUT, self.task).await.is_err() {
            abort.abort();
        }
    }
}

pub(super) fn start(
    sink: SplitSink<WebSocket, Message>,
    limits: &SocketLimits,
) -> (Outbound, Writer) {
    let (sender, queue) = mpsc::channel(limits.queue_messages_max);
    let (close, closed) = oneshot::channel();
    let task = tokio::spawn(write(sink, queue, closed, limits.clone()));
    (Outbound(sender), Writer { close, task })
}

async fn write(
    mut sink: SplitSink<WebSocket, Message>,
    mut queue: mpsc::Receiver<Waiting>,
    mut close: oneshot::Receiver<Closing>,
    limits: SocketLimits,
) {
    let mut ping = interval(limits.ping_interval);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ping.reset();
    loop {
        let message = tokio::select! {
            biased;
            closing = &mut close => {
                if let Ok(closing) = closing {
                    let _ = sink.send(Message::Close(Some(closing.frame()))).await;
                    let _ = sink.close().await;
                }
                return;
            }
            waiting = queue.recv() => match waiting {
                Some(Waiting { silenced: Some(silenced), .. })
                    if silenced.load(Ordering::Acquire) => continue,
                Some(waiting) => Message::Text(waiting.text.into()),
                None => return,
            },
            _ = ping.tick() => Message::Ping(axum::body::Bytes::new()),
        };
        match timeout(limits.send_timeout, sink.send(message)).await {
            Ok(Ok(())) => {}
            // Gone, or reading nothing for too long. Dropping the queue tells the others.
            Ok(Err(_)) | Err(_) => return,
        }
    }
}
