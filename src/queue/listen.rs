//! Pokes from other nodes.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::store::{Listener, Notification};

/// How long to wait before the next try to connect.
const RECONNECT_DELAY: Duration = Duration::from_secs(1);

/// Passes pokes on until `stop`; while the connection is down, polling alone serves.
pub async fn listen(url: &str, on_poke: impl Fn(Notification), stop: CancellationToken) {
    let listening = async {
        loop {
            let error = match Listener::connect(url).await {
                Err(error) => error,
                Ok(mut listener) => {
                    on_poke(Notification::Missed);
                    loop {
                        match listener.next().await {
                            Ok(poke) => on_poke(poke),
                            Err(error) => break error,
                        }
                    }
                }
            };
            warn!(%error, "Notifications from other nodes are off until the connection is back");
            tokio::time::sleep(RECONNECT_DELAY).await;
        }
    };
    stop.run_until_cancelled(listening).await;
}
