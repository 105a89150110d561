//! `scrapersky worker`: only the work, for servers on the same database.

use std::{process::ExitCode, sync::Arc};

use anyhow::bail;
use clap::Args;
use tokio::task::JoinSet;
use tracing::info;

use crate::{
    app::App,
    config::{DatabaseSettings, ScannerSettings, WorkerSettings},
    scanner::Scanner,
    worker::Worker,
};

/// How the work is done, and where the jobs are.
#[derive(Debug, Args)]
pub(super) struct WorkerCommand {
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
        info!(database = %app.db, concurrency = self.worker.concurrency, "The worker is ready");
        let worker = Worker::new(app.queue.clone(), Arc::new(scanner), app.progress.clone(), &self.worker);
        worker.run(stop).await;
        tasks.shutdown().await;
        app.db.close().await?;
        Ok(ExitCode::SUCCESS)
    }
}
