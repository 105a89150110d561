//! What the tests share.

pub mod api;
pub mod app;
pub mod child;
pub mod cluster;
pub mod database;
pub mod engine;
pub mod fake_site;
pub mod http_client;
#[expect(dead_code, reason = "one layout is for the benches")]
pub mod large_table;
pub mod log;
pub mod nodes;
#[cfg(feature = "otlp")]
pub mod otlp;
pub mod plans;
pub mod protocol_schema;
pub mod protocol_server;
pub mod scans;
pub mod ws_client;

use std::time::Duration;

/// Waits for a condition; fails when it does not come true.
pub async fn eventually(what: &str, mut is_true: impl FnMut() -> bool) {
    for _ in 0..1_000 {
        if is_true() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("this did not happen within 10 s: {what}");
}

/// Waits for a condition that has to be asked for; fails when it does not come true.
pub async fn eventually_async<F: Future<Output = bool>>(what: &str, mut is_true: impl FnMut() -> F) {
    for _ in 0..1_000 {
        if is_true().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("this did not happen within 10 s: {what}");
}
