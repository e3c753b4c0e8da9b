//! CSV: RFC 4180, UTF-8, a header, lines that end in CR LF.
//!
//! Null is an empty field. Numbers are plain decimals, instants RFC 3339 in UTC, days `2026-03-08`.
//! Text that a spreadsheet would run as a formula gets an apostrophe before it; numbers stay numbers.
//! So does what follows a `;`, a tab or a line break inside text, with or without a quote between:
//! there a spreadsheet that splits at these begins a cell.

use std::fmt::{self, Write as _};

use csv::{Terminator, WriterBuilder};
use jiff::Timestamp;
use jiff::fmt::temporal::DateTimePrinter;

use super::FormatError;
use crate::export::cell::{Cell, Row};
use crate::export::view::Column;

/// What makes a formula of a cell that begins with it.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '\t', '\r', '\n', '\0'];
/// What ends a cell inside text for a spreadsheet that does not split at commas.
const SEPARATORS: [char; 4] = [';', '\t', '\r', '\n'];
/// Instants to the microsecond, always.
const INSTANT: DateTimePrinter = DateTimePrinter::new().precision(Some(6));

/// A CSV file.
pub(crate) struct Csv {
    /// Written before the first rows.
    header: Option<Vec<String>>,
}

impl Csv {
    pub(super) fn new(columns: &[Column]) -> Self {
        let names = columns.iter().map(|column| column.name().to_owned());
        Self {
            header: Some(names.collect()),
        }
    }

    pub(super) fn write(&mut self, rows: &[Row]) -> Result<Vec<u8>, FormatError> {
        let mut writer = WriterBuilder::new()
            .terminator(Terminator::CRLF)
            .from_writer(Vec::new());
        if let Some(names) = self.header.take() {
            writer.write_record(names)?;
        }
        let mut text = String::new();
        for row in rows {
            for cell in row {
                text.clear();
                write_cell(&mut text, cell);
                writer.write_field(&text)?;
            }
            writer.write_record(None::<&[u8]>)?;
        }
        // Into memory: there is nothing to fail.
        Ok(writer.into_inner().unwrap_or_default())
    }

    pub(super) fn finish(mut self) -> Result<Vec<u8>, FormatError> {
        self.write(&[])
    }
}

fn write_cell(out: &mut String, cell: &Cell) {
    // Writing to a string does not fail.
    let _ = match cell {
        Cell::Null => Ok(()),
        Cell::Text(text) => write_text(out, text),
        Cell::Integer(number) => write!(out, "{number}"),
        Cell::Boolean(truth) => write!(out, "{truth}"),
        Cell::Day(day) => write!(out, "{day}"),
        Cell::Decimal(number) => write!(out, "{number}"),
        Cell::Instant(micros) => {
            let at = Timestamp::from_microsecond(*micros).unwrap_or_default();
            out.write_str(&INSTANT.timestamp_to_string(&at))
        }
    };
}

fn write_text(out: &mut String, text: &str) -> fmt::Result {
    if text.starts_with(FORMULA) {
        out.write_char('\'')?;
    }
    if !text.contains(SEPARATORS) {
        return out.write_str(text);
    }
    let mut begins = false;
    for char in text.chars() {
        let separates = SEPARATORS.contains(&char);
        // Of several separators the last one begins the cell.
        if begins && !separates && FORMULA.contains(&char) {
            out.write_char('\'')?;
        }
        begins = separates || (begins && char == '"');
        out.write_char(char)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::cell::Decimal;

    fn written(cells: Row) -> String {
        let mut file = Csv { header: None };
        String::from_utf8(file.write(&[cells]).unwrap()).unwrap()
    }

    #[test]
    fn what_a_spreadsheet_would_run_is_text() {
        for text in [
            "=HYPERLINK(\"http://x\")",
            "+1",
            "-1",
            "@SUM(A1)",
            "\tx",
            "\rx",
        ] {
            let line = written(vec![Cell::Text(text.to_owned()), Cell::Integer(1)]);
            let mut reader = csv::ReaderBuilder::new()
                .has_headers(false)
                .from_reader(line.as_bytes());
            let record = reader.records().next().unwrap().unwrap();
            assert_eq!(&record[0], format!("'{text}"));
        }
        assert_eq!(
            written(vec![Cell::Text("a=b".to_owned()), Cell::Null]),
            "a=b,\r\n"
        );
    }

    #[test]
    fn what_begins_a_cell_inside_text_is_text_too() {
        for (text, shown) in [
            ("a;=1", "a;'=1"),
            ("a;b;-1;@x", "a;b;'-1;'@x"),
            ("=1;+1", "'=1;'+1"),
            ("a\t=1", "a\t'=1"),
            ("\t=1", "'\t'=1"),
            ("a;\t=1", "a;\t'=1"),
            ("a\r\n=1", "a\r\n'=1"),
            ("a\n\0=1", "a\n'\0=1"),
            ("a;\"=1", "a;\"'=1"),
            ("é;=é", "é;'=é"),
            ("a;b=c", "a;b=c"),
            ("a\r\nb", "a\r\nb"),
            ("a,=1", "a,=1"),
            ("5\"-7\"", "5\"-7\""),
        ] {
            let mut out = String::new();
            write_cell(&mut out, &Cell::Text(text.to_owned()));
            assert_eq!(out, shown);
        }
    }

    #[test]
    fn numbers_below_zero_stay_numbers() {
        let amount = Cell::Decimal(Decimal::of_minor(-4998, Some("USD")));
        assert_eq!(written(vec![Cell::Integer(-1), amount]), "-1,-49.98\r\n");
    }

    #[test]
    fn commas_quotes_and_line_breaks_are_quoted() {
        let cells = vec![Cell::Text("a,\"b\"\r\nc".to_owned()), Cell::Boolean(true)];
        assert_eq!(written(cells), "\"a,\"\"b\"\"\r\nc\",true\r\n");
    }

    #[test]
    fn times_are_exact() {
        let cells = vec![
            Cell::Instant(1_772_357_400_000_001),
            Cell::Instant(-1),
            Cell::Day(jiff::civil::date(2026, 3, 8)),
        ];
        let line = "2026-03-01T09:30:00.000001Z,1969-12-31T23:59:59.999999Z,2026-03-08\r\n";
        assert_eq!(written(cells), line);
    }
}
