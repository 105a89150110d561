//! Accepting connections, and ending them in good order.

use std::{io, time::Duration};

use axum::Router;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{HttpState, router};

/// What one connection buffers of the headers it reads; a longer request line or header is refused.
const HEADER_BYTES: usize = 64 << 10;

/// Why serving ended early.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Requests were still running when their time was over.
    #[error("{0} connections did not end in time and were cut")]
    Cut(usize),
}

/// Serves until the state's shutdown token is cancelled, then waits for what runs, at most `shutdown_timeout`.
pub async fn serve(listener: TcpListener, state: HttpState) -> Result<(), ServeError> {
    let shutdown = state.shutdown.clone();
    let sockets = state.sockets.clone();
    let patience = state.settings.shutdown_timeout;
    let connections = TaskTracker::new();
    let builder = builder(state.settings.read_timeout);
    let routes = router(state);
    while let Some(accepted) = shutdown.run_until_cancelled(listener.accept()).await {
        match accepted {
            Ok((stream, _)) => {
                let connection = connection(builder.clone(), stream, routes.clone(), shutdown.clone());
                connections.spawn(connection);
            }
            Err(error) => pause_after(&error).await,
        }
    }
    drop(listener);
    connections.close();
    sockets.close();
    let ended = timeout(patience, async { tokio::join!(connections.wait(), sockets.wait()) }).await;
    ended.map(drop).map_err(|_| ServeError::Cut(connections.len() + sockets.len()))
}

fn builder(read_timeout: Duration) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(read_timeout).max_buf_size(HEADER_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .enable_connect_protocol()
        .max_concurrent_streams(256)
        .keep_alive_interval(Duration::from_secs(20));
    builder
}

async fn connection(
    builder: Builder<TokioExecutor>,
    stream: TcpStream,
    routes: Router,
    shutdown: CancellationToken,
) {
    let _unsupported = stream.set_nodelay(true);
    let service = TowerToHyperService::new(routes);
    let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = shutdown.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke");
    }
}

/// Out of file descriptors is not the end: others will be closed. Errors of the connection itself are not ours.
async fn pause_after(error: &io::Error) {
    let is_of_connection = matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
    );
    if !is_of_connection {
        tracing::error!(%error, "no connection can be accepted");
        sleep(Duration::from_millis(100)).await;
    }
}
