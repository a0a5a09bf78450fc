//! Signing up, signing in and sessions.
//!
//! Owns the tables `users`, `registrations` and `sessions`, and the mails that confirm an address.
//! A sign-up becomes a user only when its address is confirmed, with the password of that very sign-up:
//! whoever registers somebody else's address gains nothing.

pub mod http;
mod logins;
pub mod password;
pub mod people;
pub mod service;
pub mod store;
