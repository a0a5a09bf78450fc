//! What can be bought, at which price; a fixed catalogue without tables.

pub mod http;
pub mod rules;
