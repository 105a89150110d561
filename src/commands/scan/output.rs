//! Prints results as they come.

use std::io::{self, Write};

use serde::Serialize;

use super::{OutputFormat, Scanned, csv, table};
use crate::{
    commands::text,
    model::{DomainName, DomainStatus, ScanFailure, ScanReport},
};

/// A result with the names of the GraphQL type `Domain`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row<'a> {
    name: &'a DomainName,
    unicode_name: String,
    status: DomainStatus,
    last_error: Option<ScanFailure>,
    #[serde(flatten)]
    report: Option<&'a ScanReport>,
}

impl<'a> From<&'a Scanned> for Row<'a> {
    fn from(scanned: &'a Scanned) -> Self {
        Self {
            name: &scanned.name,
            unicode_name: scanned.name.to_unicode(),
            status: status(scanned),
            last_error: scanned.outcome.as_ref().err().map(ScanFailure::from),
            report: scanned.outcome.as_ref().ok(),
        }
    }
}

/// The status of the domain after its scan.
pub(super) fn status(scanned: &Scanned) -> DomainStatus {
    if scanned.outcome.is_ok() { DomainStatus::Scanned } else { DomainStatus::Failed }
}

/// Writes results in one of the formats, each as soon as it is there.
pub(super) struct Output<W> {
    format: OutputFormat,
    out: W,
    is_first: bool,
}

impl<W: Write> Output<W> {
    pub(super) fn new(format: OutputFormat, out: W) -> Self {
        Self { format, out, is_first: true }
    }

    /// What stands before the results.
    pub(super) fn begin(&mut self) -> io::Result<()> {
        match self.format {
            OutputFormat::Json => self.out.write_all(b"[")?,
            OutputFormat::Csv => self.out.write_all(csv::heading().as_bytes())?,
            OutputFormat::Table => self.out.write_all(table::heading().as_bytes())?,
            OutputFormat::Jsonl => {}
        }
        self.out.flush()
    }

    /// One result.
    pub(super) fn write(&mut self, scanned: &Scanned) -> io::Result<()> {
        let text = match self.format {
            OutputFormat::Table => table::row(scanned),
            OutputFormat::Csv => csv::row(scanned),
            OutputFormat::Jsonl => text::json(&Row::from(scanned), false)? + "\n",
            OutputFormat::Json => {
                let separator = if self.is_first { "\n" } else { ",\n" };
                separator.to_owned() + &text::json(&Row::from(scanned), false)?
            }
        };
        self.is_first = false;
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }

    /// What stands after the results.
    pub(super) fn end(&mut self) -> io::Result<()> {
        if self.format == OutputFormat::Json {
            self.out.write_all(if self.is_first { b"]\n" } else { b"\n]\n" })?;
        }
        self.out.flush()
    }
}
