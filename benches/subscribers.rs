//! Many sockets that watch one batch: how long each state is under way from `emittedAt` to its arrival, and what a socket
//! costs the server in memory. Server and generator share the machine.
//!
//! `ulimit -n 20000; cargo bench --bench subscribers [-- SOCKETS]`

#![expect(
    clippy::panic,
    clippy::print_stdout,
    reason = "a program that measures prints, and ends when it cannot"
)]

mod support;

use std::{net::SocketAddr, time::Duration};

use axum::{Router, response::Html};
use chrono::{DateTime, Utc};
use futures_util::{SinkExt, StreamExt};
use scrapersky::clock::Clock;
use serde_json::{Value, json};
use support::ServerProcess;
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{Message, client::IntoClientRequest, protocol::WebSocketConfig},
};

/// About twenty scans a second for half a minute: each state that is sent differs from the one before.
const NAMES: usize = 600;
const PERMITS: &str = "5";
const ANSWER_AFTER: Duration = Duration::from_millis(120);

type Socket = WebSocketStream<TcpStream>;

async fn serve_web() -> SocketAddr {
    let routes = Router::new().fallback(|| async {
        tokio::time::sleep(ANSWER_AFTER).await;
        Html("<title>A page</title>")
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap_or_else(|error| panic!("a port: {error}"));
    let address = listener.local_addr().unwrap_or_else(|error| panic!("an address: {error}"));
    tokio::spawn(async move { axum::serve(listener, routes).await });
    address
}

/// The server with what is asked of it.
struct Server(ServerProcess);

impl Server {
    async fn open(&self) -> Socket {
        let mut request = format!("ws://{}/graphql/ws", self.0.address)
            .into_client_request()
            .unwrap_or_else(|error| panic!("a request: {error}"));
        if let Ok(protocol) = "graphql-transport-ws".parse() {
            request.headers_mut().insert("sec-websocket-protocol", protocol);
        }
        let stream =
            TcpStream::connect(self.0.address).await.unwrap_or_else(|error| panic!("a connection: {error}"));
        let config = WebSocketConfig::default().read_buffer_size(4 << 10);
        let opened = client_async_with_config(request, stream, Some(config)).await;
        let (mut socket, _) = opened.unwrap_or_else(|error| panic!("a socket: {error}"));
        send(&mut socket, &json!({ "type": "connection_init" })).await;
        assert_eq!(receive(&mut socket).await["type"], "connection_ack");
        socket
    }

    async fn submit(&self) -> Value {
        let mut socket = self.open().await;
        let names: Vec<String> = (0..NAMES).map(|number| format!("site-{number}.example")).collect();
        let query =
            "mutation ($names: [String!]!) { scanDomains(input: { names: $names }) { batchJob { id } } }";
        let payload = json!({ "query": query, "variables": { "names": names } });
        send(&mut socket, &json!({ "type": "subscribe", "id": "1", "payload": payload })).await;
        receive(&mut socket).await["payload"]["data"]["scanDomains"]["batchJob"]["id"].clone()
    }
}

async fn send(socket: &mut Socket, message: &Value) {
    socket
        .send(Message::text(message.to_string()))
        .await
        .unwrap_or_else(|error| panic!("a message: {error}"));
}

/// The next message of the protocol; pings are answered on the way.
async fn receive(socket: &mut Socket) -> Value {
    loop {
        match socket.next().await {
            Some(Ok(Message::Text(text))) => {
                let message: Value = serde_json::from_str(&text).unwrap_or_default();
                if message["type"] == "ping" {
                    send(socket, &json!({ "type": "pong" })).await;
                } else {
                    return message;
                }
            }
            Some(Ok(_)) => {}
            other => panic!("the socket ended: {other:?}"),
        }
    }
}

/// How long each state was under way, in milliseconds, and how many states came.
async fn watch(mut socket: Socket, batch: Value, clock: Clock) -> Vec<f64> {
    let query = "subscription ($id: ID!) { batchProgress(batchId: $id) {
        status completedDomains failedDomains totalDomains progress emittedAt } }";
    let payload = json!({ "query": query, "variables": { "id": batch } });
    send(&mut socket, &json!({ "type": "subscribe", "id": "1", "payload": payload })).await;
    let mut delays = Vec::new();
    loop {
        let message = receive(&mut socket).await;
        if message["type"] == "complete" {
            return delays;
        }
        let emitted = message["payload"]["data"]["batchProgress"]["emittedAt"].as_str().unwrap_or_default();
        let emitted: DateTime<Utc> = emitted.parse().unwrap_or_else(|error| panic!("a time: {error}"));
        delays.push((clock.now() - emitted).as_seconds_f64() * 1e3);
    }
}

#[tokio::main]
#[expect(clippy::cast_precision_loss, reason = "small numbers")]
async fn main() {
    let sockets = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(5_000_usize);
    let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("a folder: {error}"));
    let server = Server(ServerProcess::start(folder.path(), serve_web().await, PERMITS));
    tokio::time::sleep(Duration::from_secs(1)).await;
    let before = server.0.memory("VmRSS:");
    let mut open = Vec::with_capacity(sockets);
    for _ in 0..sockets {
        open.push(server.open().await);
    }
    let idle = server.0.memory("VmRSS:");
    println!("idle socket            {:>8.1} kB of server memory", (idle - before) / sockets as f64);
    let batch = server.submit().await;
    let mut watching = JoinSet::new();
    for socket in open {
        watching.spawn(watch(socket, batch.clone(), Clock::system()));
    }
    tokio::time::sleep(Duration::from_secs(10)).await;
    println!(
        "watching socket        {:>8.1} kB of server memory",
        (server.0.memory("VmRSS:") - before) / sockets as f64
    );
    let all = watching.join_all().await;
    let states = all.iter().map(Vec::len).sum::<usize>() as f64 / sockets as f64;
    // The first state of each is a snapshot, which all ask for at once.
    let mut delays: Vec<f64> = all.iter().flat_map(|delays| delays.iter().skip(1).copied()).collect();
    delays.sort_by(f64::total_cmp);
    let at = |per_mille: usize| delays.get((delays.len() * per_mille / 1_000).min(delays.len() - 1)).copied();
    println!("states for each socket {states:>8.1}");
    for (name, per_mille) in [("median", 500), ("p99", 990), ("longest", 1_000)] {
        println!("{name:<22} {:>8.1} ms from emittedAt to arrival", at(per_mille).unwrap_or(f64::NAN));
    }
}
