//! Home and Account of somebody who is signed in.

mod home;
mod settings;

pub use home::HomePage;
pub use settings::AccountPage;
