//! Logs, and traces where the program was built with the feature `otlp`.

mod logs;
#[cfg(feature = "otlp")]
mod traces;

use tracing_subscriber::{Layer, Registry, layer::SubscriberExt, util::SubscriberInitExt};

use crate::config::{LogSettings, TraceSettings};

pub use self::logs::FilterError;

/// Why nothing can be logged or traced.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The log filter cannot be read.
    #[error(transparent)]
    Filter(#[from] FilterError),
    /// Traces cannot be exported.
    #[error("traces cannot be exported: {0}")]
    Traces(String),
}

/// What must be stopped before the process ends, so that nothing is lost.
#[must_use = "traces are only whole when it is stopped"]
pub struct Telemetry {
    #[cfg(feature = "otlp")]
    traces: Option<traces::Traces>,
}

/// Whoever listens to what the program tells.
type Listener = Box<dyn Layer<Registry> + Send + Sync>;

/// Sends log lines to standard error, from now on until the process ends, and traces to their collector, if there is one.
/// To be called within the runtime.
///
/// # Errors
/// When a setting cannot be used.
pub fn start(logs: &LogSettings, traces: &TraceSettings) -> Result<Telemetry, StartError> {
    let lines = logs::listener(logs)?;
    #[cfg(feature = "otlp")]
    let (telemetry, listeners) = {
        let endpoint = traces.endpoint().map_err(StartError::Traces)?;
        let traces = endpoint.as_ref().map(traces::Traces::start).transpose().map_err(StartError::Traces)?;
        let spans = traces.as_ref().map(traces::Traces::listener);
        (Telemetry { traces }, [Some(lines), spans].into_iter().flatten().collect::<Vec<_>>())
    };
    #[cfg(not(feature = "otlp"))]
    let (telemetry, listeners) = {
        // Its parser accepts nothing.
        let _ = traces;
        (Telemetry {}, vec![lines])
    };
    // A program that embeds this one may have set a subscriber of its own, which stays.
    let _ = tracing_subscriber::registry().with(listeners).try_init();
    Ok(telemetry)
}

impl Telemetry {
    /// Sends what is left, within seconds.
    #[cfg_attr(
        not(feature = "otlp"),
        expect(clippy::unused_async, reason = "only traces have something left")
    )]
    pub async fn stop(self) {
        #[cfg(feature = "otlp")]
        if let Some(traces) = self.traces {
            traces.stop().await;
        }
    }
}
