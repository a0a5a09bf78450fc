//! Health, version, metrics and the facts of the site; owns no table.

pub mod http;
pub mod service;
