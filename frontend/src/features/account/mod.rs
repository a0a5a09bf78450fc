//! Home and the settings of somebody who is signed in.

mod appearance;
mod company;
mod frame;
mod home;
mod profile;

pub use appearance::AppearancePage;
pub use company::CompanyPage;
pub use frame::{AccountPage, settings_frame};
pub use home::HomePage;
pub use profile::ProfilePage;
