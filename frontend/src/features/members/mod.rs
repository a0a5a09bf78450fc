//! Who belongs to the company, who is invited, and the page that an invitation leads to.

mod invitation;
mod invite;
mod list;
mod register;

use crate::chunk::pages;

pages! { company: list => list::MembersPage }
pages! { auth: invitation => invitation::InvitationPage }
