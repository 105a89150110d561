//! `scrapersky migrate`: the schema of the database.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::{Args, Subcommand};

use crate::{
    config::DatabaseSettings,
    store::{Access, Db},
};

/// What to do with the schema, and where.
#[derive(Debug, Args)]
pub(super) struct MigrateCommand {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    database: DatabaseSettings,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Apply what is missing
    Up,
    /// Take the newest migrations back; their tables and data go
    Down {
        /// How many
        #[arg(default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000))]
        steps: u32,
    },
    /// Show each migration and whether it is applied
    Status,
}

impl MigrateCommand {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let db = Db::open(&self.database, Access::Beside).await?;
        match self.action {
            Action::Up => db.migrate().await?,
            Action::Down { steps } => db.migrate_down(steps).await?,
            Action::Status => {}
        }
        let mut out = io::stdout().lock();
        for (name, applied) in db.migration_status().await? {
            writeln!(out, "{} {name}", if applied { "applied" } else { "pending" })?;
        }
        db.close().await?;
        Ok(ExitCode::SUCCESS)
    }
}
