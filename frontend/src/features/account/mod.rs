//! Home and Account of somebody who is signed in.

mod home;
mod settings;

use crate::chunk::pages;

pages! { records: home => home::HomePage }
pages! { settings: account => settings::AccountPage }
