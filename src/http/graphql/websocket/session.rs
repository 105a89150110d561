//! The conversation on one socket.

use std::{future::pending, sync::Arc, time::Duration};

use axum::{
    extract::ws::{Message, WebSocket},
    http::HeaderMap,
};
use bytes::Bytes;
use futures_util::{
    FutureExt, SinkExt, StreamExt,
    future::BoxFuture,
    stream::{SplitSink, SplitStream},
};
use serde_json::{Map, Value};
use tokio::{
    sync::mpsc,
    time::{Instant, MissedTickBehavior, interval_at, sleep_until, timeout},
};

use super::{
    operations::{Operations, Outbox},
    protocol::{ClientMessage, Close, ServerMessage},
};
use crate::{
    http::{
        HttpState, RequestId,
        auth::Unauthenticated,
        graphql::{
            error::{self, Code},
            request::GraphqlParams,
        },
    },
    model::Scope,
};

/// Messages that wait for a slow reader.
const OUTBOX: usize = 4;
/// How long a closing socket may take over its good-byes.
const FAREWELL: Duration = Duration::from_secs(2);
/// Pings that may stay unanswered.
const MISSED_PINGS: u32 = 5;

/// Talks until one side ends the conversation.
pub(super) async fn run(mut socket: WebSocket, state: HttpState, headers: HeaderMap) {
    if socket.protocol().is_none() {
        let _gone = timeout(FAREWELL, socket.send(Message::Close(Some(Close::subprotocol().frame())))).await;
        return;
    }
    let (mut sink, mut stream) = socket.split();
    let (outbox, outgoing) = mpsc::channel(OUTBOX);
    let ping_interval = state.settings.ping_interval;
    let shutdown = state.shutdown.clone();
    let mut session = Session::new(state, headers, outbox);
    let close = tokio::select! {
        close = session.listen(&mut stream) => close,
        close = write(&mut sink, outgoing, ping_interval) => close,
        () = shutdown.cancelled() => Some(Close::going_away()),
    };
    drop(session);
    let _gone = timeout(FAREWELL, say_goodbye(sink, stream, close)).await;
}

/// Sends the close frame and waits for the client's, so that the frame is not lost with the connection; or, when the client
/// closed first, answers its frame.
async fn say_goodbye(
    mut sink: SplitSink<WebSocket, Message>,
    mut stream: SplitStream<WebSocket>,
    close: Option<Close>,
) {
    let Some(close) = close else {
        let _gone = sink.close().await;
        return;
    };
    if sink.send(Message::Close(Some(close.frame()))).await.is_ok() {
        while let Some(Ok(_)) = stream.next().await {}
    }
}

/// Sends messages and pings; ends when the client is gone or reads nothing for too long.
async fn write(
    sink: &mut SplitSink<WebSocket, Message>,
    mut outgoing: mpsc::Receiver<String>,
    ping_interval: Duration,
) -> Option<Close> {
    let mut pings = interval_at(Instant::now() + ping_interval, ping_interval);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let message = tokio::select! {
            biased;
            _ = pings.tick() => Message::Ping(Bytes::new()),
            text = outgoing.recv() => Message::Text(text?.into()),
        };
        match timeout(ping_interval * MISSED_PINGS, sink.send(message)).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return None,
            Err(_) => return Some(Close::silent()),
        }
    }
}

type Authentication = BoxFuture<'static, Result<Scope, Unauthenticated>>;

enum Phase {
    /// No `connection_init` yet.
    New(HeaderMap),
    /// It is being looked at; the conversation goes on meanwhile.
    Authenticating(Authentication),
    /// Acknowledged.
    Ready(Scope),
}

struct Session {
    state: HttpState,
    outbox: Outbox,
    phase: Phase,
    operations: Operations,
}

impl Session {
    fn new(state: HttpState, headers: HeaderMap, outbox: Outbox) -> Self {
        Self { state, outbox, phase: Phase::New(headers), operations: Operations::default() }
    }

