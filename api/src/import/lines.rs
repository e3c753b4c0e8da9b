//! Lines of a file in bounded memory.

use std::io::{self, BufRead};

use super::LINE_MAX;

/// Reads line by line. Of a line that is too long nothing is kept.
pub(super) struct Lines<R> {
    reader: R,
    /// The line that was read last, without its end.
    pub(super) line: Vec<u8>,
    /// Its number, from 1.
    pub(super) number: u64,
}

/// What was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Read {
    /// Bytes of the file, the line's end among them.
    pub(super) bytes: u64,
    /// Whether the line was longer than [`LINE_MAX`].
    pub(super) too_long: bool,
}

impl<R: BufRead> Lines<R> {
    pub(super) const fn new(reader: R) -> Self {
        Self {
            reader,
            line: Vec::new(),
            number: 0,
        }
    }

    /// Reads the next line; `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Read>> {
        self.line.clear();
        let mut read = Read {
            bytes: 0,
            too_long: false,
        };
        loop {
            let available = match self.reader.fill_buf() {
                Ok(available) => available,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if available.is_empty() {
                return Ok(self.ended(read));
            }
            let end = available.iter().position(|byte| *byte == b'\n');
            let part = &available[..end.unwrap_or(available.len())];
            read.too_long |= self.line.len() + part.len() > LINE_MAX;
            if read.too_long {
                self.line.clear();
            } else {
                self.line.extend_from_slice(part);
            }
            let used = part.len() + usize::from(end.is_some());
            self.reader.consume(used);
            read.bytes += used as u64;
            if end.is_some() {
                self.number += 1;
                return Ok(Some(read));
            }
        }
    }

    fn ended(&mut self, read: Read) -> Option<Read> {
        (read.bytes > 0).then(|| {
            self.number += 1;
            read
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_too_long_is_passed_over() {
        let long = "x".repeat(LINE_MAX + 1);
        let most = "y".repeat(LINE_MAX);
        let text = format!("a\n{long}\n\r\n{most}\nend");
        let mut lines = Lines::new(io::BufReader::with_capacity(7, text.as_bytes()));
        let mut seen = Vec::new();
        while let Some(read) = lines.next().expect("read") {
            seen.push((lines.number, lines.line.len(), read.too_long));
        }
        let max = LINE_MAX;
        let expected = [
            (1, 1, false),
            (2, 0, true),
            (3, 1, false),
            (4, max, false),
            (5, 3, false),
        ];
        assert_eq!(seen, expected);
    }
}
