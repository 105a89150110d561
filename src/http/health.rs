//! Tells a load balancer that the process serves.

use axum::Json;
use serde_json::{Value, json};

/// `GET` and `HEAD /health`.
pub(crate) async fn health() -> Json<Value> {
    Json(json!({ "status": "healthy" }))
}
