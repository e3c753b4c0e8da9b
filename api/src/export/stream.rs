//! A file as a body: a chunk of rows is read only when there is room for its bytes, and a reader that
//! stands still is cut off in time.

use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes};
use futures_util::stream;
use metrics::gauge;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::format::Encoder;
use super::permits::Permit;
use super::refused::Refused;
use super::source::Source;

/// Pieces that wait for the client; then reading waits.
const PIECES_MAX: usize = 1;
/// How long one may wait there: who reads more slowly than a piece in this time keeps others from a
/// connection to the database.
const PACE: Duration = Duration::from_mins(1);
/// Rows that were read and have not left yet, of all exports of the process.
const IN_FLIGHT: &str = "entrepot_export_rows_in_flight";

/// Some bytes of a file, or its end: a body that stops without it is broken off, not complete.
enum Piece {
    Bytes(Bytes, InFlight),
    End,
}

/// Rows between the database and the client.
#[derive(Default)]
struct InFlight(u32);

impl InFlight {
    fn add(&mut self, rows: usize) {
        let rows = u32::try_from(rows).unwrap_or(u32::MAX);
        gauge!(IN_FLIGHT).increment(f64::from(rows));
        self.0 = self.0.saturating_add(rows);
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        gauge!(IN_FLIGHT).decrement(f64::from(self.0));
    }
}

/// When a file is broken off, whoever reads it.
pub(crate) struct Bounds<O> {
    /// How long it may take.
    pub(crate) lifetime: Duration,
    /// Ready when nobody may read on.
    pub(crate) over: O,
    /// Held until the last row is read.
    pub(crate) permit: Permit,
}

/// The rows of `source` as `encoder` writes them.
pub(crate) fn body<O>(source: Source, encoder: Encoder, bounds: Bounds<O>) -> Body
where
    O: Future<Output = ()> + Send + 'static,
{
    let (pieces, ready) = mpsc::channel(PIECES_MAX);
    tokio::spawn(async move {
        let Bounds {
            lifetime,
            over,
            permit,
        } = bounds;
        let gone = pieces.clone();
        let written = tokio::select! {
            written = write(source, encoder, &pieces) => written,
            () = gone.closed() => Ok(()),
            () = over => {
                tracing::info!("an export was cut off: access was taken away, or the server stops");
                Ok(())
            }
            () = tokio::time::sleep(lifetime) => {
                tracing::info!("an export was cut off: its time was over");
                Ok(())
            }
        };
        if let Err(error) = written {
            tracing::warn!(code = error.code, "an export broke off");
        }
        drop(permit);
    });
    Body::from_stream(stream::try_unfold(ready, async |mut ready| {
        match ready.recv().await {
            Some(Piece::Bytes(bytes, held)) => {
                drop(held);
                Ok(Some((bytes, ready)))
            }
            Some(Piece::End) => Ok(None),
            None => Err(io::Error::from(io::ErrorKind::ConnectionAborted)),
        }
    }))
}

async fn write(
    mut source: Source,
    mut encoder: Encoder,
    pieces: &mpsc::Sender<Piece>,
) -> Result<(), Refused> {
    let mut held = InFlight::default();
    loop {
        // Room first: what is read is never more than what waits and one chunk.
        let Ok(room) = timeout(PACE, pieces.reserve()).await else {
            tracing::info!("an export was cut off: its reader is too slow");
            return Ok(());
        };
        let Ok(room) = room else { return Ok(()) };
        let rows = source.next().await?;
        if rows.is_empty() {
            room.send(Piece::Bytes(encoder.finish()?, held));
            break;
        }
        held.add(rows.len());
        let bytes = encoder.write(&rows)?;
        if !bytes.is_empty() {
            room.send(Piece::Bytes(bytes, std::mem::take(&mut held)));
        }
    }
    source.close().await?;
    // The client may be gone: then nobody needs to know.
    let _ = pieces.send(Piece::End).await;
    Ok(())
}
