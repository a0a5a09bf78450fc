//! ChatKit: the socket that its frames cross, and the threads that they write into.
//!
//! Tickets, open sockets, and closing them when a login ends; threads, their logs and what stands in them. Owns the
//! tables `socket_tickets`, `chat_threads`, `chat_members`, `chat_events`, `chat_items` and `chat_sends`.

pub mod changes;
pub mod following;
pub mod http;
pub mod hub;
pub mod log;
pub mod pace;
pub mod service;
pub mod socket;
pub mod sockets;
pub mod store;
pub mod threads;
pub mod writing;
