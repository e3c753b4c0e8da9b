//! Idle sockets: what each takes of a server's memory, and how fast all of them hear of an order.

use std::time::{Duration, Instant};

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::json;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use super::client::Client;
use super::figure::{Series, Setting, mebibytes, millis, number, percentile, rate, ratio};
use super::ground::Ground;
use super::load::{ACCEPT, acknowledges};
use super::retailer::{self, CHANNEL, caller, order_request, token};
use super::server::Server;
use super::usage::{Usage, resident};
use super::{BenchArgs, Result};
use crate::open_files;

/// Before a server counts as idle.
const SETTLE: Duration = Duration::from_secs(5);
/// How long a socket may take to open, and an update to come.
const PATIENCE: Duration = Duration::from_mins(1);
/// Sockets that are opened at the same time.
const AT_ONCE: usize = 64;
/// Read by a socket at once: the sockets of a client do not count, but its machine has an end.
const BUFFER: usize = 1024;
const ORDER_CHANGED: &str = "subscription { orderChanged { cursor position order { id status } } }";

type Socket = WebSocketStream<TcpStream>;

pub(super) async fn measure(ground: &Ground, args: &BenchArgs, series: &mut Series) -> Result<()> {
    open_files::raise(u64::try_from(args.sockets)?);
    retailer::prepare(ground, 1).await?;
    let setting = Setting::of_load(args.sockets, 1);
    for _ in 0..args.rounds {
        let server = Server::start(ground).await?;
        // What the first of everything takes is not of a socket.
        drop(open(&server, &token(ground, 0)?).await?);
        sleep(SETTLE).await;
        let unknown = "the server's memory is not to be seen on this system";
        let (before, _) = resident(server.pid()).ok_or(unknown)?;
        let started = Instant::now();
        let sockets = open_all(ground, &server, args.sockets).await?;
        series.add(
            "opened",
            "1/s",
            setting,
            rate(sockets.len(), started.elapsed()),
        );
        sleep(SETTLE).await;
        let (after, _) = resident(server.pid()).ok_or(unknown)?;
        let kibibytes = after.saturating_sub(before);
        series.add("resident_before", "MiB", setting, mebibytes(before));
        series.add("resident_with_sockets", "MiB", setting, mebibytes(after));
        let each = ratio(number(kibibytes), number(sockets.len()));
        series.add("resident_each", "KiB", setting, each);

        let idle = Usage::now(ground, Some(server.pid())).await?;
        sleep(args.window()).await;
        let used = Usage::now(ground, Some(server.pid()))
            .await?
            .since(&idle)
            .server;
        series.add(
            "idle_cpu",
            "ms/s",
            setting,
            ratio(millis(used), args.window().as_secs_f64()),
        );
        let mut heard = hear(ground, &server, sockets).await?;
        series.add("heard", "", setting, number(heard.len()));
        series.add(
            "acknowledged_to_heard_p50",
            "ms",
            setting,
            millis(percentile(&mut heard, 50)),
        );
        series.add(
            "acknowledged_to_heard_last",
            "ms",
            setting,
            millis(percentile(&mut heard, 100)),
        );
        server.stop().await?;
    }
    Ok(())
}

async fn open_all(ground: &Ground, server: &Server, count: usize) -> Result<Vec<Socket>> {
    let token = token(ground, 0)?;
    let opening = futures_util::stream::iter(0..count).map(|_| open(server, &token));
    let mut opened = opening.buffer_unordered(AT_ONCE);
    let mut sockets = Vec::with_capacity(count);
    while let Some(socket) = opened.next().await {
        sockets.push(socket?);
    }
    Ok(sockets)
}

/// A socket with a subscription.
async fn open(server: &Server, token: &str) -> Result<Socket> {
    let opened = async {
        let mut request = format!("ws://{}/graphql", server.address).into_client_request()?;
        let protocol = HeaderValue::from_static("graphql-transport-ws");
        request
            .headers_mut()
            .insert("sec-websocket-protocol", protocol);
        let config = WebSocketConfig::default().read_buffer_size(BUFFER);
        let stream = TcpStream::connect(server.address).await?;
        let (mut socket, _) = client_async_with_config(request, stream, Some(config)).await?;
        let authorization = format!("Bearer {token}");
        let init =
            json!({ "type": "connection_init", "payload": { "authorization": authorization } });
        socket.send(Message::text(init.to_string())).await?;
        let answer = socket.next().await.ok_or("the socket was closed")??;
        if !answer.to_text()?.contains("connection_ack") {
            return Err(format!("not acknowledged: {answer}").into());
        }
        let payload = json!({ "query": ORDER_CHANGED });
        let subscribe = json!({ "type": "subscribe", "id": "1", "payload": payload });
        socket.send(Message::text(subscribe.to_string())).await?;
        Ok(socket)
    };
    timeout(PATIENCE, opened).await?
}

/// Places an order; how long after its acknowledgement each socket heard of it.
async fn hear(ground: &Ground, server: &Server, sockets: Vec<Socket>) -> Result<Vec<Duration>> {
    let (count, (sender, mut heard)) = (sockets.len(), mpsc::unbounded_channel());
    let mut listening = JoinSet::new();
    for socket in sockets {
        listening.spawn(listen(socket, sender.clone()));
    }
    let caller = caller(ground, server.address, 0, ACCEPT)?;
    let mut client = Client::connect(server.address).await?;
    let (status, answer) = client.post(&caller, &order_request(CHANNEL)).await?;
    if !acknowledges(status, answer) {
        return Err(format!("{status} {}", String::from_utf8_lossy(answer)).into());
    }
    let acknowledged = Instant::now();
    let mut durations = Vec::with_capacity(count);
    while durations.len() < count
        && let Ok(Some(at)) = timeout(PATIENCE, heard.recv()).await
    {
        durations.push(Instant::saturating_duration_since(&at, acknowledged));
    }
    Ok(durations)
}

async fn listen(mut socket: Socket, heard: mpsc::UnboundedSender<Instant>) {
    while let Some(Ok(message)) = socket.next().await {
        if message
            .to_text()
            .is_ok_and(|text| text.contains("orderChanged"))
        {
            // Whoever does not wait for it any more has said why.
            let _ = heard.send(Instant::now());
        }
    }
}
