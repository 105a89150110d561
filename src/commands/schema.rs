//! `scrapersky schema`: prints the GraphQL schema.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::Args;

use crate::graphql;

/// Print the GraphQL schema in the schema definition language
#[derive(Debug, Clone, Args)]
pub(super) struct SchemaCommand {}

impl SchemaCommand {
    /// Writes the schema to the standard output.
    #[expect(clippy::unused_self, reason = "every command runs alike")]
    pub(super) fn run(&self) -> anyhow::Result<ExitCode> {
        io::stdout().lock().write_all(graphql::sdl().as_bytes())?;
        Ok(ExitCode::SUCCESS)
    }
}
