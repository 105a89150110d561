//! A domain name in, facts about its site out.

pub mod extract;
pub mod fingerprints;
