//! Home and the settings of somebody who is signed in.

mod appearance;
mod codes;
mod company;
mod enrol;
mod frame;
mod home;
mod password;
mod profile;
mod sessions;
mod two_step;

pub use appearance::AppearancePage;
pub use company::CompanyPage;
pub use frame::{AccountPage, settings_frame};
pub use home::HomePage;
pub use password::PasswordPage;
pub use profile::ProfilePage;
pub use sessions::SessionsPage;
pub use two_step::TwoStepPage;