    /// Reads messages until the socket is to be closed; `None` when the client has closed it.
    async fn listen(&mut self, stream: &mut SplitStream<WebSocket>) -> Option<Close> {
        let opened = Instant::now();
        let init_deadline = opened + self.state.settings.connection_init_timeout;
        let patience = self.state.settings.ping_interval * MISSED_PINGS;
        let mut heard = opened;
        loop {
            let is_new = matches!(self.phase, Phase::New(_));
            let step = tokio::select! {
                message = stream.next() => {
                    heard = Instant::now();
                    self.hear(message?).await?
                }
                authenticated = authenticated(&mut self.phase) => self.acknowledge(authenticated).await,
                Some(()) = self.operations.reap() => Ok(()),
                () = sleep_until(init_deadline), if is_new => Err(Close::initialisation_timeout()),
                () = sleep_until(heard + patience) => Err(Close::silent()),
            };
            if let Err(close) = step {
                return Some(close);
            }
        }
    }

    /// `None` when the client has said good-bye or its connection broke.
    async fn hear(&mut self, message: Result<Message, axum::Error>) -> Option<Result<(), Close>> {
        match message {
            Ok(Message::Text(text)) => Some(self.handle(&text).await),
            Ok(Message::Binary(_)) => Some(Err(Close::bad_request("binary frames are not understood"))),
            Ok(Message::Ping(_) | Message::Pong(_)) => Some(Ok(())),
            Ok(Message::Close(_)) => None,
            Err(error) => Some(Err(Close::bad_request(error.to_string()))),
        }
    }

    async fn handle(&mut self, text: &str) -> Result<(), Close> {
        match ClientMessage::parse(text)? {
            ClientMessage::ConnectionInit { payload } => self.initialise(payload),
            ClientMessage::Ping { payload } => {
                self.send(&ServerMessage::Pong { payload }).await;
                Ok(())
            }
            ClientMessage::Pong {} => Ok(()),
            ClientMessage::Subscribe { id, payload } => self.subscribe(id, *payload).await,
            ClientMessage::Complete { id } => {
                self.operations.complete(&id);
                Ok(())
            }
        }
    }

    fn initialise(&mut self, payload: Option<Map<String, Value>>) -> Result<(), Close> {
        let Phase::New(headers) = &mut self.phase else { return Err(Close::too_many_inits()) };
        let headers = std::mem::take(headers);
        let state = self.state.clone();
        let authentication = async move {
            let payload = payload.map(Value::Object);
            state.authenticator.by_connection_init(&headers, payload.as_ref()).await
        };
        self.phase = Phase::Authenticating(authentication.boxed());
        Ok(())
    }

    async fn acknowledge(&mut self, authenticated: Result<Scope, Unauthenticated>) -> Result<(), Close> {
        let scope = authenticated.map_err(|reason| Close::forbidden(&reason.to_string()))?;
        self.phase = Phase::Ready(scope);
        self.send(&ServerMessage::ConnectionAck).await;
        Ok(())
    }

    async fn subscribe(&mut self, id: String, params: GraphqlParams) -> Result<(), Close> {
        let Phase::Ready(scope) = &self.phase else { return Err(Close::unauthorized()) };
        if self.operations.contains(&id) {
            return Err(Close::duplicate(&id));
        }
        let allowed = self.state.settings.max_socket_operations;
        let running = self.operations.len();
        let operation = if running < allowed {
            self.state.gate.admit(params, scope.clone(), RequestId::new())
        } else {
            Err(error::over_limit(
                Code::RateLimited,
                "operations running on this socket",
                running + 1,
                allowed,
            ))
        };
        match operation {
            Ok(operation) => {
                let answers = operation.stream(Arc::clone(&self.state.executor), self.state.metrics());
                self.operations.start(id, answers, self.outbox.clone())
            }
            Err(error) => {
                self.send(&ServerMessage::Error { id: &id, payload: &[error] }).await;
                Ok(())
            }
        }
    }

    /// Nobody listens when the writer has ended, and then the session ends too.
    async fn send(&mut self, message: &ServerMessage<'_>) {
        let _closing = self.outbox.send(message.text()).await;
    }
}

async fn authenticated(phase: &mut Phase) -> Result<Scope, Unauthenticated> {
    match phase {
        Phase::Authenticating(authentication) => authentication.await,
        _ => pending().await,
    }
}
