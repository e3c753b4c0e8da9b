//! Bulk import: files of orders, products and stock through the same commands as everything else.
//!
//! A file is read line by line in bounded memory. Every record becomes a command under a key that
//! is kept for ever, made of the import's source and the record's own id: run again, after a kill
//! or by mistake, an import doubles nothing, and records that are there already are passed over. A
//! record that a rule refuses is reported with its line, field, code and message; the others go on.
//!
//! # Common rules
//!
//! NDJSON: one JSON object a line, UTF-8. CSV: RFC 4180, comma, UTF-8, a header in the first row
//! that names columns in any order; an empty value is an absent one. A record is at most 1 MB. A
//! field or column that the format does not have is refused.
//!
//! Amounts are decimals with at most as many digits as the currency has (`"49.98"` or `49.98`;
//! `1e2` and `49.980` are `AMOUNT_MALFORMED`), or in NDJSON minor units under the name with
//! `_minor`: `"gross": "49.98"` and `"gross_minor": 4998` say the same. No number passes through a
//! float. Ids are text, or whole numbers of any size, and are kept verbatim.
//!
//! # Orders, as a channel took them
//!
//! One NDJSON object an order; `?` marks what may be left out:
//!
//! ```json
//! {"id": "1001", "placed_at": "2026-03-08T05:00:00Z", "currency": "USD", "customer"?: "c-7",
//!  "channel"?: "till",
//!  "lines": [{"sku": "A", "quantity": 2, "gross": "49.98", "unit_price"?: "24.99",
//!             "discounts"?: [{"code": "TWO", "amount": "5.55", "scope"?: "line" | "order"}],
//!             "tax"?: [{"code": "US-NY", "amount": "3.67", "rate_ppm"?: 82500}],
//!             "net"?: "44.43"}],
//!  "shipping"?: {"method": "standard", "net": "5.99", "tax"?: []},
//!  "total"?: "54.09", "payments"?: [{"provider": "card", "amount": "54.09", "ref"?: "ch_1"}],
//!  "shipped"?: true}
//! ```
//!
//! Nothing is recomputed, but stated sums must hold: net = gross − discounts, total = net +
//! shipping + tax, and payments are at most the total. SKUs must be in the catalog. 1 to 250 lines;
//! a quantity may be 0, not negative.
//!
//! CSV: a row a line; consecutive rows with the same `order_id` are one order. Columns `order_id`,
//! `placed_at`, `currency`, `sku`, `quantity`, `gross`, and if wanted `customer`, `channel`,
//! `discount`, `discount_code` (`DISCOUNT`), `net`, `tax`, `tax_code` (`TAX`), `shipping`, `total`,
//! `payment_provider`, `paid`, `shipped` (`true` or `false`). `placed_at`, `currency`, `customer`,
//! `channel`, `shipping`, `total`, `payment_provider`, `paid` and `shipped` are read from the
//! order's first row. A row that cannot be read takes the orders before and after it with it, since
//! it may belong to either: no order is imported in part.
//!
//! # Products
//!
//! `sku`, `title`, `tax_class`, `tracked`? (`true`), `category`?, `price`? with `currency`. A SKU
//! that is there keeps its title; a price that is new is set.
//!
//! # Stock
//!
//! `id` of the receipt, `sku`, `warehouse`, `quantity`, and `unit_cost` or `value` (of all units)
//! in the tenant's base currency, which `currency`? may confirm. A receipt may have several
//! records, one for each SKU and warehouse.

mod amount;
mod error;
mod fields;
mod lines;
mod node;
mod order_rows;
mod orders;
mod products;
pub mod progress;
mod record;
mod report;
mod rows;
mod source;
mod stock;
mod submit;
#[cfg(test)]
pub(crate) mod tests;

use std::path::{Path, PathBuf};
use std::time::Instant;

use entrepot_domain::event::Event;
use entrepot_domain::kernel::{CODE_MAX, Currency, Refusal, TenantId, text};
use entrepot_domain::tenants::TenantEvent;
use entrepot_event_store::{Store, StoreError};
use tokio_util::sync::CancellationToken;

pub use error::ImportError;
pub use progress::{Progress, Silent};
pub use report::{RefusedRecord, Report};

