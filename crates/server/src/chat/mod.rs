//! ChatKit's transport: tickets, open sockets, and closing them when a login ends.
//!
//! Owns the table `socket_tickets`.

pub mod http;
pub mod service;
pub mod socket;
pub mod sockets;
pub mod store;
