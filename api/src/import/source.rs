//! Reads the file on a thread of its own and hands its records over.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::thread;

use entrepot_domain::kernel::{Currency, Refused};
use tokio::sync::mpsc;

use super::error::ImportError;
use super::fields::Fields;
use super::lines::Lines;
use super::node;
use super::order_rows::{self, OrderRows};
use super::record::{Record, Steps};
use super::rows::Rows;
use super::{Format, Kind, orders, products, stock, too_long};

/// Bytes read from the file at once.
const BUFFER: usize = 256 * 1024;
/// Records that may wait to be submitted.
const WAITING: usize = 512;

/// What is read, and how.
pub(super) struct Reading {
    pub(super) path: PathBuf,
    pub(super) kind: Kind,
    pub(super) format: Format,
    /// Of orders that name none.
    pub(super) channel: String,
    /// The tenant's own currency.
    pub(super) base: Currency,
}

type Sender = mpsc::Sender<Result<Record, ImportError>>;
/// The records of a file, or the error after which there are none.
pub(super) type Records = mpsc::Receiver<Result<Record, ImportError>>;

/// The receiver is gone: nobody wants more.
struct Unwanted;

/// Whether the path stands for standard input.
pub(super) fn standard_input(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Begins to read. The thread ends when the records are dropped; one that waits for standard input
/// ends with the process.
pub(super) fn start(reading: Reading) -> Result<(Records, Option<u64>), ImportError> {
    let (file, bytes): (Box<dyn BufRead + Send>, _) = if standard_input(&reading.path) {
        (
            Box::new(BufReader::with_capacity(BUFFER, io::stdin())),
            None,
        )
    } else {
        let opened = File::open(&reading.path).and_then(|file| Ok((file.metadata()?, file)));
        let (about, file) = opened.map_err(|source| ImportError::Open {
            path: reading.path.clone(),
            source,
        })?;
        let bytes = about.is_file().then_some(about.len());
        (Box::new(BufReader::with_capacity(BUFFER, file)), bytes)
    };
    let (sender, records) = mpsc::channel(WAITING);
    thread::Builder::new()
        .name("import".to_owned())
        .spawn(move || reading.run(file, &sender))?;
    Ok((records, bytes))
}

impl Reading {
    fn run(&self, file: Box<dyn BufRead + Send>, sender: &Sender) {
        let done = match self.format {
            Format::Ndjson => self.ndjson(file, sender),
            Format::Csv => self.csv(file, sender),
        };
        if let Err(error) = done {
            let _ = sender.blocking_send(Err(error));
        }
    }

    fn ndjson(&self, file: impl BufRead, sender: &Sender) -> Result<(), ImportError> {
        let mut lines = Lines::new(file);
        let mut passed = 0;
        while let Some(read) = lines.next()? {
            let line = lines
                .line
                .strip_prefix(b"\xef\xbb\xbf")
                .filter(|_| lines.number == 1);
            let line = line.unwrap_or(&lines.line);
            if !read.too_long && line.trim_ascii().is_empty() {
                passed += read.bytes;
                continue;
            }
            let steps = if read.too_long {
                Err(too_long())
            } else {
                node::object(line).and_then(|members| self.steps(Fields::new(members)))
            };
            let record = Record {
                line: lines.number,
                bytes: read.bytes + std::mem::take(&mut passed),
                steps,
                rows: Vec::new(),
            };
            if send(sender, record).is_err() {
                break;
            }
        }
        Ok(())
    }

    fn csv(&self, file: impl BufRead, sender: &Sender) -> Result<(), ImportError> {
        let (required, optional): (&[&str], &[&str]) = match self.kind {
            Kind::Orders => (order_rows::REQUIRED, order_rows::OPTIONAL),
            Kind::Products => (
                &["sku", "title", "tax_class"],
                &["tracked", "category", "price", "currency"],
            ),
            Kind::Stock => (
                &["id", "sku", "warehouse", "quantity"],
                &["unit_cost", "value", "currency"],
            ),
        };
        let mut rows = Rows::new(file, required, optional)?;
        if self.kind == Kind::Orders {
            let mut orders = OrderRows::new(rows, self.channel.clone());
            while let Some(record) = orders.next()? {
                if send(sender, record).is_err() {
                    break;
                }
            }
            return Ok(());
        }
        while let Some(row) = rows.next()? {
            let record = Record {
                line: row.line,
                bytes: row.bytes,
                steps: row
                    .values
                    .and_then(|members| self.steps(Fields::new(members))),
                rows: Vec::new(),
            };
            if send(sender, record).is_err() {
                break;
            }
        }
        Ok(())
    }

    fn steps(&self, fields: Fields) -> Refused<Steps> {
        match self.kind {
            Kind::Orders => orders::steps(fields, &self.channel),
            Kind::Products => products::steps(fields),
            Kind::Stock => stock::steps(fields, self.base),
        }
    }
}

fn send(sender: &Sender, record: Record) -> Result<(), Unwanted> {
    sender.blocking_send(Ok(record)).map_err(|_| Unwanted)
}
