//! A WebSocket client that sees every frame.

use std::{net::SocketAddr, time::Duration};

use async_graphql::futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Error, Message, client::IntoClientRequest, protocol::CloseFrame},
};

const PATIENCE: Duration = Duration::from_secs(20);

/// A socket to `/graphql/ws`.
pub struct WsClient(WebSocketStream<TcpStream>);

/// What comes in.
#[derive(Debug, PartialEq)]
pub enum Received {
    Json(Value),
    Ping,
    Close(u16, String),
    /// The connection ended without a close frame.
    Gone,
}

impl WsClient {
    /// Opens a socket with our subprotocol.
    pub async fn open(server: SocketAddr) -> Self {
        Self::open_with(server, &[("sec-websocket-protocol", "graphql-transport-ws")])
            .await
            .expect("a socket")
    }

    pub async fn open_with(server: SocketAddr, headers: &[(&'static str, &str)]) -> Result<Self, Error> {
        let mut request = format!("ws://{server}/graphql/ws").into_client_request().expect("a request");
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().expect("a header"));
        }
        let stream = TcpStream::connect(server).await.expect("a connection");
        client_async(request, stream).await.map(|(socket, _)| Self(socket))
    }

    /// Opens a socket and has it acknowledged.
    pub async fn ready(server: SocketAddr) -> Self {
        let mut client = Self::open(server).await;
        client.send(json!({ "type": "connection_init" })).await;
        assert_eq!(client.receive().await, Received::Json(json!({ "type": "connection_ack" })));
        client
    }

    pub async fn send(&mut self, message: Value) {
        self.send_text(&message.to_string()).await;
    }

    pub async fn send_text(&mut self, text: &str) {
        self.send_frame(Message::text(text)).await;
    }

    /// The server may have closed already; what it said then is received next.
    pub async fn send_frame(&mut self, message: Message) {
        let _may_be_closed = self.0.send(message).await;
    }

    pub async fn subscribe(&mut self, id: &str, query: &str) {
        self.send(json!({ "type": "subscribe", "id": id, "payload": { "query": query } })).await;
    }

    /// The next message, ping or close.
    pub async fn receive(&mut self) -> Received {
        loop {
            let message = timeout(PATIENCE, self.0.next()).await.expect("a message in time");
            return match message {
                Some(Ok(Message::Text(text))) => Received::Json(serde_json::from_str(&text).expect("JSON")),
                Some(Ok(Message::Close(Some(CloseFrame { code, reason })))) => {
                    Received::Close(code.into(), reason.to_string())
                }
                Some(Ok(Message::Ping(_))) => Received::Ping,
                Some(Ok(Message::Pong(_))) => continue,
                _ => Received::Gone,
            };
        }
    }

    /// The next message that is not a ping.
    pub async fn json(&mut self) -> Value {
        loop {
            match self.receive().await {
                Received::Json(value) => return value,
                Received::Ping => {}
                other => panic!("not a message: {other:?}"),
            }
        }
    }

    /// Reads on until the socket is closed, and says how.
    pub async fn closed(&mut self) -> (u16, String) {
        loop {
            match self.receive().await {
                Received::Close(code, reason) => return (code, reason),
                Received::Gone => panic!("gone without a close frame"),
                Received::Json(_) | Received::Ping => {}
            }
        }
    }
}
