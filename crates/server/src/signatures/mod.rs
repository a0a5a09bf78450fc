//! The signature doctor over HTTP. It owns no table: what is pasted is neither stored nor logged.

pub mod http;
pub mod service;
