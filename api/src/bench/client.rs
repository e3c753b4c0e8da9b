//! The least of an HTTP/1.1 client: one connection, one request at a time, and little CPU beside
//! the server that is measured.

use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

/// A connection.
pub(super) struct Client {
    stream: BufReader<TcpStream>,
    request: Vec<u8>,
    line: String,
    body: Vec<u8>,
}

/// An answer's head.
struct Head {
    status: u16,
    /// Without it, the body comes in chunks.
    length: Option<usize>,
}

/// What is the same in all requests of a caller.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    head: String,
}

impl Caller {
    /// Posts to `/graphql` with this token, and accepts this type of answer.
    pub(super) fn new(address: SocketAddr, token: &str, accept: &str) -> Self {
        let head = format!(
            "POST /graphql HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\naccept: {accept}\r\ncontent-length: "
        );
        Self { head }
    }
}

impl Client {
    pub(super) async fn connect(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream: BufReader::new(stream),
            request: Vec::new(),
            line: String::new(),
            body: Vec::new(),
        })
    }

    /// The status of what is at a path.
    pub(super) async fn status(&mut self, path: &str) -> Result<u16> {
        let request = format!("GET {path} HTTP/1.1\r\nhost: bench\r\nconnection: close\r\n\r\n");
        self.stream.write_all(request.as_bytes()).await?;
        Ok(self.head().await?.status)
    }

    /// Posts a body, and answers with the status and the whole body of the answer.
    pub(super) async fn post(&mut self, caller: &Caller, body: &str) -> Result<(u16, &[u8])> {
        self.send(caller, body).await?;
        let head = self.head().await?;
        self.body.clear();
        match head.length {
            Some(length) => {
                self.body.resize(length, 0);
                self.stream.read_exact(&mut self.body).await?;
            }
            None => while self.chunk().await? {},
        }
        Ok((head.status, &self.body))
    }

    /// Posts a body whose answer has no end, and answers with its status.
    pub(super) async fn subscribe(&mut self, caller: &Caller, body: &str) -> Result<u16> {
        self.send(caller, body).await?;
        self.body.clear();
        Ok(self.head().await?.status)
    }

    /// The next server-sent event of such an answer, without its empty line.
    pub(super) async fn event(&mut self) -> Result<String> {
        loop {
            if let Some(end) = self.body.windows(2).position(|bytes| bytes == b"\n\n") {
                let event = self.body.drain(..end + 2).take(end).collect();
                return String::from_utf8(event).map_err(|_| malformed("an event is no text"));
            }
            if !self.chunk().await? {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
    }

    async fn send(&mut self, caller: &Caller, body: &str) -> Result<()> {
        self.request.clear();
        self.request.extend_from_slice(caller.head.as_bytes());
        self.request
            .extend_from_slice(body.len().to_string().as_bytes());
        self.request.extend_from_slice(b"\r\n\r\n");
        self.request.extend_from_slice(body.as_bytes());
        self.stream.write_all(&self.request).await
    }

    async fn head(&mut self) -> Result<Head> {
        self.next_line().await?;
        let status = self
            .line
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        let status = status.ok_or_else(|| malformed("the answer has no status"))?;
        let mut length = None;
        loop {
            self.next_line().await?;
            match self.line.split_once(':') {
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    length = value.trim().parse().ok();
                }
                Some(_) => {}
                None => return Ok(Head { status, length }),
            }
        }
    }

    /// Appends the next chunk to the body. The last one is empty.
    async fn chunk(&mut self) -> Result<bool> {
        self.next_line().await?;
        let size = usize::from_str_radix(self.line.trim(), 16);
        let size = size.map_err(|_| malformed("a chunk has no size"))?;
        let start = self.body.len();
        self.body.resize(start + size, 0);
        self.stream.read_exact(&mut self.body[start..]).await?;
        self.next_line().await?;
        Ok(size > 0)
    }

    async fn next_line(&mut self) -> Result<()> {
        self.line.clear();
        match self.stream.read_line(&mut self.line).await? {
            0 => Err(ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}

fn malformed(what: &'static str) -> Error {
    Error::new(ErrorKind::InvalidData, what)
}
