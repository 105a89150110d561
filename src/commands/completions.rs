//! `scrapersky completions`: completion scripts for shells.

use std::{io, process::ExitCode};

use clap::{Args, CommandFactory};
use clap_complete::Shell;

/// The shell to complete for.
#[derive(Debug, Args)]
pub(super) struct CompletionsCommand {
    /// Which shell
    shell: Shell,
}

impl CompletionsCommand {
    #[expect(clippy::unnecessary_wraps, reason = "every command answers alike")]
    pub(super) fn run(&self) -> anyhow::Result<ExitCode> {
        clap_complete::generate(self.shell, &mut super::Cli::command(), "scrapersky", &mut io::stdout());
        Ok(ExitCode::SUCCESS)
    }
}
