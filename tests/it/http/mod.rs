//! The program as its users meet it: a child process, HTTP, the command line, other people's clients.

mod buyers;
mod client;
mod isolation;
mod kill;
mod live;
mod peers;
mod schema;
mod server;
mod shopfront;
mod worked_order;
