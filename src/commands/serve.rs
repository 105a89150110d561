//! `scrapersky serve`: the API, and unless told otherwise the work too.

use std::{
    io::{self, Write},
    net::SocketAddr,
    process::ExitCode,
    sync::Arc,
};

use anyhow::Context;
use clap::Args;
use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::{
    app::App,
    config::{DatabaseSettings, GraphqlLimits, HttpSettings, ScannerSettings, WorkerSettings},
    graphql,
    http::{self, HttpState, auth::DefaultTenant},
    scanner::Scanner,
    worker::Worker,
};

/// Where to listen, and how the API, the work and the database behave.
#[derive(Debug, Args)]
pub(super) struct ServeCommand {
    /// The address to listen on; 0 as the port picks a free one
    #[arg(long, env = "SCRAPERSKY_LISTEN", default_value = "127.0.0.1:8080", value_name = "HOST:PORT")]
    listen: String,

    /// Serve the API only; workers on the same PostgreSQL database do the work
    #[arg(long, env = "SCRAPERSKY_NO_WORKER")]
    no_worker: bool,

    #[command(flatten)]
    http: HttpSettings,
    #[command(flatten)]
    limits: GraphqlLimits,
    #[command(flatten)]
    worker: WorkerSettings,
    #[command(flatten)]
    scanner: ScannerSettings,
    #[command(flatten)]
    database: DatabaseSettings,
}

impl ServeCommand {
    /// The port is taken first: when it is in use, nothing has been touched yet.
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let listener = listen(&self.listen).await?;
        let scanner = Scanner::new(&self.scanner)?;
        let stop = super::stop_signal()?;
        let app = App::open(&self.database, &self.worker).await?;
        let mut tasks = JoinSet::new();
        app.listen_to_other_nodes(&mut tasks, &stop);
        if !self.no_worker {
            let worker =
                Worker::new(app.queue.clone(), Arc::new(scanner), app.progress.clone(), &self.worker);
            tasks.spawn(worker.run(stop.clone()));
        }
        announce(&listener, &app)?;
        self.serve(listener, &app, &stop).await?;
        // Without the API there is nobody to do the work for.
        stop.cancel();
        while tasks.join_next().await.is_some() {}
        app.db.close().await?;
        info!("Stopped");
        Ok(ExitCode::SUCCESS)
    }

    async fn serve(&self, listener: TcpListener, app: &App, stop: &CancellationToken) -> anyhow::Result<()> {
        let scope = app.service.default_scope().await?;
        let schema = graphql::build_schema(app.service.clone(), &self.limits);
        let state = HttpState::new(
            schema,
            DefaultTenant(scope),
            self.limits.clone(),
            self.http.clone(),
            stop.clone(),
        )?
        .with_examples(http::example_tabs());
        if let Err(error) = http::serve(listener, state).await {
            warn!(%error, "The server stopped before all requests had ended");
        }
        Ok(())
    }
}

async fn listen(address: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| {
        format!("cannot listen on {address}; choose another address with --listen, such as 127.0.0.1:8081")
    })
}

fn announce(listener: &TcpListener, app: &App) -> anyhow::Result<()> {
    let address: SocketAddr = listener.local_addr()?;
    let mut out = io::stdout().lock();
    writeln!(out, "ScraperSky {} is ready.", env!("CARGO_PKG_VERSION"))?;
    writeln!(out, "  GraphiQL       http://{address}/graphiql")?;
    writeln!(out, "  GraphQL        http://{address}/graphql")?;
    writeln!(out, "  Subscriptions  ws://{address}/graphql/ws")?;
    writeln!(out, "  Database       {}", app.db)?;
    out.flush()?;
    Ok(())
}
