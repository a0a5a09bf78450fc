//! Checkout, payments and PayFast's notifications.
//!
//! Owns the tables `payments`, `payment_attempts`, `payment_events`, `customer_credits`, `itns` and
//! `verified_itns`. The way of a notification: [`itn::receive`] stores it, [`itn::check_due`] judges it,
//! [`settlement::apply`] moves the money, each in a transaction of its own. [`charges`] charges saved cards, [`eft`]
//! records what came or went outside the gateway, [`credit`] is what customers can spend.

pub mod charges;
pub mod credit;
pub mod eft;
pub mod gateway;
pub mod http;
pub mod itn;
pub mod list;
pub mod rules;
pub mod service;
pub mod settlement;
pub mod store;
