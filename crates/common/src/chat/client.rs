//! Everything that a client of the realtime protocol decides; its shell does what it is told.
//!
//! [`Machine::handle`] takes one [`Input`] with the time and a source of randomness, and gives back [`Effect`]s.
//! It owns no socket, no timer and no storage, so that every order of events can be tried under a virtual clock.
//!
//! The shell keeps one timer, at the time of the last [`Effect::WakeAt`], and then hands in [`Input::Tick`].
//! Times are milliseconds since 1970 from a clock that does not run backwards.

mod connection;
mod effects;
mod health;
mod hearing;
mod heartbeat;
mod inputs;
mod machine;
mod outbox;
mod reconnect;
mod streams;
mod thread;
mod typing;
mod user_log;

pub use effects::{Effect, OutgoingState};
pub use inputs::{Ask, Input, Role};
pub use machine::Machine;
pub use outbox::{Op, Record, Refusal, UnsentReason};

/// Gives numbers from 0 up to but not including 1.
pub type Random<'a> = &'a mut dyn FnMut() -> f64;
