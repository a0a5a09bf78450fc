//! Refunds: written down first, sent once, and asked about until PayFast's word is known.
//!
//! Owns the table `refunds`. [`service`] takes a request and moves the money in the books, [`sending`] speaks with
//! PayFast; what can follow what is decided in [`rules`].

pub mod http;
pub mod rules;
pub mod sending;
pub mod service;
pub mod store;
