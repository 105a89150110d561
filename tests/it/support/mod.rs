//! What the tests share.

pub mod http_client;
pub mod log;
pub mod protocol_schema;
pub mod protocol_server;
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
