//! What the tests share.

pub mod cluster;
pub mod database;
pub mod engine;
pub mod fake_site;
pub mod scans;

/// Warnings of the code under test are part of a failed test's output.
pub fn show_warnings() {
    // Of the tests of one process the first sets it for all.
    let _ = tracing_subscriber::fmt().with_max_level(tracing::Level::WARN).with_test_writer().try_init();
}
