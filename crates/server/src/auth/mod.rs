//! Signing up, signing in and sessions.
//!
//! Owns the tables `users`, `registrations` and `sessions`, and the mails that confirm an address.
//! A sign-up becomes a user only when its address is confirmed, with the password of that very sign-up:
//! whoever registers somebody else's address gains nothing.

pub mod http;
pub mod service;

pub mod login;
mod logins;
pub mod operators;
pub mod people;
pub mod registration;
pub mod sessions;

pub mod password;
pub mod store;
pub mod strength;
