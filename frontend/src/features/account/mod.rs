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

pub use frame::settings_frame;

use crate::chunk::pages;

pages! { records: home => home::HomePage }
pages! {
    settings:
    account => frame::AccountPage,
    company => company::CompanyPage,
    profile => profile::ProfilePage,
    appearance => appearance::AppearancePage,
}
pages! {
    security:
    password => password::PasswordPage,
    two_step => two_step::TwoStepPage,
    sessions => sessions::SessionsPage,
}
