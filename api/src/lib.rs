//! The edge: HTTP, the graph, live updates and the command line. No rules and no SQL beyond
//! filters: commands go to the log, reads come from the read models.

pub mod access;
mod accident;
pub mod app;
pub mod auth;
mod bench;
pub mod bi;
pub mod bounds;
pub mod cli;
pub mod codes;
pub mod config;
pub mod contracts;
pub mod demo;
mod export;
pub mod graph;
pub mod http;
pub mod import;
mod open_files;
pub mod process;
mod recent;
pub mod secrets;
pub mod server;
mod timers;
