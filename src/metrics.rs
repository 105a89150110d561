//! What one process counts of its work, for Prometheus in the `OpenMetrics` text format
//! (<https://prometheus.io/docs/specs/om/open_metrics_spec/>).

use std::{fmt, sync::Arc, time::Duration};

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Registry, Unit},
};

/// The content type of [`Metrics::text`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Durations of scans are counted up to these, in seconds.
const SCAN_SECONDS: [f64; 12] = [0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0];

/// The counts of one process. Cheap to clone; all clones count together.
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

struct Inner {
    registry: Registry,
    claimed: Counter,
    expired: Counter,
    dropped: Counter,
    scans: Family<ScanLabels, Counter>,
    scan_seconds: Histogram,
    requests: Family<RequestLabels, Counter>,
    subscriptions: Gauge,
    streams: Gauge,
    jobs: Family<JobsLabels, Gauge>,
    connections: Family<ConnectionLabels, Gauge>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ScanLabels {
    outcome: &'static str,
    code: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    path: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct JobsLabels {
    state: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ConnectionLabels {
    pool: &'static str,
    state: &'static str,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut inner = Inner {
            registry: Registry::with_prefix("scrapersky"),
            claimed: Counter::default(),
            expired: Counter::default(),
            dropped: Counter::default(),
            scans: Family::default(),
            scan_seconds: Histogram::new(SCAN_SECONDS),
            requests: Family::default(),
            subscriptions: Gauge::default(),
            streams: Gauge::default(),
            jobs: Family::default(),
            connections: Family::default(),
        };
        inner.register();
        Self(Arc::new(inner))
    }
}

impl Inner {
    fn register(&mut self) {
        let registry = &mut self.registry;
        registry.register("jobs_claimed", "Jobs leased to the worker of this process", self.claimed.clone());
        registry.register(
            "leases_expired",
            "Jobs taken from silent workers by this process",
            self.expired.clone(),
        );
        registry.register(
            "scans_dropped",
            "Running scans of this process that ended because their job was cancelled or their lease lost",
            self.dropped.clone(),
        );
        registry.register("scans", "Tries at sites by this process, by how they ended", self.scans.clone());
        registry.register_with_unit(
            "scan_duration",
            "How long tries at sites took",
            Unit::Seconds,
            self.scan_seconds.clone(),
        );
        registry.register("http_requests", "HTTP requests answered by this process", self.requests.clone());
        registry.register(
            "subscriptions",
            "Subscriptions that run in this process",
            self.subscriptions.clone(),
        );
        registry.register(
            "streams",
            "Open WebSockets and event streams of this process",
            self.streams.clone(),
        );
        registry.register("jobs", "Jobs in the queue, of all processes, by state", self.jobs.clone());
        registry.register(
            "database_connections",
            "Connections of this process to the database",
            self.connections.clone(),
        );
    }
}

impl Metrics {
    /// Jobs were leased.
    pub fn claimed(&self, jobs: usize) {
        self.0.claimed.inc_by(jobs as u64);
    }

    /// Jobs of silent workers were taken.
    pub fn expired(&self, jobs: usize) {
        self.0.expired.inc_by(jobs as u64);
    }

    /// A running scan was dropped.
    pub fn dropped(&self) {
        self.0.dropped.inc();
    }

    /// A try at a site ended in this way, `complete`, `retry` or `failed`, the latter two with a code.
    pub fn scanned(&self, outcome: &'static str, code: &str, took: Duration) {
        self.0.scans.get_or_create(&ScanLabels { outcome, code: code.to_owned() }).inc();
        self.0.scan_seconds.observe(took.as_secs_f64());
    }

    /// A request was answered. The path is that of the route, so that there are few.
    pub fn answered(&self, path: &str, status: u16) {
        self.0.requests.get_or_create(&RequestLabels { path: path.to_owned(), status }).inc();
    }

    /// A subscription began; it is counted until the guard is dropped.
    pub fn subscription(&self) -> impl Send + Sync + use<> {
        Counted::in_gauge(&self.0.subscriptions)
    }

    /// A socket or an event stream was opened; it is counted until the guard is dropped.
    pub fn stream(&self) -> impl Send + Sync + use<> {
        Counted::in_gauge(&self.0.streams)
    }

    /// How many jobs are in a state now.
    pub fn set_jobs(&self, state: &'static str, jobs: i64) {
        self.0.jobs.get_or_create(&JobsLabels { state }).set(jobs);
    }

    /// How many connections a pool has now.
    pub fn set_connections(&self, pool: &'static str, used: i64, idle: i64) {
        for (state, count) in [("used", used), ("idle", idle)] {
            self.0.connections.get_or_create(&ConnectionLabels { pool, state }).set(count);
        }
    }

    /// Everything as text.
    ///
    /// # Errors
    /// None that are known; a counter could refuse to be written.
    pub fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.0.registry)?;
        Ok(text)
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

/// One of those that a gauge counts.
struct Counted(Gauge);

impl Counted {
    fn in_gauge(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_has_what_was_counted() {
        let metrics = Metrics::default();
        metrics.claimed(3);
        metrics.scanned("failed", "DNS_NOT_FOUND", Duration::from_millis(300));
        metrics.set_jobs("running", 7);
        let open = metrics.stream();
        let text = metrics.text().unwrap();
        for line in [
            "scrapersky_jobs_claimed_total 3",
            "scrapersky_scans_total{outcome=\"failed\",code=\"DNS_NOT_FOUND\"} 1",
            "scrapersky_scan_duration_seconds_bucket{le=\"0.5\"} 1",
            "scrapersky_scan_duration_seconds_bucket{le=\"0.25\"} 0",
            "scrapersky_jobs{state=\"running\"} 7",
            "scrapersky_streams 1",
            "# EOF",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in {text}");
        }
        drop(open);
        assert!(metrics.text().unwrap().contains("scrapersky_streams 0\n"));
    }
}
