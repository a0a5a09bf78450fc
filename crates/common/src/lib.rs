//! The wire contract: every type that crosses HTTP or the socket, shared by server and client.
//!
//! Owns DTOs, validated values, error codes and the list of endpoints with their paths.
//! Does no I/O and reads no clock, so it compiles for the browser as it is.
//! SQL conversions exist only behind the feature `sql`.

pub mod endpoint;
pub mod error;
pub mod ids;
pub mod instant;
pub mod money;
pub mod page;
pub mod redacted;
pub mod text_enum;
pub mod validate;
pub mod vat;

pub mod accounts;
pub mod api_keys;
pub mod audit;
pub mod auth;
pub mod books;
pub mod chat;
pub mod invoices;
pub mod itn;
pub mod members;
pub mod mfa;
pub mod passwords;
pub mod payment_methods;
pub mod payments;
pub mod plans;
pub mod reconciliations;
pub mod refunds;
pub mod reports;
pub mod sessions;
pub mod signatures;
pub mod site;

pub use endpoint::{Access, Endpoint, Method};
pub use error::{ErrorCode, FieldError, Problem};
pub use money::{Currency, Money};
pub use page::Page;

/// Prefix of every route below; the paths of [`Endpoint`]s are relative to it.
pub const API_BASE: &str = "/api/v1";
