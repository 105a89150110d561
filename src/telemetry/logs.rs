//! Log lines.

use std::io::{self, IsTerminal};

use tracing_subscriber::{
    EnvFilter, Layer,
    filter::{FilterExt, filter_fn},
    fmt,
};

use super::Listener;
use crate::{
    config::{LogFormat, LogSettings},
    spans,
};

/// A filter that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error(
    "`{given}` is no log filter ({cause}); expected one such as `info` or `scrapersky::worker=debug,warn`"
)]
pub struct FilterError {
    given: String,
    cause: String,
}

/// Writes lines to standard error. The spans of traces stay out of them, where they would repeat the lines' own fields.
pub(super) fn listener(settings: &LogSettings) -> Result<Listener, FilterError> {
    let asked = EnvFilter::try_new(&settings.log)
        .map_err(|error| FilterError { given: settings.log.clone(), cause: error.to_string() })?;
    let filter = asked.and(filter_fn(|metadata| metadata.target() != spans::TARGET));
    let lines = fmt::layer().with_writer(io::stderr).with_ansi(io::stderr().is_terminal());
    Ok(match settings.log_format {
        LogFormat::Text => lines.with_filter(filter).boxed(),
        LogFormat::Json => lines.json().with_filter(filter).boxed(),
    })
}
