//! Looks at everything that a notification can change; it owns none of the tables, and only reads.

pub mod store;

pub use store::{Fact, load};
