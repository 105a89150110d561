//! `scrapersky schema`: prints the GraphQL schema.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::Args;

use crate::graphql;

/// Print the GraphQL schema in the schema definition language
#[derive(Debug, Args)]
pub(super) struct SchemaCommand {}

impl SchemaCommand {
    #[expect(clippy::unused_self, reason = "a command has no options as yet and runs like the others")]
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        io::stdout().lock().write_all(graphql::sdl().as_bytes())?;
        Ok(ExitCode::SUCCESS)
    }
}
