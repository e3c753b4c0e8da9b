//! The program as its users meet it: a child process, HTTP, the command line, other people's clients.

mod buyers;
mod client;
mod kill;
mod live;
mod server;
mod shopfront;
mod worked_order;
