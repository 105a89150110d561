//! A whole server: its API on a real port, its worker, its own database, and the web of fake sites that it scans.

use std::{net::SocketAddr, time::Duration};

use scrapersky::{
    config::WorkerSettings,
    server::{ServeSettings, Server},
};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{
    database::TestDatabase,
    fake_site::FakeSite,
    http_client::post,
    ws_client::{Received, WsClient},
};

/// A server with its web.
pub struct TestApp {
    pub web: FakeSite,
    pub server: Server,
    stop: CancellationToken,
}

impl TestApp {
    /// Serves and works on this database; retries come at once.
    pub async fn start(database: &TestDatabase) -> Self {
        Self::start_with(database, |_| ()).await
    }

    /// The same, with other settings.
    pub async fn start_with(database: &TestDatabase, change: impl FnOnce(&mut ServeSettings)) -> Self {
        super::log::capture();
        let web = FakeSite::start().await;
        let mut settings = ServeSettings {
            scanner: web.settings(),
            database: database.settings.clone(),
            worker: WorkerSettings { retry_delay: Duration::from_millis(1), ..WorkerSettings::default() },
            ..ServeSettings::default()
        };
        change(&mut settings);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stop = CancellationToken::new();
        let server = Server::start(listener, &settings, stop.clone()).await.unwrap();
        Self { web, server, stop }
    }

    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Tells it to stop and waits for its end.
    pub async fn stop(self) {
        self.stop.cancel();
        self.server.wait().await.unwrap();
    }

    /// Runs a query or mutation that must have no errors, and answers its data.
    pub async fn ask(&self, query: &str, variables: Value) -> Value {
        let answer =
            post(self.address(), "application/json", &json!({ "query": query, "variables": variables }))
                .await
                .json();
        assert_eq!(answer.get("errors"), None, "{query}");
        answer["data"].clone()
    }

    /// Every event of a subscription until it ends by itself.
    pub async fn events(&self, query: &str, variables: Value) -> Vec<Value> {
        let mut socket = WsClient::ready(self.address()).await;
        let payload = json!({ "query": query, "variables": variables });
        socket.send(json!({ "type": "subscribe", "id": "1", "payload": payload })).await;
        let mut events = Vec::new();
        loop {
            match socket.receive().await {
                Received::Json(message) if message["type"] == "next" => {
                    assert_eq!(message["payload"].get("errors"), None, "{message}");
                    events.push(message["payload"]["data"].clone());
                }
                Received::Json(message) if message["type"] == "complete" => return events,
                Received::Ping => {}
                Received::Json(message) if message["type"] == "ping" => {}
                other => panic!("unexpected: {other:?}"),
            }
        }
    }
}
