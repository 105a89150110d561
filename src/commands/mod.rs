//! The commands: one file each.

mod completions;
mod extract;
mod migrate;
mod scan;
mod schema;
mod serve;
mod text;
mod worker;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tokio_util::sync::CancellationToken;

use crate::{
    config::{LogSettings, TraceSettings},
    telemetry,
};

/// Finds out what websites are, what they are built with, who runs them and how to reach them.
#[derive(Debug, Parser)]
#[command(name = "scrapersky", version, max_term_width = 120, propagate_version = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    log: LogSettings,
    #[command(flatten)]
    traces: TraceSettings,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API and do the work, in one process
    Serve(Box<serve::ServeCommand>),
    /// Do the work for servers on the same PostgreSQL database
    Worker(Box<worker::WorkerCommand>),
    Scan(Box<scan::ScanCommand>),
    Extract(Box<extract::ExtractCommand>),
    /// Bring the database schema up to date, take it back, or show where it is
    Migrate(Box<migrate::MigrateCommand>),
    Schema(schema::SchemaCommand),
    /// Print a script that completes commands and options for a shell
    Completions(completions::CompletionsCommand),
}

impl Cli {
    /// Runs the command.
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let telemetry = telemetry::start(&self.log, &self.traces)?;
        let ended = self.command.run().await;
        telemetry.stop().await;
        ended
    }
}

impl Command {
    async fn run(self) -> anyhow::Result<ExitCode> {
        match self {
            Self::Serve(command) => command.run().await,
            Self::Scan(command) => command.run().await,
            Self::Extract(command) => command.run().await,
            Self::Worker(command) => command.run().await,
            Self::Migrate(command) => command.run().await,
            Self::Schema(command) => command.run(),
            Self::Completions(command) => command.run(),
        }
    }
}

/// Cancelled when the process is told to stop: by SIGTERM, or at the terminal. A second time ends it at once.
fn stop_signal() -> anyhow::Result<CancellationToken> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let stop = CancellationToken::new();
    let stopping = stop.clone();
    tokio::spawn(async move {
        for second in [false, true] {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if second {
                tracing::warn!("Told to stop a second time: ending at once");
                std::process::exit(130);
            }
            tracing::info!("Stopping; once more ends at once");
            stopping.cancel();
        }
    });
    Ok(stop)
}
