//! The commands of the program, one file each.

pub mod extract;
pub mod scan;
mod text;
