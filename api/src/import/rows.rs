//! Rows of a CSV file in bounded memory: RFC 4180, comma, UTF-8, a header in the first row.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, BufRead, Read};
use std::rc::Rc;

use entrepot_domain::kernel::{Refusal, Refused};

use super::code;
use super::error::ImportError;
use super::node::{Members, Node, malformed};
use super::{LINE_MAX, too_long};

/// What the CSV reader may have read ahead of the row that it answers.
const AHEAD: usize = 64 * 1024;

/// Reads row by row.
pub(super) struct Rows<R> {
    source: Rc<RefCell<Source<R>>>,
    reader: csv::Reader<Shared<R>>,
    columns: Vec<String>,
    /// Bytes of the file before the reader began.
    base: u64,
}

/// A row.
pub(super) struct Row {
    /// Its first line, from 1.
    pub(super) line: u64,
    /// Bytes of the file since the row before it.
    pub(super) bytes: u64,
    /// Its values by column; empty ones are left out.
    pub(super) values: Refused<Members>,
}

/// The file as the CSV reader sees it: it ends, with an error, where a row is too long.
struct Source<R> {
    file: R,
    given: u64,
    /// Bytes given since the last row.
    since: usize,
    /// Offsets of line ends that are not counted yet.
    ends: VecDeque<u64>,
    /// Line ends that are counted.
    lines: u64,
}

struct Shared<R>(Rc<RefCell<Source<R>>>);

impl<R: BufRead> Read for Shared<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.borrow_mut().give(buffer)
    }
}

impl<R: BufRead> Source<R> {
    fn give(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.overrun() {
            return Err(io::Error::other("the row is too long"));
        }
        let available = self.file.fill_buf()?;
        let count = available.len().min(buffer.len());
        buffer[..count].copy_from_slice(&available[..count]);
        for (offset, byte) in (self.given..).zip(&available[..count]) {
            if *byte == b'\n' {
                self.ends.push_back(offset);
            }
        }
        self.file.consume(count);
        self.since += count;
        self.given += count as u64;
        Ok(count)
    }

    const fn overrun(&self) -> bool {
        self.since > LINE_MAX + AHEAD
    }

    /// The line on which a row ends whose last byte stands at `offset`.
    fn line_at(&mut self, offset: u64) -> u64 {
        while self.ends.front().is_some_and(|end| *end < offset) {
            self.ends.pop_front();
            self.lines += 1;
        }
        self.lines + 1
    }

    /// Passes over the rest of the line; answers the number of the line that it belongs to.
    fn skip_line(&mut self) -> io::Result<u64> {
        let line = self.line_at(u64::MAX);
        loop {
            let available = self.file.fill_buf()?;
            let end = available.iter().position(|byte| *byte == b'\n');
            let count = end.map_or(available.len(), |end| end + 1);
            self.file.consume(count);
            self.given += count as u64;
            if end.is_some() {
                self.lines += 1;
            }
            if end.is_some() || count == 0 {
                self.since = 0;
                return Ok(line);
            }
        }
    }
}

impl<R: BufRead> Rows<R> {
    /// Reads the header: `required` and `optional` columns, in any order, none twice.
    pub(super) fn new(file: R, required: &[&str], optional: &[&str]) -> Result<Self, ImportError> {
        let source = Source {
            file,
            given: 0,
            since: 0,
            ends: VecDeque::new(),
            lines: 0,
        };
        let source = Rc::new(RefCell::new(source));
        let mut rows = Self {
            reader: reader(&source),
            source,
            columns: Vec::new(),
            base: 0,
        };
        let header = rows.record()?.and_then(|(_, _, record)| record.ok());
        let header = header.ok_or_else(|| ImportError::Header("the file has none".to_owned()))?;
        rows.columns = columns(&header, required, optional).map_err(ImportError::Header)?;
        Ok(rows)
    }

    /// The next row; `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Row>> {
        let Some((line, bytes, record)) = self.record()? else {
            return Ok(None);
        };
        let values = record.and_then(|record| self.values(&record));
        Ok(Some(Row {
            line,
            bytes,
            values,
        }))
    }

    /// The next record with its line and length.
    fn record(&mut self) -> io::Result<Option<(u64, u64, Refused<csv::ByteRecord>)>> {
        let start = self.reader.position().byte();
        let mut record = csv::ByteRecord::new();
        let read = self.reader.read_byte_record(&mut record);
        if self.source.borrow().overrun() {
            return self.recover(self.base + start).map(Some);
        }
        if !read.map_err(io::Error::from)? {
            return Ok(None);
        }
        let end = self.reader.position().byte();
        let mut source = self.source.borrow_mut();
        source.since = 0;
        let last = source.line_at((self.base + end).saturating_sub(1));
        let breaks = record.as_slice().split(|byte| *byte == b'\n').count() as u64 - 1;
        let (line, bytes) = (last.saturating_sub(breaks), end - start);
        let fits = usize::try_from(bytes).is_ok_and(|bytes| bytes <= LINE_MAX);
        Ok(Some((
            line,
            bytes,
            if fits { Ok(record) } else { Err(too_long()) },
        )))
    }

    /// Begins again on the line after a row that is too long.
    fn recover(&mut self, start: u64) -> io::Result<(u64, u64, Refused<csv::ByteRecord>)> {
        let mut source = self.source.borrow_mut();
        // The end of the line before may be left to read, if it is CR LF.
        let first = source.line_at(start + 1);
        let last = source.skip_line()?;
        self.base = source.given;
        drop(source);
        self.reader = reader(&self.source);
        let mut refusal = too_long();
        if last > first {
            refusal.message = format!("{}; it reaches to line {last}", refusal.message);
        }
        Ok((first, self.base - start, Err(refusal)))
    }

    fn values(&self, record: &csv::ByteRecord) -> Refused<Members> {
        if record.len() != self.columns.len() {
            let (found, named) = (record.len(), self.columns.len());
            let message = format!("the row has {found} values and the header {named}");
            return Err(malformed(message));
        }
        let mut values = Members::with_capacity(record.len());
        for (column, value) in self.columns.iter().zip(record) {
            let Ok(value) = std::str::from_utf8(value) else {
                let message = "it is not UTF-8";
                return Err(Refusal::at(code::FIELD_MALFORMED, column, message));
            };
            if !value.is_empty() {
                values.push((column.clone(), Node::Text(value.to_owned())));
            }
        }
        Ok(values)
    }
}

