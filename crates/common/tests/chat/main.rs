//! ChatKit as both sides see it: the frames, the client's state machine, and the law of its reconnects.

#![expect(clippy::unwrap_used, reason = "a test that cannot unwrap has failed")]

mod connection;
mod ephemeral;
mod failures;
mod frames;
mod health;
mod law;
mod model;
mod outbox;
mod shell;
mod threads;
