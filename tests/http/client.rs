//! A client of few lines over TCP: one connection a request, so that nothing is shared between
//! requests, and nothing is tried again behind a test's back.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value as Json, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// No answer of a server takes this long.
const PATIENCE: Duration = Duration::from_mins(1);

/// What a server answered.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The headers that differ from answer to answer left out.
    pub(super) fn own_headers(&self) -> Vec<&(String, String)> {
        const OTHERS: [&str; 4] = [
            "date",
            "x-request-id",
            "entrepot-consistency",
            "content-length",
        ];
        let headers = self.headers.iter();
        headers
            .filter(|(name, _)| !OTHERS.contains(&name.as_str()))
            .collect()
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(super) fn json(&self) -> Json {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("{}: not JSON: {}", self.status, self.text()))
    }
}

/// Somebody with a token, or nobody.
#[derive(Clone, Debug)]
pub(super) struct Client {
    address: SocketAddr,
    entrance: String,
    headers: Vec<(String, String)>,
}

impl Client {
    pub(super) fn new(address: SocketAddr) -> Self {
        Self {
            address,
            entrance: "/graphql".to_owned(),
            headers: Vec::new(),
        }
    }

    /// The same client at another endpoint of the graph.
    pub(super) fn through(&self, entrance: &str) -> Self {
        Self {
            entrance: entrance.to_owned(),
            ..self.clone()
        }
    }

    /// The same client with one more header.
    pub(super) fn with(&self, name: &str, value: &str) -> Self {
        let mut client = self.clone();
        client.headers.retain(|(known, _)| known != name);
        client.headers.push((name.to_owned(), value.to_owned()));
        client
    }

    /// The same client at another server.
    pub(super) fn at(&self, address: SocketAddr) -> Self {
        Self {
            address,
            ..self.clone()
        }
    }

    /// Where the server is.
    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What every request carries.
    pub(super) fn headers(&self) -> &[(String, String)] {
        &self.headers
    }

    /// The answer to an operation, whatever it is. An error says that there was none.
    pub(super) async fn post(&self, query: &str, variables: Json) -> Result<Answer> {
        self.post_with(query, variables, json!({})).await
    }

    /// The same with extensions.
    pub(super) async fn post_with(
        &self,
        query: &str,
        variables: Json,
        extensions: Json,
    ) -> Result<Answer> {
        let body = json!({ "query": query, "variables": variables, "extensions": extensions });
        let body = body.to_string();
        let accept = ("accept", "application/graphql-response+json");
        self.send(
            "POST",
            &self.entrance,
            &[accept, ("content-type", "application/json")],
            body.as_bytes(),
        )
        .await
    }

    /// The answer to an operation as JSON: data, errors and extensions.
    pub(super) async fn answer(&self, query: &str, variables: Json) -> Json {
        let answer = self
            .post(query, variables)
            .await
            .unwrap_or_else(|error| panic!("no answer to {query}: {error}"));
        assert!(
            answer.status < 500,
            "{}: {} to {query}",
            answer.status,
            answer.text()
        );
        answer.json()
    }

    /// The data of an operation that must succeed.
    pub(super) async fn ask(&self, query: &str, variables: Json) -> Json {
        let mut answer = self.answer(query, variables.clone()).await;
        assert!(
            answer.get("errors").is_none(),
            "{query} {variables}\n{answer:#}"
        );
        answer["data"].take()
    }

    /// The payload of a command that must be accepted: `command` is its field, `selection` what is
    /// read of the payload.
    pub(super) async fn give(&self, command: &str, input: Json, selection: &str) -> Json {
        let payload = self.try_give(command, input.clone(), selection).await;
        assert_eq!(payload["userErrors"], json!([]), "{command} {input}");
        payload
    }

    /// The payload of a command that may be refused.
    pub(super) async fn try_give(&self, command: &str, input: Json, selection: &str) -> Json {
        let (query, variables) = mutation(command, &input, selection);
        self.ask(&query, variables).await[command].take()
    }

    /// A request as it stands.
    pub(super) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Answer> {
        let whole = async {
            let (status, headers, mut stream) = self.open(method, path, headers, body).await?;
            let mut body = Vec::new();
            stream.read_to_end(&mut body).await?;
            let answer = Answer {
                status,
                headers,
                body,
            };
            let length: Option<usize> = answer
                .header("content-length")
                .and_then(|length| length.parse().ok());
            match length {
                Some(length) if answer.body.len() != length => Err(ErrorKind::UnexpectedEof.into()),
                _ => Ok(answer),
            }
        };
        timeout(PATIENCE, whole)
            .await
            .map_err(|_| Error::from(ErrorKind::TimedOut))?
    }

    /// What stands at an address. An error says that the answer broke off.
    pub(super) async fn get(&self, path: &str) -> Result<Answer> {
        let mut answer = self.send("GET", path, &[], b"").await?;
        if answer.header("transfer-encoding") == Some("chunked") {
            answer.body = unchunked(&answer.body)?;
        }
        Ok(answer)
    }

    /// An answer whose body nobody reads yet.
    pub(super) async fn begin(&self, path: &str) -> Result<(u16, BufReader<TcpStream>)> {
        let opened = timeout(PATIENCE, self.open("GET", path, &[], b"")).await;
        let (status, _, stream) = opened.map_err(|_| Error::from(ErrorKind::TimedOut))??;
        Ok((status, stream))
    }

