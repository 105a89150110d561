//! `scrapersky extract`: the facts of a saved page, without any network.

use std::{
    io::{Read, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Args;
use serde::Serialize;
use url::Url;

use super::text;
use crate::{
    config::ScannerSettings,
    model::{DomainName, SiteFacts},
    scanner::{
        self,
        extract::{HeaderMap, HeaderName, HeaderValue, PageSource, extract},
    },
};

/// Print the facts of a saved page as JSON, without any network
#[derive(Debug, Args)]
pub(super) struct ExtractCommand {
    /// Where the page was found; links are resolved against it
    #[arg(long, value_name = "URL", value_parser = page_url)]
    url: Url,

    /// A header of the answer that the page came in, such as `Server: nginx`; may be given several times
    #[arg(long = "header", value_name = "NAME: VALUE", value_parser = header)]
    headers: Vec<(HeaderName, HeaderValue)>,

    /// The file with the page; `-` is the standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,

    #[command(flatten)]
    scanner: ScannerSettings,
}

/// The facts of a page, with the names of the GraphQL type `Domain`.
#[derive(Serialize)]
struct ExtractedPage<'a> {
    name: &'a DomainName,
    url: &'a str,
    #[serde(flatten)]
    facts: &'a SiteFacts,
}

impl ExtractCommand {
    /// Runs the command: 0 when the facts were printed.
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        tokio::task::spawn_blocking(move || self.print()).await?
    }

    fn print(self) -> anyhow::Result<ExitCode> {
        let name = DomainName::parse(self.url.as_str())?;
        let body = match read(&self.file, self.scanner.max_page_bytes) {
            Ok(body) => body,
            Err(error) => {
                return Ok(text::refuse(&format!("{} cannot be read: {error}", self.file.display())));
            }
        };
        let fingerprints = match scanner::fingerprints_of(&self.scanner) {
            Ok(fingerprints) => fingerprints,
            Err(error) => return Ok(text::refuse(&error.to_string())),
        };
        let headers: HeaderMap = self.headers.into_iter().collect();
        let source = PageSource { url: &self.url, headers: &headers, body: &body };
        let found = extract(&source, &fingerprints, &name);
        let page = ExtractedPage { name: &name, url: self.url.as_str(), facts: &found.facts };
        writeln!(std::io::stdout(), "{}", text::json(&page, true)?)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Reads a file or the standard input, as much of it as a scan would read of a page.
fn read(file: &Path, limit: usize) -> std::io::Result<Vec<u8>> {
    let mut body = Vec::new();
    let input: Box<dyn Read> = if file == Path::new("-") {
        Box::new(std::io::stdin())
    } else {
        Box::new(std::fs::File::open(file)?)
    };
    input.take(limit as u64).read_to_end(&mut body)?;
    Ok(body)
}

fn page_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text)
        .map_err(|error| format!("{error}; expected an address such as https://example.com/"))?;
    DomainName::parse(text).map_err(|error| error.to_string())?;
    if matches!(url.scheme(), "http" | "https") {
        Ok(url)
    } else {
        Err("expected an http or https address".to_owned())
    }
}

fn header(text: &str) -> Result<(HeaderName, HeaderValue), String> {
    let (name, value) = text.split_once(':').ok_or("expected a header such as `Server: nginx`")?;
    let name = name.trim().parse().map_err(|_| format!("`{name}` is no name of a header"))?;
    let value = value.trim().parse().map_err(|_| format!("`{value}` is no value of a header"))?;
    Ok((name, value))
}
