//! The transport.
pub mod config;
pub mod document;
pub mod executor;
pub mod refusal;
