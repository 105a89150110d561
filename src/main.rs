//! The command line of ScraperSky.

use std::process::ExitCode;

use clap::Parser;
use scrapersky::commands::Cli;

/// With the system's allocator a watching socket costs the server half as much again, and a query a tenth.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    match Cli::parse().run().await {
        Ok(code) => code,
        Err(error) => {
            let _ = std::io::Write::write_fmt(&mut std::io::stderr(), format_args!("error: {error:#}\n"));
            ExitCode::FAILURE
        }
    }
}