    async fn open(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<(u16, Vec<(String, String)>, BufReader<TcpStream>)> {
        let mut head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n",
            self.address
        );
        let own = self
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in own.chain(headers.iter().copied()) {
            write!(head, "{name}: {value}\r\n").unwrap();
        }
        write!(head, "content-length: {}\r\n\r\n", body.len()).unwrap();
        let mut stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        // A server that refuses a body by its length need not read it.
        let written = async {
            stream.write_all(head.as_bytes()).await?;
            stream.write_all(body).await
        };
        let written = written.await;
        let mut stream = BufReader::new(stream);
        let status = match line(&mut stream).await {
            Ok(status) => status,
            Err(error) => return Err(written.err().unwrap_or(error)),
        };
        let status = status.split(' ').nth(1).and_then(|code| code.parse().ok());
        let status = status.ok_or_else(|| Error::from(ErrorKind::InvalidData))?;
        let mut headers = Vec::new();
        loop {
            let header = line(&mut stream).await?;
            match header.split_once(':') {
                Some((name, value)) => headers.push((name.to_owned(), value.trim().to_owned())),
                None => return Ok((status, headers, stream)),
            }
        }
    }

    /// Follows a subscription over server-sent events.
    pub(super) async fn follow(&self, query: &str, variables: Json) -> Result<Events> {
        let body = json!({ "query": query, "variables": variables }).to_string();
        let headers = [
            ("accept", "text/event-stream"),
            ("content-type", "application/json"),
        ];
        let opened = timeout(
            PATIENCE,
            self.open("POST", &self.entrance, &headers, body.as_bytes()),
        )
        .await;
        let (status, headers, stream) = opened.map_err(|_| Error::from(ErrorKind::TimedOut))??;
        assert_eq!(status, 200, "{query}");
        let chunked = headers
            .iter()
            .any(|(name, value)| name == "transfer-encoding" && value == "chunked");
        assert!(chunked, "a stream of unknown length is chunked");
        Ok(Events {
            stream,
            bytes: VecDeque::new(),
        })
    }
}

/// The bytes of a whole chunked body.
pub(super) fn unchunked(mut body: &[u8]) -> Result<Vec<u8>> {
    let (broken, mut bytes) = (|| Error::from(ErrorKind::UnexpectedEof), Vec::new());
    loop {
        let end = body.windows(2).position(|two| two == b"\r\n");
        let (size, rest) = body
            .split_at_checked(end.ok_or_else(broken)?)
            .ok_or_else(broken)?;
        let size = std::str::from_utf8(size).ok();
        let size = size.and_then(|size| usize::from_str_radix(size, 16).ok());
        let chunk = size
            .and_then(|size| rest.get(2..size + 2))
            .ok_or_else(broken)?;
        if chunk.is_empty() {
            return Ok(bytes);
        }
        bytes.extend_from_slice(chunk);
        body = rest.get(chunk.len() + 4..).ok_or_else(broken)?;
    }
}

/// A command as a document with variables.
pub(super) fn mutation(command: &str, input: &Json, selection: &str) -> (String, Json) {
    let mut kind = match command {
        "orderHold" | "orderCancel" => "orderReason".to_owned(),
        _ => command.to_owned(),
    };
    kind[..1].make_ascii_uppercase();
    let result = "userErrors { code field message } consistencyToken position replayed";
    let query = format!(
        "mutation($input: {kind}Input!) {{ {command}(input: $input) {{ {result} {selection} }} }}"
    );
    (query, json!({ "input": input }))
}

async fn line(stream: &mut BufReader<TcpStream>) -> Result<String> {
    let mut line = String::new();
    if stream.read_line(&mut line).await? == 0 {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// What a stream of server-sent events brings.
#[derive(Debug)]
pub(super) struct Events {
    stream: BufReader<TcpStream>,
    /// Of chunks that came, not yet read.
    bytes: VecDeque<u8>,
}

/// One event: its id, which resumes the stream after it, and its payload.
#[derive(Clone, Debug)]
pub(super) struct Event {
    pub(super) id: Option<String>,
    pub(super) payload: Json,
}

impl Events {
    /// The next event. `None` if the server said that it was the last; an error if the stream broke
    /// off, or nothing came for too long.
    pub(super) async fn next(&mut self) -> Result<Option<Event>> {
        timeout(PATIENCE, self.event())
            .await
            .map_err(|_| Error::from(ErrorKind::TimedOut))?
    }

    /// Whether nothing comes within a time.
    pub(super) async fn silent_for(&mut self, time: Duration) -> bool {
        timeout(time, self.event()).await.is_err()
    }

    async fn event(&mut self) -> Result<Option<Event>> {
        let (mut kind, mut id, mut data) = (String::new(), None, String::new());
        loop {
            let line = self.line().await?;
            match line
                .split_once(':')
                .map(|(name, value)| (name, value.trim_start()))
            {
                Some(("event", value)) => value.clone_into(&mut kind),
                Some(("id", value)) => id = Some(value.to_owned()),
                Some(("data", value)) => data.push_str(value),
                Some(("", _)) => {}
                Some((other, _)) => panic!("not a field of an event: {other}"),
                None if kind == "complete" => return Ok(None),
                None if kind == "next" => {
                    let payload = serde_json::from_str(&data).expect("an event's data is JSON");
                    return Ok(Some(Event { id, payload }));
                }
                None => {}
            }
        }
    }

    async fn line(&mut self) -> Result<String> {
        loop {
            if let Some(end) = self.bytes.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.bytes.drain(..=end).collect();
                return Ok(String::from_utf8_lossy(&line[..end]).into_owned());
            }
            self.chunk().await?;
        }
    }

    async fn chunk(&mut self) -> Result<()> {
        let size = line(&mut self.stream).await?;
        let size =
            usize::from_str_radix(&size, 16).map_err(|_| Error::from(ErrorKind::InvalidData))?;
        let mut chunk = vec![0; size + 2];
        self.stream.read_exact(&mut chunk).await?;
        if size == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        self.bytes.extend(&chunk[..size]);
        Ok(())
    }
}
