//! Chat: the list of threads, one thread, and the composer below it.

mod actions;
mod body;
mod composer;
mod health;
mod history;
mod list;
mod page;
mod rows;
mod thread;

use crate::chunk::pages;

pages! { chat: chat => page::ChatPage }
