//! sea-orm entities: one file a table. The log's tables first, then the read models' (`rm_…`).
//!
//! Rows have no relations, and nothing here knows the domain: values are converted where both are
//! known, in `event-store` and `projections`.

// The log.
pub mod command;
pub mod event;
pub mod snapshot;
pub mod tenant_head;

// Personal data, outside the log.
pub mod personal;
pub mod subject_key;

// Finding work.
pub mod checkpoint;
pub mod lease;
pub mod parked;
pub mod tenant;
pub mod timer;

// Read models of group `core`.
pub mod customers;
pub mod inventory;
pub mod margin_days;
pub mod margins;
pub mod mrr_movements;
pub mod order_days;
pub mod order_docs;
pub mod order_keys;
pub mod orders;
pub mod products;
pub mod subscriptions;

// Read models of group `bi`.
pub mod bi_order_lines;
pub mod bi_orders;
pub mod bi_payments;
pub mod bi_shipments;

pub mod scope;
