//! Saved cards: which there are, which is the default, adding, updating and removing one.

mod add;
mod edit;
mod list;
mod typed;
mod waiting;

use crate::chunk::pages;

pages! { methods: list => list::MethodsPage }
