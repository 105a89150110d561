//! The command line of ScraperSky.

use std::process::ExitCode;

use clap::Parser;
use scrapersky::commands::{extract::ExtractCommand, scan::ScanCommand};

/// Finds out what websites are, what they are built with, who runs them and how to reach them
#[derive(Debug, Parser)]
#[command(name = "scrapersky", version)]
enum Cli {
    Scan(ScanCommand),
    Extract(ExtractCommand),
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    match Cli::parse() {
        Cli::Scan(command) => command.run().await,
        Cli::Extract(command) => command.run().await,
    }
}
