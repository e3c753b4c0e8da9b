//! Group commit and nothing else: one writer takes whatever waits into one UNNEST insert and answers
//! after the commit. No versions, no idempotency, no rules: the floor under every log on PostgreSQL.

use entrepot_bench_peers::{Error, payload, pool, run, setting};
use sqlx::PgPool;
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

const TABLE: &str = "CREATE TABLE IF NOT EXISTS group1_event (
    tenant_id bigint NOT NULL, position bigint NOT NULL, stream_id uuid NOT NULL, version bigint NOT NULL,
    event_type text NOT NULL, payload text NOT NULL, recorded_at bigint NOT NULL,
    PRIMARY KEY (tenant_id, position), UNIQUE (tenant_id, stream_id, version))";
const INSERT: &str = "INSERT INTO group1_event (tenant_id, position, stream_id, version, event_type, payload, recorded_at)
    SELECT 1, position, stream_id, 1, 'order.placed', payload, 1768478400000000
    FROM unnest($1::bigint[], $2::uuid[], $3::text[]) AS row (position, stream_id, payload)";
const LAST: &str = "SELECT coalesce(max(position), 0) FROM group1_event";
/// Events of one insert at most.
const GROUP_MAX: usize = 512;

type Job = (Uuid, String, oneshot::Sender<()>);

#[tokio::main]
async fn main() -> Result<(), Error> {
    let clients = setting("PEER_CLIENTS")?;
    let pool = pool(1).await?;
    sqlx::query(TABLE).execute(&pool).await?;
    let (jobs, queue) = mpsc::channel::<Job>(10_000);
    let writer = tokio::spawn(write(pool, queue));
    let payload = payload();
    run(clients, move || {
        let (jobs, payload) = (jobs.clone(), payload.clone());
        async move {
            let (reply, answer) = oneshot::channel();
            jobs.send((Uuid::now_v7(), payload, reply)).await?;
            Ok(answer.await?)
        }
    })
    .await?;
    writer.await?
}

async fn write(pool: PgPool, mut queue: mpsc::Receiver<Job>) -> Result<(), Error> {
    let mut connection = pool.acquire().await?;
    let mut last: i64 = sqlx::query_scalar(LAST).fetch_one(&mut *connection).await?;
    let mut jobs = Vec::with_capacity(GROUP_MAX);
    while queue.recv_many(&mut jobs, GROUP_MAX).await > 0 {
        let (mut positions, mut streams) = (Vec::new(), Vec::new());
        let (mut payloads, mut replies) = (Vec::new(), Vec::new());
        for (stream, payload, reply) in jobs.drain(..) {
            last += 1;
            positions.push(last);
            streams.push(stream);
            payloads.push(payload);
            replies.push(reply);
        }
        let insert = sqlx::query(INSERT).bind(positions).bind(streams);
        insert.bind(payloads).execute(&mut *connection).await?;
        for reply in replies {
            let _ = reply.send(());
        }
    }
    Ok(())
}
