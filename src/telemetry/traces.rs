//! Traces to an OpenTelemetry collector, by OTLP over HTTP.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;
use opentelemetry::{KeyValue, trace::TracerProvider};
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    trace::{SdkTracerProvider, SpanData, SpanExporter},
};
use reqwest::redirect::Policy;
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use tokio::runtime::Handle;
use tracing::{debug, warn};
use tracing_subscriber::{Layer, filter::filter_fn};
use url::Url;

use super::Listener;
use crate::spans;

/// The most time for one request to the collector.
const REQUEST: Duration = Duration::from_secs(10);

/// The most time for what is left when the process ends.
const LAST_EXPORT: Duration = Duration::from_secs(5);

/// A collector that is away is told of once in this long.
const COMPLAINT: Duration = Duration::from_secs(60);

/// Gathers spans and sends them in batches, every few seconds, from a thread of its own.
pub(super) struct Traces(SdkTracerProvider);

impl Traces {
    /// Exports to the collector with this base URL; whether it answers shows later, and stops nothing.
    pub(super) fn start(collector: &Url) -> Result<Self, String> {
        let exporter = opentelemetry_otlp::SpanExporter::builder()
            .with_http()
            .with_http_client(Client { client: client()?, runtime: Handle::current() })
            .with_endpoint(traces_url(collector))
            .build()
            .map_err(|error| error.to_string())?;
        let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
        let resource = Resource::builder().with_service_name("scrapersky").with_attribute(version).build();
        let provider = SdkTracerProvider::builder()
            .with_resource(resource)
            .with_batch_exporter(Complaining::new(exporter))
            .build();
        Ok(Self(provider))
    }

    /// Hears the spans of this program alone: those of its libraries, the exporter's own among them, are not exported.
    pub(super) fn listener(&self) -> Listener {
        tracing_opentelemetry::layer()
            .with_tracer(self.0.tracer("scrapersky"))
            .with_location(false)
            .with_threads(false)
            .with_filter(filter_fn(|metadata| metadata.is_span() && metadata.target() == spans::TARGET))
            .boxed()
    }

    /// Sends what is left, which blocks a thread while the runtime sends it.
    pub(super) async fn stop(self) {
        let stopping = tokio::task::spawn_blocking(move || self.0.shutdown_with_timeout(LAST_EXPORT)).await;
        if let Ok(Err(error)) = stopping {
            warn!(%error, "The last traces were not exported");
        }
    }
}

/// Where the collector takes traces: its base URL with the path of the OTLP/HTTP specification.
fn traces_url(collector: &Url) -> String {
    let mut url = collector.clone();
    let path = format!("{}/v1/traces", url.path().trim_end_matches('/'));
    url.set_path(&path);
    url.into()
}

#[expect(clippy::disallowed_methods, reason = "a collector may well have a private address")]
fn client() -> Result<reqwest::Client, String> {
    let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() })
        .with_no_client_auth();
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(Policy::none())
        .no_proxy()
        .timeout(REQUEST)
        .build()
        .map_err(|error| error.to_string())
}

/// Lets the exporter's thread, which has no runtime, send by the one of the program.
#[derive(Debug)]
struct Client {
    client: reqwest::Client,
    runtime: Handle,
}

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let client = self.client.clone();
        let sent = self.runtime.spawn(async move { client.send_bytes(request).await }).await?;
        sent.inspect_err(|error| debug!(%error, "A batch of traces was not sent"))
    }
}

/// An exporter that says when it fails, which the SDK would do with every batch or not at all.
#[derive(Debug)]
struct Complaining<E> {
    exporter: E,
    /// Spans lost since the last complaint.
    lost: AtomicUsize,
    complained: Mutex<Option<Instant>>,
}

impl<E> Complaining<E> {
    fn new(exporter: E) -> Self {
        Self { exporter, lost: AtomicUsize::new(0), complained: Mutex::new(None) }
    }

    fn is_due(&self) -> bool {
        let Ok(mut complained) = self.complained.lock() else { return false };
        let is_due = complained.is_none_or(|at| at.elapsed() >= COMPLAINT);
        if is_due {
            *complained = Some(Instant::now());
        }
        is_due
    }
}

impl<E: SpanExporter> SpanExporter for Complaining<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len();
        let exported = self.exporter.export(batch).await;
        if let Err(error) = &exported {
            self.lost.fetch_add(spans, Ordering::Relaxed);
            if self.is_due() {
                let spans = self.lost.swap(0, Ordering::Relaxed);
                warn!(%error, spans, "Traces could not be exported; the collector is tried again with the next ones");
            }
        }
        exported
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}
