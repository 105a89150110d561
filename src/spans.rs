//! What traces tell: one function for each kind of span, so that all their fields are seen at once.
//!
//! Names and fields follow the semantic conventions of OpenTelemetry where there are some. No field holds a secret or a
//! page's text. Spans have a target of their own, which log lines leave out and [`crate::telemetry`] exports; while nobody
//! does, a span costs a look at an atomic.

use std::{fmt::Display, time::Duration};

use tracing::{Span, debug_span, field::Empty};

use crate::model::{DomainName, JobId, TenantId};

/// The target of every span here.
pub const TARGET: &str = "scrapersky::trace";

/// Methods that are told as they are; a client may make up others.
const METHODS: &[&str] = &["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"];

/// The most characters of a name that a client chose.
const NAME_CHARS: usize = 128;

/// One HTTP request, by the route that answers it, if one does.
pub(crate) fn http_request(method: &str, route: Option<&str>, request_id: &impl Display) -> Span {
    let known = METHODS.contains(&method);
    let (method, verb) = if known { (method, method) } else { ("_OTHER", "HTTP") };
    debug_span!(
        target: TARGET,
        parent: None,
        "HTTP request",
        otel.name = %format_args!("{verb}{}{}", if route.is_some() { " " } else { "" }, route.unwrap_or_default()),
        otel.kind = "server",
        otel.status_code = Empty,
        http.request.method = method,
        http.route = route,
        http.response.status_code = Empty,
        error.type = Empty,
        %request_id,
    )
}

/// Tells how the request was answered; a fault of the server is one of the span.
pub(crate) fn answered(span: &Span, status: u16) {
    span.record("http.response.status_code", status);
    if status >= 500 {
        failed(span, &status.to_string());
    }
}

/// Goes on with the trace of which a client says that its request is part, as W3C Trace Context has it. To be called before
/// the span is entered.
pub(crate) fn continue_trace(span: &Span, traceparent: Option<&str>, tracestate: Option<&str>) {
    #[cfg(feature = "otlp")]
    if traceparent.is_some() {
        remote::set_parent(span, &remote::Headers { traceparent, tracestate });
    }
    #[cfg(not(feature = "otlp"))]
    let _ = (span, traceparent, tracestate);
}

/// One operation of GraphQL: `query`, `mutation` or `subscription`. Its name comes with [`name_operation`].
pub(crate) fn graphql_operation(kind: &impl Display) -> Span {
    debug_span!(
        target: TARGET,
        "GraphQL operation",
        otel.name = %kind,
        otel.status_code = Empty,
        graphql.operation.r#type = %kind,
        graphql.operation.name = Empty,
        error.type = Empty,
    )
}

/// Tells an operation's name, which a client chose and which is cut when it is long.
pub(crate) fn name_operation(span: &Span, name: &str) {
    let end = name.char_indices().nth(NAME_CHARS).map_or(name.len(), |(end, _)| end);
    span.record("graphql.operation.name", &name[..end]);
}

/// Marks the span as failed, with a word for the kind of failure.
pub(crate) fn failed(span: &Span, kind: &str) {
    span.record("otel.status_code", "ERROR");
    span.record("error.type", kind);
}

/// One try at one domain. Nothing says here which request asked for it: that may have been on another machine.
pub(crate) fn scan(job_id: JobId, domain: &DomainName, tenant_id: TenantId) -> Span {
    debug_span!(
        target: TARGET,
        parent: None,
        "scan",
        otel.status_code = Empty,
        %job_id,
        %domain,
        %tenant_id,
        outcome = Empty,
        error.type = Empty,
    )
}

/// Tells what became of a scan: a word for the outcome, and the code of the failure, if it is one.
pub(crate) fn scanned(span: &Span, outcome: &str, code: &str) {
    span.record("outcome", outcome);
    if !code.is_empty() {
        failed(span, code);
    }
}

/// What follows a claim that found work, until its scans run. Empty claims come every second and are not told, so the span
/// begins after the claim, which `took` so long.
pub(crate) fn claim(jobs: usize, took: Duration) -> Span {
    debug_span!(target: TARGET, parent: None, "claim", jobs, claim.seconds = took.as_secs_f64())
}

/// Writing the results of that many jobs.
pub(crate) fn record(jobs: usize) -> Span {
    debug_span!(target: TARGET, parent: None, "record", jobs)
}

#[cfg(feature = "otlp")]
mod remote {
    use opentelemetry::propagation::{Extractor, TextMapPropagator};
    use opentelemetry_sdk::propagation::TraceContextPropagator;
    use tracing::Span;
    use tracing_opentelemetry::OpenTelemetrySpanExt;

    /// The headers of W3C Trace Context.
    pub(super) struct Headers<'a> {
        pub(super) traceparent: Option<&'a str>,
        pub(super) tracestate: Option<&'a str>,
    }

    impl Extractor for Headers<'_> {
        fn get(&self, key: &str) -> Option<&str> {
            match key {
                "traceparent" => self.traceparent,
                "tracestate" => self.tracestate,
                _ => None,
            }
        }

        fn keys(&self) -> Vec<&str> {
            vec!["traceparent", "tracestate"]
        }
    }

    pub(super) fn set_parent(span: &Span, headers: &Headers<'_>) {
        // It fails when nobody exports the span.
        let _ = span.set_parent(TraceContextPropagator::new().extract(headers));
    }
}
