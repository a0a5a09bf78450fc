//! The emulator over real HTTP, with a shop that takes its notifications.

#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod api;
mod checkout;
mod faults;
mod support;
