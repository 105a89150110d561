//! The HTTP edge: routes, who asks, and the GraphQL protocols.

pub mod auth;
mod graphiql;
mod graphql;
mod health;
mod request_id;
mod security;
mod server;

use std::{ops::Deref, sync::Arc};

use axum::{
    Router,
    http::StatusCode,
    middleware::from_fn,
    response::Redirect,
    routing::{any, get},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::{
    auth::Authenticate,
    graphql::{Code, Rejection},
};
pub use self::{
    graphiql::ExampleTab,
    graphql::GraphqlExecutor,
    request_id::RequestId,
    server::{ServeError, serve},
};
use crate::config::{GraphqlLimits, HttpSettings};

/// What every handler shares. Cloning it is cheap.
#[derive(Clone)]
pub struct HttpState(Arc<Shared>);

/// The parts of [`HttpState`].
pub struct Shared {
    executor: Box<dyn GraphqlExecutor>,
    authenticator: Box<dyn Authenticate>,
    limits: GraphqlLimits,
    settings: HttpSettings,
    examples: Vec<ExampleTab>,
    shutdown: CancellationToken,
    sockets: TaskTracker,
    streams: Arc<Semaphore>,
}

impl HttpState {
    /// Serves `executor` to those whom `authenticator` lets in, until `shutdown` is cancelled: then streams end, sockets are
    /// closed with 1001, and no connection is kept alive.
    pub fn new(
        executor: impl GraphqlExecutor,
        authenticator: impl Authenticate,
        limits: GraphqlLimits,
        settings: HttpSettings,
        shutdown: CancellationToken,
    ) -> Self {
        let streams = Arc::new(Semaphore::new(settings.max_streams));
        Self(Arc::new(Shared {
            executor: Box::new(executor),
            authenticator: Box::new(authenticator),
            limits,
            settings,
            examples: Vec::new(),
            shutdown,
            sockets: TaskTracker::new(),
            streams,
        }))
    }

    /// Opens these operations as tabs of GraphiQL. To be called before the state is shared.
    #[must_use]
    pub fn with_examples(mut self, examples: Vec<ExampleTab>) -> Self {
        if let Some(shared) = Arc::get_mut(&mut self.0) {
            shared.examples = examples;
        }
        self
    }

    /// Room for one more socket or event stream.
    fn stream_permit(&self) -> Result<OwnedSemaphorePermit, Rejection> {
        Arc::clone(&self.streams).try_acquire_owned().map_err(|_| {
            let message = format!("The server has {} open streams already.", self.settings.max_streams);
            Rejection::new(StatusCode::SERVICE_UNAVAILABLE, Code::RateLimited, message)
        })
    }
}

impl Deref for HttpState {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

/// All routes.
pub fn router(state: HttpState) -> Router {
    Router::new()
        .route("/", get(|| async { Redirect::temporary("/graphiql") }))
        .route("/graphiql", get(graphiql::page))
        .route("/graphql", any(graphql::endpoint))
        .route("/graphql/ws", any(graphql::websocket))
        .route("/health", get(health::health))
        .layer(from_fn(security::add_headers))
        .layer(from_fn(request_id::name_request))
        .with_state(state)
}
