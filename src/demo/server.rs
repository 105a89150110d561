//! One small HTTP server for all sites.

use std::{convert::Infallible, sync::Arc};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto::Builder,
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::sleep,
};

use super::hosts::Hosts;

/// Answers connections until it is dropped.
pub(super) async fn serve(listener: TcpListener, hosts: Arc<Hosts>) -> Infallible {
    let routes = Router::new().fallback(answer).with_state(hosts);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(converse(stream, routes.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "a demonstration site could not take a connection");
                    sleep(std::time::Duration::from_millis(100)).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn converse(stream: TcpStream, routes: Router) {
    let builder = Builder::new(TokioExecutor::new());
    let service = TowerToHyperService::new(routes);
    if let Err(error) = builder.serve_connection(TokioIo::new(stream), service).await {
        tracing::debug!(%error, "a connection to a demonstration site broke");
    }
}

async fn answer(State(hosts): State<Arc<Hosts>>, request: Request) -> Response {
    let name = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = name.split(':').next().unwrap_or_default().to_ascii_lowercase();
    let own = name.strip_prefix("www.").unwrap_or(&name);
    let Some(host) = hosts.get(own) else {
        return (StatusCode::MISDIRECTED_REQUEST, "There is no demonstration site of this name.\n")
            .into_response();
    };
    sleep(host.latency).await;
    let answer = host.answer(request.uri().path(), own != name);
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers;
    response
}
