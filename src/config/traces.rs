//! Where traces go.

use clap::Args;
use url::Url;

/// Whether traces are exported, and where to.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Traces")]
pub struct TraceSettings {
    /// The OpenTelemetry collector that traces go to by OTLP over HTTP, such as `http://127.0.0.1:4318`; needs a build with
    /// the feature `otlp`, which also reads `OTEL_EXPORTER_OTLP_ENDPOINT`
    #[arg(
        long,
        env = "SCRAPERSKY_OTLP_ENDPOINT",
        value_name = "URL",
        global = true,
        hide_env_values = true,
        value_parser = endpoint
    )]
    pub otlp_endpoint: Option<Url>,
}

impl TraceSettings {
    /// The collector of these settings, or that which all programs of the machine are given.
    ///
    /// # Errors
    /// When the machine's is no URL of a collector: a sentence that says so.
    #[cfg(feature = "otlp")]
    pub fn endpoint(&self) -> Result<Option<Url>, String> {
        const SHARED: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
        if self.otlp_endpoint.is_some() {
            return Ok(self.otlp_endpoint.clone());
        }
        let shared = std::env::var(SHARED).ok().filter(|text| !text.is_empty());
        shared.map(|text| endpoint(&text)).transpose().map_err(|error| format!("{SHARED}: {error}"))
    }
}

/// Reads the base URL of a collector. A program that cannot export must not seem to.
fn endpoint(text: &str) -> Result<Url, String> {
    if cfg!(not(feature = "otlp")) {
        let build = "cargo build --release --features otlp";
        return Err(format!("this program was built without traces; build it with `{build}`"));
    }
    let expected = "expected the base URL of an OTLP/HTTP collector, such as http://127.0.0.1:4318";
    let url = Url::parse(text).map_err(|error| format!("{error}; {expected}"))?;
    if matches!(url.scheme(), "http" | "https") && url.has_host() {
        Ok(url)
    } else {
        Err(expected.to_owned())
    }
}
