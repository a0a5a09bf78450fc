//! Saved cards: PayFast keeps the numbers, we keep its token, sealed.
//!
//! Owns the table `payment_methods`. A card is saved on PayFast's page and becomes `active` by its notification
//! ([`tokens`]); what its owner does with it is in [`service`].

pub mod http;
pub mod mails;
pub mod rules;
pub mod service;
pub mod store;
pub mod tokens;
