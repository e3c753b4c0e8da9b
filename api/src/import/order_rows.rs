//! Orders of a CSV file: consecutive rows with one order id.
//!
//! No order is imported in part. A row that cannot be read may have belonged to the order before
//! it or to the one after it, and takes both with it.

use std::collections::VecDeque;
use std::io::{self, BufRead};

use entrepot_domain::kernel::{Refusal, Refused, code as rule};

use super::code;
use super::fields::Fields;
use super::node::{Members, Node, malformed};
use super::orders;
use super::record::Record;
use super::rows::{Row, Rows};

/// The columns that must be there.
pub(super) const REQUIRED: &[&str] = &[
    "order_id",
    "placed_at",
    "currency",
    "sku",
    "quantity",
    "gross",
];
/// The columns that may be there.
pub(super) const OPTIONAL: &[&str] = &[
    "customer",
    "channel",
    "discount",
    "discount_code",
    "net",
    "tax",
    "tax_code",
    "shipping",
    "total",
    "payment_provider",
    "paid",
    "shipped",
];
/// The most lines of an order.
const LINES_MAX: usize = 250;

/// Groups rows into orders.
pub(super) struct OrderRows<R> {
    rows: Rows<R>,
    channel: String,
    open: Option<Group>,
    /// The line of a row that could not be read, if it was the last.
    spoiled: Option<u64>,
    ready: VecDeque<Record>,
}

struct Group {
    id: String,
    bytes: u64,
    lines: Vec<u64>,
    rows: Vec<Members>,
    spoiled: Option<u64>,
}

impl<R: BufRead> OrderRows<R> {
    pub(super) const fn new(rows: Rows<R>, channel: String) -> Self {
        Self {
            rows,
            channel,
            open: None,
            spoiled: None,
            ready: VecDeque::new(),
        }
    }

    /// The next order; `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Record>> {
        while self.ready.is_empty() {
            let Some(row) = self.rows.next()? else {
                self.close();
                break;
            };
            self.add(row);
        }
        Ok(self.ready.pop_front())
    }

    fn add(&mut self, row: Row) {
        let (line, bytes) = (row.line, row.bytes);
        let (id, values) = match row.values.and_then(with_id) {
            Ok(row) => row,
            Err(refusal) => return self.spoil(line, bytes, refusal),
        };
        if let Some(open) = self.open.as_mut().filter(|open| open.id == id) {
            open.bytes += bytes;
            open.lines.push(line);
            // One row more than allowed is enough to refuse the order.
            if open.rows.len() <= LINES_MAX {
                open.rows.push(values);
            }
        } else {
            self.close();
            self.open = Some(Group {
                id,
                bytes,
                lines: vec![line],
                rows: vec![values],
                spoiled: self.spoiled,
            });
        }
        self.spoiled = None;
    }

    fn spoil(&mut self, line: u64, bytes: u64, refusal: Refusal) {
        if let Some(open) = &mut self.open {
            open.spoiled.get_or_insert(line);
        }
        self.spoiled = Some(line);
        self.ready.push_back(Record {
            line,
            bytes,
            steps: Err(refusal),
            rows: Vec::new(),
        });
    }

    fn close(&mut self) {
        let Some(group) = self.open.take() else {
            return;
        };
        let steps = match (group.spoiled, group.lines.len()) {
            (Some(line), _) => {
                let message = format!("row {line}, in the order or beside it, cannot be read");
                Err(malformed(message))
            }
            (None, lines) if lines > LINES_MAX => {
                let message =
                    format!("the order has {lines} rows, at most {LINES_MAX} are allowed");
                Err(Refusal::at(rule::LIST_TOO_LONG, "order_id", message))
            }
            (None, _) => order(group.id, group.rows)
                .and_then(|order| orders::steps(Fields::new(order), &self.channel)),
        };
        self.ready.push_back(Record {
            line: group.lines.first().copied().unwrap_or(0),
            bytes: group.bytes,
            steps,
            rows: group.lines.into_iter().take(LINES_MAX).collect(),
        });
    }
}