fn reader<R: BufRead>(source: &Rc<RefCell<Source<R>>>) -> csv::Reader<Shared<R>> {
    csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(Shared(Rc::clone(source)))
}

fn columns(
    header: &csv::ByteRecord,
    required: &[&str],
    optional: &[&str],
) -> Result<Vec<String>, String> {
    let mut columns: Vec<String> = Vec::with_capacity(header.len());
    for name in header {
        let name = String::from_utf8_lossy(name).trim().to_owned();
        if columns.contains(&name) {
            return Err(format!("column `{name}` stands twice"));
        }
        if ![required, optional].concat().contains(&name.as_str()) {
            return Err(format!("column `{name}` is not known"));
        }
        columns.push(name);
    }
    match required
        .iter()
        .find(|name| !columns.iter().any(|column| column == *name))
    {
        Some(missing) => Err(format!("column `{missing}` is missing")),
        None => Ok(columns),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &[u8]) -> Result<Rows<&[u8]>, String> {
        Rows::new(text, &["a"], &["b"]).map_err(|error| error.to_string())
    }

    /// Line, and values joined or the refusal's code.
    fn all(text: &str) -> Vec<(u64, String)> {
        let mut rows = rows(text.as_bytes()).expect("a header");
        let mut all = Vec::new();
        while let Some(row) = rows.next().expect("read") {
            let values = row.values.map_or_else(
                |refusal| refusal.code.to_owned(),
                |values| {
                    let values = values.into_iter().map(|(column, value)| match value {
                        Node::Text(text) => format!("{column}={text}"),
                        other => panic!("{other:?}"),
                    });
                    values.collect::<Vec<_>>().join(" ")
                },
            );
            all.push((row.line, values));
        }
        all
    }

    fn seen(rows: &[(u64, &str)]) -> Vec<(u64, String)> {
        rows.iter()
            .map(|(line, text)| (*line, (*text).to_owned()))
            .collect()
    }

    #[test]
    fn rows_know_their_lines_whatever_ends_them() {
        let expected = seen(&[(2, "a=1 b=2"), (4, "a=x\ny"), (6, "a=5 b=6")]);
        assert_eq!(all("a,b\n1,2\n\n\"x\ny\",\n5,6"), expected);
        assert_eq!(
            all("a,b\r\n1,2\r\n\r\n\"x\r\ny\",\r\n5,6\r\n"),
            seen(&[(2, "a=1 b=2"), (4, "a=x\r\ny"), (6, "a=5 b=6")])
        );
        assert_eq!(all("\u{feff}b,a\n2,1\n"), seen(&[(2, "b=2 a=1")]));
    }

    #[test]
    fn a_header_names_each_known_column_once() {
        for (text, message) in [
            ("", "the header: the file has none"),
            ("b\n1\n", "the header: column `a` is missing"),
            ("a,b,a\n1,2,3\n", "the header: column `a` stands twice"),
            ("a,c\n1,2\n", "the header: column `c` is not known"),
        ] {
            assert_eq!(
                rows(text.as_bytes()).err().as_deref(),
                Some(message),
                "{text:?}"
            );
        }
    }

    #[test]
    fn a_row_that_cannot_be_read_leaves_the_others_alone() {
        assert_eq!(
            all("a,b\n1\n2,3,4\n5,6\n"),
            seen(&[
                (2, "RECORD_MALFORMED"),
                (3, "RECORD_MALFORMED"),
                (4, "a=5 b=6")
            ])
        );
        let mut rows = rows(b"a,b\n1,\xff\n").expect("a header");
        let row = rows.next().expect("read").expect("a row");
        let refusal = row.values.expect_err("no UTF-8");
        assert_eq!(
            (refusal.code, refusal.field.as_deref()),
            ("FIELD_MALFORMED", Some("b"))
        );
    }

    #[test]
    fn after_a_row_that_is_too_long_reading_goes_on_at_the_next_line() {
        let long = "x".repeat(3 * LINE_MAX);
        let over = "y".repeat(LINE_MAX + 1);
        let text = format!("a,b\n1,2\n{long},3\n4,5\n{over},6\n7,8\n");
        let expected = seen(&[
            (2, "a=1 b=2"),
            (3, "RECORD_TOO_LONG"),
            (4, "a=4 b=5"),
            (5, "RECORD_TOO_LONG"),
            (6, "a=7 b=8"),
        ]);
        assert_eq!(all(&text), expected);

        let open = format!("a,b\n1,2\n\"open,3\n{}4,5\n", "0123,4567\n".repeat(400_000));
        let rows = all(&open);
        assert_eq!(rows[..2], seen(&[(2, "a=1 b=2"), (3, "RECORD_TOO_LONG")]));
        assert_eq!(rows.last(), Some(&(400_004, "a=4 b=5".to_owned())));
    }
}
