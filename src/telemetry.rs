//! Logs.

use std::io::{self, IsTerminal};

use tracing_subscriber::{EnvFilter, layer::SubscriberExt, util::SubscriberInitExt};

use crate::config::{LogFormat, LogSettings};

/// A filter that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error(
    "`{given}` is no log filter ({cause}); expected one such as `info` or `scrapersky::worker=debug,warn`"
)]
pub struct FilterError {
    given: String,
    cause: String,
}

/// Sends log lines to standard error, from now on until the process ends.
pub fn start(settings: &LogSettings) -> Result<(), FilterError> {
    let filter = EnvFilter::try_new(&settings.log)
        .map_err(|error| FilterError { given: settings.log.clone(), cause: error.to_string() })?;
    let lines =
        tracing_subscriber::fmt::layer().with_writer(io::stderr).with_ansi(io::stderr().is_terminal());
    let registry = tracing_subscriber::registry().with(filter);
    // A program that embeds this one may have set a subscriber of its own, which stays.
    let _ = match settings.log_format {
        LogFormat::Text => registry.with(lines).try_init(),
        LogFormat::Json => registry.with(lines.json()).try_init(),
    };
    Ok(())
}
