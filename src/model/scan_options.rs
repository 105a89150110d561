//! How a scan is to be done.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// An option outside its bounds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{option}` is {given}; it must be from {min} to {max}")]
pub struct OptionError {
    /// The option by its name in the API.
    pub option: &'static str,
    /// What was given.
    pub given: i64,
    /// The least value that is allowed.
    pub min: i64,
    /// The greatest value that is allowed.
    pub max: i64,
}

/// How a scan is to be done. Options that change what a scan finds are part of its identity: a fresh result is
/// reused only for equal ones.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ScanOptions {
    /// How many pages are read: 1 is the homepage alone, at most 20.
    pub max_pages: u32,
    /// Whether sitemaps are looked for and read.
    pub follow_sitemaps: bool,
    /// Whether robots.txt is obeyed.
    pub respect_robots: bool,
    /// The time for the whole scan of one domain in seconds, from 1 to 300.
    pub timeout_seconds: u32,
}

impl Default for ScanOptions {
    fn default() -> Self {
        Self { max_pages: 1, follow_sitemaps: true, respect_robots: true, timeout_seconds: 60 }
    }
}

impl ScanOptions {
    /// The bounds of `maxAgeSeconds`: ten years.
    pub const MAX_AGE_SECONDS: i64 = 315_360_000;

    /// Options from what a caller gave; what is absent takes its default.
    pub fn from_input(
        max_pages: Option<i64>,
        follow_sitemaps: Option<bool>,
        respect_robots: Option<bool>,
        timeout_seconds: Option<i64>,
    ) -> Result<Self, OptionError> {
        let default = Self::default();
        Ok(Self {
            max_pages: bounded("maxPages", max_pages, default.max_pages, 20)?,
            follow_sitemaps: follow_sitemaps.unwrap_or(default.follow_sitemaps),
            respect_robots: respect_robots.unwrap_or(default.respect_robots),
            timeout_seconds: bounded("timeoutSeconds", timeout_seconds, default.timeout_seconds, 300)?,
        })
    }

    /// The time for the whole scan.
    pub const fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout_seconds as u64)
    }

    /// A short text that is equal exactly when two scans would find the same. The time limit is left out: it
    /// decides whether a result comes, not which.
    pub fn result_key(&self) -> String {
        format!("p{}s{}r{}", self.max_pages, u8::from(self.follow_sitemaps), u8::from(self.respect_robots))
    }
}

fn bounded(option: &'static str, given: Option<i64>, default: u32, max: u32) -> Result<u32, OptionError> {
    let Some(given) = given else { return Ok(default) };
    u32::try_from(given).ok().filter(|value| (1..=max).contains(value)).ok_or(OptionError {
        option,
        given,
        min: 1,
        max: i64::from(max),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_out_of_bounds_names_itself_its_value_and_the_bounds() {
        let error = ScanOptions::from_input(Some(21), None, None, None).unwrap_err();
        assert_eq!(error.to_string(), "`maxPages` is 21; it must be from 1 to 20");
        assert!(ScanOptions::from_input(Some(20), None, None, Some(300)).is_ok());
        assert!(ScanOptions::from_input(None, None, None, Some(-1)).is_err());
    }

    #[test]
    fn only_options_that_change_the_result_change_its_key() {
        let base = ScanOptions::default();
        assert_eq!(base.result_key(), ScanOptions { timeout_seconds: 5, ..base.clone() }.result_key());
        assert_ne!(base.result_key(), ScanOptions { follow_sitemaps: false, ..base.clone() }.result_key());
    }
}
