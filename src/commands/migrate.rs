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

/// What to do with the schema.
#[derive(Debug, Args)]
pub(super) struct MigrateCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Apply what is missing
    Up(Place),
    /// Take the newest migrations back; their tables and data go
    Down {
        /// How many
        #[arg(default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000))]
        steps: u32,
        #[command(flatten)]
        place: Place,
    },
    /// Show each migration and whether it is applied
    Status(Place),
}

#[derive(Debug, Args)]
struct Place {
    #[command(flatten)]
    database: DatabaseSettings,
}

impl MigrateCommand {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let (Action::Up(place) | Action::Down { place, .. } | Action::Status(place)) = &self.action;
        let db = Db::open(&place.database, Access::Beside).await?;
        match self.action {
            Action::Up(_) => db.migrate().await?,
            Action::Down { steps, .. } => db.migrate_down(steps).await?,
            Action::Status(_) => {}
        }
        let mut out = io::stdout().lock();
        for (name, applied) in db.migration_status().await? {
            writeln!(out, "{} {name}", if applied { "applied" } else { "pending" })?;
        }
        db.close().await?;
        Ok(ExitCode::SUCCESS)
    }
}
