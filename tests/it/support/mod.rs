//! What tests share.

pub(crate) mod fake_site;
pub(crate) mod scans;
