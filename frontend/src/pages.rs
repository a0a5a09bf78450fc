//! Pages that belong to no feature.

pub mod legal;
pub mod not_found;
pub mod start;
