//! ChatKit: the socket that its frames cross, and the threads that they write into.
//!
//! Tickets, open sockets, and closing them when a login ends; threads, their logs and what stands in them; what people
//! let others see, and how long anything is kept. Owns the table `socket_tickets` and all whose names begin with `chat_`.

pub mod changes;
pub mod fanout;
pub mod following;
pub mod group;
pub mod history;
pub mod http;
pub mod hub;
pub mod log;
pub mod pace;
pub mod person;
pub mod presence;
pub mod retention;
pub mod service;
pub mod settings;
pub mod socket;
pub mod sockets;
pub mod store;
pub mod threads;
pub mod user_log;
pub mod writing;
