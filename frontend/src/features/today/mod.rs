//! Today: what waits for the staff, counted, each a link to the filtered list.

mod page;
mod work;

use crate::chunk::pages;

pages! { today: today => page::TodayPage }
