//! Everything that is tested through real doors, in one binary.
#![cfg(test)]

mod scanner_commands;
mod scanner_failures;
mod scanner_hostile;
mod scanner_pages;
mod scanner_robots;
mod scanner_sitemaps;
mod scanner_tls;
mod support;
