//! Signing up, signing in, sessions, passwords and the second factor.
//!
//! Owns the tables `users`, `registrations`, `sessions`, `password_resets` and `recovery_codes`, and the mails about
//! them.
//! A sign-up becomes a user only when its address is confirmed, with the password of that very sign-up:
//! whoever registers somebody else's address gains nothing.

pub mod http;
pub mod service;

pub mod limits;
pub mod login;
mod logins;
pub mod mfa;
pub mod operators;
pub mod passwords;
pub mod people;
pub mod registration;
pub mod sessions;

pub mod mails;
pub mod password;
pub mod seal;
pub mod store;
pub mod strength;
