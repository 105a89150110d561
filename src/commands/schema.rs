//! `scrapersky schema`: prints the GraphQL schema.

use std::io::{self, Write};

use clap::Args;

use crate::graphql;

/// Print the GraphQL schema in the schema definition language
#[derive(Debug, Clone, Args)]
pub struct SchemaCommand {}

impl SchemaCommand {
    /// Writes the schema to the standard output.
    pub fn run(&self) -> anyhow::Result<()> {
        Ok(io::stdout().lock().write_all(graphql::sdl().as_bytes())?)
    }
}
