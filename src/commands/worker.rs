//! `scrapersky worker`: only the work, for servers on the same database.

use std::{net::SocketAddr, process::ExitCode, sync::Arc};

use anyhow::{Context, bail};
use clap::Args;
use tokio::{net::TcpListener, task::JoinSet};
use tracing::{info, warn};

use crate::{
    app::App,
    config::{DatabaseSettings, ScannerSettings, WorkerSettings},
    http,
    scanner::Scanner,
    worker::Worker,
};

/// How the work is done, and where the jobs are.
#[derive(Debug, Args)]
pub(super) struct WorkerCommand {
    /// Where /health and /metrics are served; nowhere by default
    #[arg(long, env = "SCRAPERSKY_METRICS_LISTEN", value_name = "HOST:PORT")]
    metrics_listen: Option<SocketAddr>,

    #[command(flatten)]
    worker: WorkerSettings,
    #[command(flatten)]
    scanner: ScannerSettings,
    #[command(flatten)]
    database: DatabaseSettings,
}

impl WorkerCommand {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let scanner = Scanner::new(&self.scanner)?;
        let operators = match self.metrics_listen {
            Some(address) => {
                let listener = TcpListener::bind(address).await;
                Some(listener.with_context(|| format!("cannot listen on {address} (--metrics-listen)"))?)
            }
            None => None,
        };
        let stop = super::stop_signal()?;
        let app = App::open(&self.database, &self.worker).await?;
        if app.db.is_sqlite() {
            bail!(
                "a worker of its own needs PostgreSQL, because one process at a time serves an SQLite file; \
                 use `scrapersky serve`, or --database-url postgres://user@host/name"
            );
        }
        let mut tasks = JoinSet::new();
        app.listen_to_other_nodes(&mut tasks, &stop);
        if let Some(listener) = operators {
            info!(address = %listener.local_addr()?, "Operators are answered at /health and /metrics");
            let (app, stop) = (app.clone(), stop.clone());
            tasks.spawn(async move {
                if let Err(error) = http::serve_operators(listener, app, stop).await {
                    warn!(%error, "Operators are answered no longer");
                }
            });
        }
        info!(database = %app.db, concurrency = self.worker.concurrency, "The worker is ready");
        let worker = Worker::new(app.queue.clone(), Arc::new(scanner), app.progress.clone(), &self.worker);
        worker.run(stop).await;
        tasks.shutdown().await;
        app.db.close().await?;
        Ok(ExitCode::SUCCESS)
    }
}
