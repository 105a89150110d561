//! `scrapersky scan`: scans names and prints what is found, without server or database.

mod csv;
mod names;
mod output;
mod table;

use std::{
    fmt,
    io::{self, IsTerminal},
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use clap::{Args, ValueEnum, builder::RangedU64ValueParser};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use tokio::task::JoinSet;

use self::{names::NameSource, output::Output};
use super::text;
use crate::{
    config::ScannerSettings,
    model::{DomainName, ScanError, ScanOptions, ScanReport},
    scanner::Scanner,
};

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum OutputFormat {
    /// A line for people, shortened to fit.
    Table,
    /// One JSON array.
    Json,
    /// One JSON object a line.
    Jsonl,
    /// Comma-separated values with a heading, for spreadsheets.
    Csv,
}

/// Scan sites and print what is found, without server or database
#[derive(Debug, Args)]
pub(super) struct ScanCommand {
    /// Domain names or addresses of sites; `-` reads them from the standard input, one a line
    #[arg(value_name = "NAME", required_unless_present = "file")]
    names: Vec<String>,

    /// Read names from this file, one a line; empty lines and lines that begin with # do not count
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,

    /// How results are printed; a table on a terminal, otherwise jsonl
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Option<OutputFormat>,

    /// How many sites are scanned at a time
    #[arg(long, env = "SCRAPERSKY_CONCURRENCY", default_value_t = 64, value_name = "N", value_parser = RangedU64ValueParser::<usize>::new().range(1..=10_000))]
    concurrency: usize,

    /// How many pages of each site are read
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=20))]
    max_pages: u32,

    /// Do not look for sitemaps
    #[arg(long)]
    no_sitemaps: bool,

    /// Do not obey robots.txt
    #[arg(long)]
    ignore_robots: bool,

    /// The most seconds for one site
    #[arg(long, default_value_t = 60, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=300))]
    timeout: u32,

    #[command(flatten)]
    scanner: ScannerSettings,
}

/// One name and how its scan ended.
struct Scanned {
    name: DomainName,
    outcome: Result<ScanReport, ScanError>,
}

/// How many names went wrong.
#[derive(Default)]
struct Losses {
    failed: u64,
    rejected: u64,
}

impl Losses {
    fn sum(&self) -> u64 {
        self.failed + self.rejected
    }
}

impl ScanCommand {
    /// Runs the command: 0 when every scan succeeded, 1 when one failed or a name was rejected, 2 for bad usage.
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let source = match NameSource::open(&self.names, self.file.as_deref()).await {
            Ok(source) => source,
            Err(error) => {
                return Ok(text::refuse(&format!("{} cannot be read: {error}", shown(self.file.as_deref()))));
            }
        };
        let scanner = match Scanner::new(&self.scanner) {
            Ok(scanner) => scanner,
            Err(error) => return Ok(text::refuse(&error.to_string())),
        };
        let is_terminal = io::stdout().is_terminal();
        let format =
            self.format.unwrap_or(if is_terminal { OutputFormat::Table } else { OutputFormat::Jsonl });
        let bar = progress_bar(source.total());
        let mut output = Output::new(format, io::stdout());
        let losses = self.scan_all(&scanner, source, &mut output, &bar).await;
        bar.finish_and_clear();
        match losses {
            Ok(losses) if losses.sum() == 0 => Ok(ExitCode::SUCCESS),
            Ok(_) => Ok(ExitCode::FAILURE),
            // Whoever reads the results has seen enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
            Err(error) => Err(error.into()),
        }
    }

    fn options(&self) -> ScanOptions {
        ScanOptions {
            max_pages: self.max_pages,
            follow_sitemaps: !self.no_sitemaps,
            respect_robots: !self.ignore_robots,
            timeout_seconds: self.timeout,
        }
    }

    /// Scans name after name, so many at a time, and prints each result when it comes. Neither the names nor the
    /// results are ever held together.
    async fn scan_all(
        &self,
        scanner: &Scanner,
        mut source: NameSource,
        output: &mut Output<io::Stdout>,
        bar: &ProgressBar,
    ) -> io::Result<Losses> {
        let mut losses = Losses::default();
        let mut running: JoinSet<Scanned> = JoinSet::new();
        let (mut is_open, mut shown) = (true, 0);
        beside(bar, || output.begin())?;
        while is_open || !running.is_empty() {
            tokio::select! {
                biased;
                Some(ended) = running.join_next() => {
                    let Ok(result) = ended else { losses.failed += 1; continue };
                    losses.failed += u64::from(result.outcome.is_err());
                    beside(bar, || output.write(&result))?;
                    bar.inc(1);
                }
                line = source.next(), if is_open && running.len() < self.concurrency => match line? {
                    None => is_open = false,
                    Some(line) => match DomainName::parse(&line) {
                        Ok(name) => { running.spawn(scan_one(scanner.clone(), name, self.options())); }
                        Err(error) => {
                            losses.rejected += 1;
                            bar.suspend(|| text::say(&error.to_string()));
                            bar.inc(1);
                        }
                    },
                },
            }
            if losses.sum() != shown {
                shown = losses.sum();
                bar.set_message(format!("{shown} failed"));
            }
        }
        beside(bar, || output.end())?;
        Ok(losses)
    }
}

async fn scan_one(scanner: Scanner, name: DomainName, options: ScanOptions) -> Scanned {
    let outcome = scanner.scan(&name, &options, &|_| ()).await;
    Scanned { name, outcome }
}

fn shown(file: Option<&Path>) -> String {
    file.map_or_else(|| "the standard input".to_owned(), |file| file.display().to_string())
}

/// Writes results where they do not run into the bar.
fn beside<T>(bar: &ProgressBar, write: impl FnOnce() -> T) -> T {
    if io::stdout().is_terminal() { bar.suspend(write) } else { write() }
}

/// A bar on the terminal; hidden where there is none.
fn progress_bar(total: Option<u64>) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr());
    let template = if total.is_some() {
        "{bar:30} {pos}/{len} · {pace} · {msg} · {eta} left"
    } else {
        "{spinner} {pos} scanned · {pace} · {msg}"
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        let pace = |state: &ProgressState, out: &mut dyn fmt::Write| {
            // A line that cannot be drawn is drawn again in a moment.
            let _ = write!(out, "{:.1}/s", state.per_sec());
        };
        bar.set_style(style.with_key("pace", pace));
    }
    bar.set_message("0 failed");
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}