/// Takes a value out of a row.
fn take(row: &mut Members, column: &str) -> Option<Node> {
    let index = row.iter().position(|(name, _)| name == column)?;
    Some(row.swap_remove(index).1)
}

fn with_id(mut row: Members) -> Refused<(String, Members)> {
    match take(&mut row, "order_id") {
        Some(Node::Text(id)) => Ok((id, row)),
        _ => Err(Refusal::at(
            code::FIELD_MISSING,
            "order_id",
            "it is missing",
        )),
    }
}

/// The order as NDJSON has it. What concerns the whole order is read from its first row.
fn order(id: String, mut rows: Vec<Members>) -> Refused<Members> {
    let mut order = vec![("id".to_owned(), Node::Text(id))];
    if let Some(first) = rows.first_mut() {
        for name in [
            "placed_at",
            "currency",
            "customer",
            "channel",
            "total",
            "shipped",
        ] {
            order.extend(take(first, name).map(|value| (name.to_owned(), value)));
        }
        if let Some(net) = take(first, "shipping") {
            let method = Node::Text("standard".to_owned());
            let shipping = vec![("method".to_owned(), method), ("net".to_owned(), net)];
            order.push(("shipping".to_owned(), Node::Object(shipping)));
        }
        if let Some(amount) = take(first, "paid") {
            let Some(provider) = take(first, "payment_provider") else {
                let message = "it is missing beside an amount paid";
                return Err(Refusal::at(
                    code::FIELD_MISSING,
                    "payment_provider",
                    message,
                ));
            };
            let payment = vec![
                ("provider".to_owned(), provider),
                ("amount".to_owned(), amount),
            ];
            order.push((
                "payments".to_owned(),
                Node::List(vec![Node::Object(payment)]),
            ));
        }
    }
    let lines = rows
        .into_iter()
        .map(|row| Node::Object(line(row)))
        .collect();
    order.push(("lines".to_owned(), Node::List(lines)));
    Ok(order)
}

fn line(mut row: Members) -> Members {
    let mut line = Members::new();
    for name in ["sku", "quantity", "gross", "net"] {
        line.extend(take(&mut row, name).map(|value| (name.to_owned(), value)));
    }
    for (list, amount, code, default) in [
        ("discounts", "discount", "discount_code", "DISCOUNT"),
        ("tax", "tax", "tax_code", "TAX"),
    ] {
        let Some(amount) = take(&mut row, amount) else {
            continue;
        };
        let code = take(&mut row, code).unwrap_or_else(|| Node::Text(default.to_owned()));
        let entry = vec![("code".to_owned(), code), ("amount".to_owned(), amount)];
        line.push((list.to_owned(), Node::List(vec![Node::Object(entry)])));
    }
    line
}

/// The row, counted from 0, and the column of a field as NDJSON has it.
pub(super) fn column(field: &str) -> (usize, String) {
    let parts: Vec<&str> = field.split('.').collect();
    let (row, column) = match parts[..] {
        ["lines", row, "discounts", _, part] => (
            row,
            if part == "code" {
                "discount_code"
            } else {
                "discount"
            },
        ),
        ["lines", row, "tax", _, part] => (row, if part == "code" { "tax_code" } else { "tax" }),
        ["lines", row, "discounts", ..] => (row, "discount"),
        ["lines", row, "tax", ..] => (row, "tax"),
        ["lines", row, name] => (row, name),
        ["id"] => ("0", "order_id"),
        ["shipping", ..] => ("0", "shipping"),
        ["payments", _, "provider"] => ("0", "payment_provider"),
        ["payments", ..] => ("0", "paid"),
        _ => ("0", field),
    };
    (row.parse().unwrap_or(0), column.to_owned())
}
