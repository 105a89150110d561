//! The HTTP edge: routes, who asks, and the GraphQL protocols.

pub mod auth;
mod examples;
mod graphiql;
mod graphql;
mod health;
mod origins;
mod request_id;
mod security;
mod server;

use std::{ops::Deref, sync::Arc};

use axum::{
    Router,
    http::StatusCode,
    middleware::{from_fn, from_fn_with_state},
    response::Redirect,
    routing::{any, get},
};
use tokio::sync::Semaphore;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower_http::{
    CompressionLevel,
    catch_panic::CatchPanicLayer,
    compression::{
        CompressionLayer,
        predicate::{NotForContentType, Predicate, SizeAbove},
    },
};

use self::{
    auth::Authenticate,
    graphql::{BodyReader, Code, Documents, Gate, Rejection, TypeIndex},
    health::Operated,
};
pub use self::{
    examples::{Tour, example_tabs},
    graphiql::ExampleTab,
    graphql::{GraphqlExecutor, ManifestError},
    health::serve_operators,
    request_id::RequestId,
    server::{ServeError, serve},
};
use crate::{
    app::App,
    config::{GraphqlLimits, HttpSettings},
    metrics::Metrics,
};

/// Answers shorter than this fit into one packet as they are.
const COMPRESSED_BYTES: u16 = 1_024;

/// What every handler shares. Cloning it is cheap.
#[derive(Clone)]
pub struct HttpState(Arc<Shared>);

/// The parts of [`HttpState`].
pub struct Shared {
    executor: Arc<dyn GraphqlExecutor>,
    authenticator: Box<dyn Authenticate>,
    bodies: BodyReader,
    gate: Arc<Gate>,
    settings: HttpSettings,
    examples: Vec<ExampleTab>,
    app: Option<App>,
    metrics: Metrics,
    shutdown: CancellationToken,
    sockets: TaskTracker,
    streams: Arc<Semaphore>,
}

/// Why the edge cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The schema does not define itself in the language of schemas.
    #[error("the schema's definition cannot be read: {0}")]
    Schema(#[from] async_graphql::parser::Error),
    /// The trusted documents cannot be read.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
}

impl HttpState {
    /// Serves `executor` to those whom `authenticator` lets in, until `shutdown` is cancelled: then streams end, sockets are
    /// closed with 1001, and no connection is kept alive.
    ///
    /// # Errors
    /// When the schema's definition or the trusted documents cannot be read.
    pub fn new(
        executor: impl GraphqlExecutor,
        authenticator: impl Authenticate,
        limits: GraphqlLimits,
        settings: HttpSettings,
        shutdown: CancellationToken,
    ) -> Result<Self, StateError> {
        let types = TypeIndex::read(&executor.sdl())?;
        let documents =
            Documents::read(settings.trusted_documents.as_deref(), settings.only_trusted_documents)?;
        let streams = Arc::new(Semaphore::new(settings.max_streams));
        let metrics = Metrics::default();
        Ok(Self(Arc::new(Shared {
            executor: Arc::new(executor),
            authenticator: Box::new(authenticator),
            bodies: BodyReader::new(limits.max_body_bytes, settings.max_bodies_bytes, settings.read_timeout),
            gate: Arc::new(Gate { limits, types, documents }),
            settings,
            examples: Vec::new(),
            app: None,
            metrics,
            shutdown,
            sockets: TaskTracker::new(),
            streams,
        })))
    }

    /// Answers for this app: whether it is ready, and what it counts. To be called before the state is shared.
    #[must_use]
    pub fn with_app(mut self, app: App) -> Self {
        if let Some(shared) = Arc::get_mut(&mut self.0) {
            shared.metrics = app.queue.metrics().clone();
            shared.app = Some(app);
        }
        self
    }

    /// Opens these operations as tabs of GraphiQL. To be called before the state is shared.
    #[must_use]
    pub fn with_examples(mut self, examples: Vec<ExampleTab>) -> Self {
        if let Some(shared) = Arc::get_mut(&mut self.0) {
            shared.examples = examples;
        }
        self
    }

    fn operated(&self) -> Operated {
        Operated { app: self.app.clone(), metrics: self.metrics.clone(), shutdown: self.shutdown.clone() }
    }

    /// What this process counts.
    fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Room for one more socket or event stream, which is counted as long as it is held.
    fn stream_permit(&self) -> Result<impl Send + Sync + use<>, Rejection> {
        let permit = Arc::clone(&self.streams).try_acquire_owned().map_err(|_| {
            let message = format!("The server has {} open streams already.", self.settings.max_streams);
            Rejection::new(StatusCode::SERVICE_UNAVAILABLE, Code::RateLimited, message)
        })?;
        Ok((permit, self.metrics.stream()))
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
    let cors = origins::layer(state.settings.allowed_origins.clone());
    let compression = CompressionLayer::new()
        .quality(CompressionLevel::Fastest)
        .compress_when(SizeAbove::new(COMPRESSED_BYTES).and(NotForContentType::SSE));
    Router::new()
        .route("/graphql", any(graphql::endpoint).layer(cors))
        .route("/graphql/ws", any(graphql::websocket))
        .merge(graphiql::routes())
        .route("/", get(|| async { Redirect::temporary("/graphiql") }))
        .merge(health::routes(state.operated()))
        .layer(compression)
        .layer(CatchPanicLayer::custom(graphql::crashed))
        .layer(from_fn(security::add_headers))
        .route_layer(from_fn_with_state(state.clone(), request_id::count_request))
        .layer(from_fn(request_id::name_request))
        .with_state(state)
}
