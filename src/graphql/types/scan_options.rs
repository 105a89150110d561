//! How scans are done.

use std::time::Duration;

use async_graphql::{InputObject, SimpleObject};

use crate::{
    graphql::error::InputError,
    model::{self, OptionError},
};

/// How scans are done.
#[derive(Debug, SimpleObject)]
pub(crate) struct ScanOptions {
    /// How many pages are read of each site: 1 is the homepage alone.
    max_pages: i64,
    /// Whether sitemaps are looked for and read.
    follow_sitemaps: bool,
    /// Whether robots.txt is obeyed.
    respect_robots: bool,
    /// The time for the whole scan of one domain in seconds.
    timeout_seconds: i64,
}

impl From<&model::ScanOptions> for ScanOptions {
    fn from(options: &model::ScanOptions) -> Self {
        Self {
            max_pages: options.max_pages.into(),
            follow_sitemaps: options.follow_sitemaps,
            respect_robots: options.respect_robots,
            timeout_seconds: options.timeout_seconds.into(),
        }
    }
}

/// How scans are to be done.
#[derive(Debug, Default, InputObject)]
pub(crate) struct ScanOptionsInput {
    /// Take the result of an earlier scan with the same options that began at most this many seconds ago, instead of
    /// fetching again: from 0 to 315360000 (ten years). Nothing is reused by default.
    max_age_seconds: Option<i64>,
    /// How many pages to read of each site: 1, the default, is the homepage alone; more follows contact, about and
    /// imprint pages first; at most 20.
    max_pages: Option<i64>,
    /// Whether to look for sitemaps and read them; true by default.
    follow_sitemaps: Option<bool>,
    /// Whether to obey robots.txt; true by default.
    respect_robots: Option<bool>,
    /// The time for the whole scan of one domain in seconds, from 1 to 300; 60 by default.
    timeout_seconds: Option<i64>,
}

impl ScanOptionsInput {
    /// The options, and the age up to which an earlier result is taken.
    pub(crate) fn into_model(self) -> Result<(model::ScanOptions, Option<Duration>), InputError> {
        let options = model::ScanOptions::from_input(
            self.max_pages,
            self.follow_sitemaps,
            self.respect_robots,
            self.timeout_seconds,
        )?;
        Ok((options, self.max_age_seconds.map(max_age).transpose()?))
    }
}

fn max_age(given: i64) -> Result<Duration, OptionError> {
    let max = model::ScanOptions::MAX_AGE_SECONDS;
    let seconds = u64::try_from(given).ok().filter(|_| given <= max);
    let refused = OptionError { option: "maxAgeSeconds", given, min: 0, max };
    seconds.map(Duration::from_secs).ok_or(refused)
}
