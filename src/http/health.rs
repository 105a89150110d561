//! What operators and their machines ask: whether the process lives, whether it can do its work, and what it counts.

use std::time::Duration;

use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, time::timeout};
use tokio_util::sync::CancellationToken;

use crate::{
    app::App,
    metrics::{self, Metrics},
};

/// How long the database may take to answer a process that calls itself ready.
const DATABASE_PATIENCE: Duration = Duration::from_secs(2);

/// What is asked about.
#[derive(Debug, Clone)]
pub(super) struct Operated {
    /// None where nothing but the edge is tested.
    pub(super) app: Option<App>,
    pub(super) metrics: Metrics,
    pub(super) shutdown: CancellationToken,
}

/// `/health`, `/health/live`, `/health/ready` and `/metrics`.
pub(super) fn routes<S: Clone + Send + Sync + 'static>(operated: Operated) -> Router<S> {
    Router::new()
        .route("/health", get(live))
        .route("/health/live", get(live))
        .route("/health/ready", get(ready))
        .route("/metrics", get(metrics))
        .with_state(operated)
}

/// Answers operators of a process that has no API, until `stop`.
pub async fn serve_operators(
    listener: TcpListener,
    app: App,
    stop: CancellationToken,
) -> std::io::Result<()> {
    let operated = Operated { metrics: app.queue.metrics().clone(), app: Some(app), shutdown: stop.clone() };
    let serving = axum::serve(listener, routes::<()>(operated).into_make_service());
    serving.with_graceful_shutdown(async move { stop.cancelled().await }).await
}

/// `GET /health` and `GET /health/live`: the process serves. Restart it when this fails.
async fn live() -> Json<Value> {
    Json(json!({ "status": "healthy" }))
}

/// `GET /health/ready`: the process can do what it is asked. Send it nothing while this fails, with 503.
async fn ready(State(state): State<Operated>) -> Response {
    let problem = match &state.app {
        _ if state.shutdown.is_cancelled() => Some("the server is stopping"),
        None => None,
        Some(app) => match timeout(DATABASE_PATIENCE, app.db.ping()).await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => {
                tracing::warn!(%error, "the database does not answer");
                Some("the database cannot be reached")
            }
            Err(_) => Some("the database does not answer in time"),
        },
    };
    match problem {
        None => Json(json!({ "status": "ready" })).into_response(),
        Some(problem) => {
            (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "status": "unavailable", "problem": problem })))
                .into_response()
        }
    }
}

/// `GET /metrics`. What is counted in the database is as of now; while that does not answer it is left as it was.
async fn metrics(State(state): State<Operated>) -> Response {
    if let Some(app) = &state.app {
        match timeout(DATABASE_PATIENCE, app.observe()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the queue could not be counted"),
            Err(_) => tracing::warn!("the queue could not be counted in time"),
        }
    }
    match state.metrics.text() {
        Ok(text) => ([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "the metrics cannot be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
