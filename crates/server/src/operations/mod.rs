//! Health, version and the facts of the site; owns no table.

pub mod http;
