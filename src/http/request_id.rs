//! The name of one request, in its log lines and in its answer.

use std::{fmt, time::Instant};

use axum::{
    extract::{MatchedPath, Request, State},
    http::HeaderValue,
    middleware::Next,
    response::Response,
};
use tracing::{Instrument, Span};
use uuid::Uuid;

use super::HttpState;
use crate::spans;

/// Tells requests apart. It is given here, never taken from the client, and answered as `x-request-id`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestId(Uuid);

impl RequestId {
    /// A new one, later than those before.
    #[expect(clippy::new_without_default, reason = "each is another")]
    pub fn new() -> Self {
        Self(Uuid::now_v7())
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.simple().fmt(f)
    }
}

/// Counts what became of each request by its route.
pub(crate) async fn count_request(
    State(state): State<HttpState>,
    path: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response {
    let response = next.run(request).await;
    state.metrics().answered(path.as_ref().map_or("", MatchedPath::as_str), response.status().as_u16());
    response
}

/// Names and traces each request, says the name in the answer, and logs what became of it.
pub(crate) async fn name_request(mut request: Request, next: Next) -> Response {
    let id = RequestId::new();
    request.extensions_mut().insert(id);
    let (method, path, began) = (request.method().clone(), request.uri().path().to_owned(), Instant::now());
    let span = span(&request, id);
    let mut response = next.run(request).instrument(span.clone()).await;
    let (status, ms) = (response.status().as_u16(), began.elapsed().as_millis());
    tracing::debug!(request_id = %id, %method, path, status, ms, "answered");
    spans::answered(&span, status);
    if let Ok(value) = HeaderValue::try_from(id.to_string()) {
        response.headers_mut().insert("x-request-id", value);
    }
    response
}

fn span(request: &Request, id: RequestId) -> Span {
    let route = request.extensions().get().map(MatchedPath::as_str);
    let span = spans::http_request(request.method().as_str(), route, &id);
    if !span.is_disabled() {
        let header = |name| request.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        spans::continue_trace(&span, header("traceparent"), header("tracestate"));
    }
    span
}
