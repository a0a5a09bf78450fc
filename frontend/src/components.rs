//! The parts that every page is made of. They know no data, no routes and no features.

pub mod art;
pub mod badge;
pub mod button;
pub mod combobox;
pub mod copy;
pub mod countdown;
pub mod data;
pub mod dialog;
pub mod dynamic;
pub mod field;
pub mod heading;
pub mod icon;
pub mod list;
pub mod money;
pub mod notice;
pub mod problem;
pub mod skeleton;
pub mod steps;
pub mod tabs;
pub mod time;
pub mod toast;