/// The longest record, in bytes.
const LINE_MAX: usize = 1_000_000;

/// Codes of refusals that only files know; the others are the domain's.
pub mod code {
    /// States codes, each with what it means.
    macro_rules! codes {
        ($($(#[doc = $doc:literal])* $name:ident,)*) => {
            $($(#[doc = $doc])* pub const $name: &str = stringify!($name);)*
            /// Every code with what it means.
            pub const MEANINGS: &[(&str, &str)] = &[$(($name, concat!($($doc),*))),*];
        };
    }
    codes! {
        /// The line is no JSON object, or the row does not fit the header.
        RECORD_MALFORMED,
        /// The record is longer than 1 MB.
        RECORD_TOO_LONG,
        /// A record of this id was imported from the same source before, with other content.
        RECORD_CHANGED,
        /// A field that must be there is not.
        FIELD_MISSING,
        /// The format has no such field.
        FIELD_UNKNOWN,
        /// The value is of another type than the field.
        FIELD_MALFORMED,
        /// The number is not whole, or does not fit 64 bits.
        NUMBER_MALFORMED,
        /// The amount is no decimal, or has more digits than its currency.
        AMOUNT_MALFORMED,
    }
}

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    /// Orders that a channel took.
    Orders,
    /// SKUs and prices.
    Products,
    /// Receipts of goods.
    Stock,
}

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// A JSON object a line.
    Ndjson,
    /// Comma-separated values with a header.
    Csv,
}

/// What happens after a record was refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnRefusal {
    /// It is reported, and the others go on.
    #[default]
    Skip,
    /// Reading ends.
    Stop,
}

/// What to import.
#[derive(Clone, Debug)]
pub struct ImportRequest {
    /// What the file holds.
    pub kind: Kind,
    /// How it is written; by the file's extension if not given.
    pub format: Option<Format>,
    /// The file, or `-` for standard input.
    pub path: PathBuf,
    /// The channel of orders that name none.
    pub channel: String,
    /// Names the import; part of every key. The same records under another source are refused or
    /// passed over where they have an id of their own, and doubled where they have none (stock).
    pub source: String,
    /// What happens after a record was refused.
    pub on_refusal: OnRefusal,
}

/// Imports a file into a tenant.
///
/// After `stop`, what was submitted is waited for and the report says that it is not all.
pub async fn run(
    store: &Store,
    tenant: TenantId,
    request: ImportRequest,
    progress: &dyn Progress,
    stop: &CancellationToken,
) -> Result<Report, ImportError> {
    let started = Instant::now();
    text(&request.source, CODE_MAX, "source").map_err(ImportError::Request)?;
    let format = request.format.or_else(|| format_of(&request.path));
    let reading = source::Reading {
        kind: request.kind,
        format: format.ok_or(ImportError::Format)?,
        path: request.path,
        channel: request.channel,
        base: base_currency(store, tenant).await?,
    };
    let (records, bytes) = source::start(reading)?;
    progress.set_total_bytes(bytes.unwrap_or(0));
    let target = submit::Target {
        store,
        tenant,
        source: &request.source,
    };
    let mut report = submit::all(&target, records, request.on_refusal, progress, stop).await?;
    report.finish(started.elapsed());
    Ok(report)
}

fn format_of(path: &Path) -> Option<Format> {
    let extension = path.extension()?.to_str()?.to_ascii_lowercase();
    match extension.as_str() {
        "ndjson" | "jsonl" => Some(Format::Ndjson),
        "csv" => Some(Format::Csv),
        _ => None,
    }
}

/// The tenant's own currency: its first event says it.
async fn base_currency(store: &Store, tenant: TenantId) -> Result<Currency, ImportError> {
    let first = store.read(tenant, 0, 1).await?.into_iter().next();
    let event = first.and_then(|entry| entry.event.as_ref().ok().cloned());
    match event.as_deref().map(|recorded| &recorded.event) {
        Some(Event::Tenant(TenantEvent::Created(created))) => Ok(created.base_currency),
        _ => Err(StoreError::NoTenant.into()),
    }
}

fn too_long() -> Refusal {
    let message = format!("the record is longer than {LINE_MAX} bytes");
    Refusal::new(code::RECORD_TOO_LONG, message)
}
