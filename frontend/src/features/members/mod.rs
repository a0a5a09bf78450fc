//! Who belongs to the company, who is invited, and the page that an invitation leads to.

mod invitation;
mod invite;
mod list;
mod register;

pub use invitation::InvitationPage;
pub use list::MembersPage;
