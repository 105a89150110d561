//! One serving process: the API, and unless told otherwise the work too, from start to stop.

use std::{net::SocketAddr, sync::Arc};

use clap::Args;
use tempfile::TempDir;
use tokio::{
    net::TcpListener,
    task::{JoinHandle, JoinSet},
};
use tokio_util::sync::CancellationToken;

use crate::{
    app::App,
    config::{DatabaseSettings, GraphqlLimits, HttpSettings, ScannerSettings, WorkerSettings},
    demo::DemoSites,
    graphql,
    http::{self, HttpState, ServeError, StateError, Tour, auth::DefaultTenant},
    model::{ScanOptions, Scope},
    scanner::{Scanner, ScannerSetupError},
    service::{Service, ServiceError, SubmitBatch},
    store::StoreError,
    worker::Worker,
};

/// How the API, the work and the database behave.
#[derive(Debug, Clone, Default, Args)]
pub struct ServeSettings {
    /// Serve the API only; workers on the same PostgreSQL database do the work
    #[arg(long, env = "SCRAPERSKY_NO_WORKER")]
    pub no_worker: bool,

    /// Scan thirty fake sites of its own on loopback and nothing else; unless --database-url names another, the
    /// database is a temporary one
    #[arg(long, conflicts_with_all = ["no_worker", "connect_to", "connect_to_tls"])]
    pub demo: bool,

    /// Requests over HTTP and WebSocket.
    #[command(flatten)]
    pub http: HttpSettings,
    /// What one GraphQL request may ask for.
    #[command(flatten)]
    pub limits: GraphqlLimits,
    /// How the work is done.
    #[command(flatten)]
    pub worker: WorkerSettings,
    /// How sites are visited.
    #[command(flatten)]
    pub scanner: ScannerSettings,
    /// Where the data is kept.
    #[command(flatten)]
    pub database: DatabaseSettings,
}

/// Why a server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The scanner's settings cannot be used.
    #[error(transparent)]
    Scanner(#[from] ScannerSetupError),
    /// The database cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The default tenant cannot be made.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// The edge cannot be built.
    #[error(transparent)]
    Edge(#[from] StateError),
    /// The listener has no address, or the demonstration no place.
    #[error("the server cannot be set up: {0}")]
    Setup(#[from] std::io::Error),
}

/// A running server.
#[derive(Debug)]
pub struct Server {
    app: App,
    address: SocketAddr,
    serving: JoinHandle<Result<(), ServeError>>,
    tasks: JoinSet<()>,
    stop: CancellationToken,
    demo: Option<Demo>,
}

/// The fake sites, and where their data is kept while they are served.
#[derive(Debug)]
struct Demo {
    sites: DemoSites,
    folder: TempDir,
}

impl Demo {
    async fn start(settings: &mut ServeSettings) -> Result<Self, StartError> {
        let demo = Self { sites: DemoSites::start().await?, folder: tempfile::tempdir()? };
        settings.scanner.connect_to = Some(demo.sites.address());
        if settings.database.database_url == DatabaseSettings::default().database_url {
            settings.database.database_url = demo.folder.path().join("demo.db").display().to_string();
        }
        Ok(demo)
    }

    /// Submits the sites as one batch, and makes the tour about it.
    async fn begin_tour(&self, service: &Service, scope: &Scope) -> Result<Tour, StartError> {
        let input = SubmitBatch {
            names: self.sites.names(),
            options: ScanOptions::default(),
            max_age: None,
            deadline: None,
            idempotency_key: None,
        };
        let submitted = service.scan_domains(scope, input).await?;
        let batch = submitted.batch_id.map(|id| id.to_string());
        Ok(Tour { batch, ..Tour::of(self.sites.names()) })
    }
}

impl Server {
    /// Opens the database and begins to serve and to work, until `stop` is cancelled.
    pub async fn start(
        listener: TcpListener,
        settings: &ServeSettings,
        stop: CancellationToken,
    ) -> Result<Self, StartError> {
        let address = listener.local_addr()?;
        let mut settings = settings.clone();
        let demo = if settings.demo { Some(Demo::start(&mut settings).await?) } else { None };
        let scanner = Scanner::new(&settings.scanner)?;
        let app = App::open(&settings.database, &settings.worker).await?;
        let scope = app.service.default_scope().await?;
        let schema = graphql::build_schema(app.service.clone(), &settings.limits);
        let tour = match &demo {
            Some(demo) => demo.begin_tour(&app.service, &scope).await?,
            None => Tour::default(),
        };
        let (limits, edge) = (settings.limits.clone(), settings.http.clone());
        let state = HttpState::new(schema, DefaultTenant(scope), limits, edge, stop.clone())?
            .with_app(app.clone())
            .with_examples(http::example_tabs(&tour));
        let mut tasks = JoinSet::new();
        app.listen_to_other_nodes(&mut tasks, &stop);
        if !settings.no_worker {
            let (queue, progress) = (app.queue.clone(), app.progress.clone());
            let worker = Worker::new(queue, Arc::new(scanner), progress, &settings.worker);
            tasks.spawn(worker.run(stop.clone()));
        }
        let serving = tokio::spawn(http::serve(listener, state));
        Ok(Self { app, address, serving, tasks, stop, demo })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many fake sites it serves, where it does.
    pub fn demo_sites(&self) -> Option<usize> {
        self.demo.as_ref().map(|demo| demo.sites.names().len())
    }

    /// What its parts share.
    pub const fn app(&self) -> &App {
        &self.app
    }

    /// Waits until it has stopped: requests answered, running scans ended or given back, connections closed.
    pub async fn wait(mut self) -> anyhow::Result<()> {
        let served = self.serving.await;
        // Nobody is there to work for when the API has ended by itself.
        self.stop.cancel();
        while let Some(ended) = self.tasks.join_next().await {
            ended?;
        }
        self.app.db.close().await?;
        Ok(served??)
    }
}
