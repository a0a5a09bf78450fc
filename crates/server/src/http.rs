//! What every route shares: who calls, from where, with which body, and what every answer carries.
//!
//! Knows actix and sessions, but no feature's tables.

pub mod access;
pub mod body;
pub mod csrf;
pub mod etag;
pub mod file;
pub mod origin;
pub mod peer;
pub mod rate_limit;
pub mod request_id;
pub mod security_headers;
pub mod session;
pub mod shape;
pub mod spa;

pub use access::{Caller, Credential};
pub use body::{IdPath, Json, Query};
pub use etag::IfMatch;
