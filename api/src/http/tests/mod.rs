//! The transport over a toy schema: HTTP in process, sockets and the listener over loopback.

mod explorer;
mod health;
mod http;
mod limits;
mod sockets;
mod streams;
mod toy;
