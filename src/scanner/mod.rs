//! From a domain name to a report of what its site says of itself.
//!
//! [`Scanner::scan`] is the whole story; each chapter has a file of its own. Every request goes through
//! [`visit`], which asks the [`address_guard`], robots.txt and the [`host_limits`] first.

pub mod address_guard;
mod answer;
mod certificate;
mod client;
mod cookies;
pub mod extract;
mod failure;
mod favicon;
pub mod fingerprints;
mod homepage;
mod host_limits;
mod meta_refresh;
mod more_pages;
mod pace;
mod page;
mod page_memory;
mod reader_id;
mod resolver;
mod revisit;
pub mod robots;
mod scan_clock;
pub mod sitemap;
mod slots;
mod tls;
mod transport;
mod visit;

use std::{path::PathBuf, sync::Arc};

use serde_json::Value;
use url::Url;

use self::{
    address_guard::AddressGuard,
    client::HttpClient,
    extract::Extracted,
    fingerprints::{FingerprintError, Fingerprints},
    homepage::{Homepage, OnStep},
    host_limits::HostLimits,
    page_memory::PageMemory,
    revisit::Condition,
    scan_clock::ScanClock,
    sitemap::Sitemaps,
    visit::Visit,
};
use crate::{
    clock::Clock,
    config::ScannerSettings,
    model::{
        DomainName, JobStep, KnownSite, Revisit, ScanError, ScanErrorCode as Code, ScanOptions, ScanReport,
    },
};

/// Why a scanner could not be made of the settings.
#[derive(Debug, thiserror::Error)]
pub enum ScannerSetupError {
    /// The technology rules are not valid.
    #[error(transparent)]
    Fingerprints(#[from] FingerprintError),
    /// The file of further certificates cannot be used.
    #[error("the certificates in {path} cannot be used: {reason}")]
    CaFile {
        /// The file of the settings.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// TLS cannot be set up.
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
    /// The system does not say where to look names up.
    #[error("the system's DNS settings cannot be read: {0}")]
    Dns(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The HTTP client refuses a setting, such as a user agent with a line break.
    #[error("the HTTP client cannot be set up: {0}")]
    Client(#[from] reqwest::Error),
}

/// Visits sites, politely and safely. Cheap to clone; all clones share connections and limits.
#[derive(Clone)]
pub struct Scanner(Arc<Shared>);

/// What all scans share.
struct Shared {
    settings: ScannerSettings,
    guard: AddressGuard,
    client: HttpClient,
    limits: HostLimits,
    page_memory: PageMemory,
    fingerprints: Fingerprints,
    /// The name by which robots.txt files address this crawler.
    product: String,
    /// What reads the pages, in short.
    reader: String,
    time: Clock,
}

impl Scanner {
    /// A scanner for the settings. It must be made within a Tokio runtime.
    pub fn new(settings: &ScannerSettings) -> Result<Self, ScannerSetupError> {
        Self::with_client(settings, HttpClient::new(settings, AddressGuard::new(settings))?)
    }

    fn with_client(settings: &ScannerSettings, client: HttpClient) -> Result<Self, ScannerSetupError> {
        Ok(Self(Arc::new(Shared {
            guard: AddressGuard::new(settings),
            client,
            limits: HostLimits::new(settings),
            page_memory: PageMemory::new(settings.max_page_bytes),
            fingerprints: fingerprints_of(settings)?,
            product: product(&settings.user_agent).to_owned(),
            reader: reader_id::of(settings)?,
            time: Clock::system(),
            settings: settings.clone(),
        })))
    }

    /// Keeps to one part of the limits for addresses where so many scanners share them; at least to one request at a time.
    pub fn share_addresses(&self, scanners: usize) {
        self.0.limits.share_addresses(scanners);
    }

    /// Scans the site of a domain name. `on_step` is called when a step begins. The future may be dropped at any
    /// time, which ends the scan.
    ///
    /// A homepage that cannot be had is an error. What fails after it, such as a sitemap, is noted in the report.
    pub async fn scan(
        &self,
        name: &DomainName,
        options: &ScanOptions,
        on_step: OnStep<'_>,
    ) -> Result<ScanReport, ScanError> {
        self.scan_again(name, options, None, on_step).await
    }

    /// The same for a site of which an earlier scan may have left something. Where its page has not changed since, the
    /// page's facts stay what they were, and the report is the one that a scan without that knowledge would bring;
    /// `metadata.transport` tells the status 304.
    pub async fn scan_again(
        &self,
        name: &DomainName,
        options: &ScanOptions,
        known: Option<&KnownSite>,
        on_step: OnStep<'_>,
    ) -> Result<ScanReport, ScanError> {
        let clock = ScanClock::start(options.timeout());
        let mut visit = Visit::new(&self.0, options, &clock);
        visit.condition =
            known.and_then(|known| Condition::new(known, options, &self.0.reader, self.0.time.now()));
        on_step(JobStep::Resolving);
        let home = clock.limit(self.read_homepage(&mut visit, name, on_step)).await;
        let Home { url, mut found, revisit } = home.ok_or_else(|| out_of_time(name, options))??;
        if clock.limit(self.read_more(&mut visit, name, &url, &mut found)).await.is_none() {
            note(&mut found, OUT_OF_TIME);
        }
        let mut sitemaps = Sitemaps::new(self.0.settings.max_sitemaps, self.0.settings.max_sitemap_bytes);
        if options.follow_sitemaps {
            on_step(JobStep::Sitemaps);
            let links = std::mem::take(&mut found.sitemap_links);
            if clock.limit(sitemaps.read_all(&mut visit, &url, &links)).await.is_none() {
                sitemaps.give_up(OUT_OF_TIME);
            }
        }
        Ok(ScanReport { revisit, ..report(&url, found, sitemaps) })
    }

    async fn read_homepage(
        &self,
        visit: &mut Visit<'_>,
        name: &DomainName,
        on_step: OnStep<'_>,
    ) -> Result<Home, ScanError> {
        let Homepage { answer, page, is_sign } = homepage::read(visit, name, on_step).await?;
        on_step(JobStep::Extracting);
        let url = answer.url.clone();
        let Some(page) = page else {
            let known = visit.condition.as_ref().map(|condition| condition.known);
            let known = known.ok_or_else(|| lost_page(&url))?;
            let found = revisit::unchanged(known, &answer);
            return Ok(Home { url, found, revisit: Some(known.revisit.clone()) });
        };
        let transport = transport::of_page(&answer, &page.body);
        let is_cut = page.body.is_cut;
        let mut found = page::facts(visit, page, name).await?;
        found.facts.metadata.insert("transport".to_owned(), transport);
        if is_cut {
            let limit = self.0.settings.max_page_bytes;
            note(&mut found, &format!("The page is longer than {limit} bytes; the rest was not read."));
        }
        let revisit = revisit::of_page(&answer, &found, visit.options, &self.0.reader, self.0.time.now());
        Ok(Home { url, found, revisit: revisit.filter(|_| !is_cut && !is_sign) })
    }

    /// What the homepage leads to: an icon that it does not declare, and further pages.
    async fn read_more(&self, visit: &mut Visit<'_>, name: &DomainName, home: &Url, found: &mut Extracted) {
        if found.facts.favicon_url.is_none() {
            found.facts.favicon_url = favicon::find(visit, home).await.map(String::from);
        }
        more_pages::visit_all(visit, name, home, found).await;
    }
}

/// The homepage with its facts.
struct Home {
    url: Url,
    found: Extracted,
    /// What it leaves for the next scan.
    revisit: Option<Revisit>,
}

/// Adds a sentence to `metadata.notes`.
fn note(found: &mut Extracted, sentence: &str) {
    let notes = found.facts.metadata.entry("notes").or_insert_with(|| Value::Array(Vec::new()));
    if let Value::Array(notes) = notes {
        notes.push(sentence.into());
    }
}

/// The technology rules that the settings ask for.
pub fn fingerprints_of(settings: &ScannerSettings) -> Result<Fingerprints, FingerprintError> {
    let Some(directory) = &settings.fingerprints else { return Fingerprints::builtin() };
    let fingerprints = Fingerprints::with_directory(directory)?;
    if let Some(first) = fingerprints.skipped().first() {
        let count = fingerprints.skipped().len();
        tracing::warn!(
            count,
            first,
            "Some patterns of the technology rules need what is not supported and are left out"
        );
    }
    Ok(fingerprints)
}

fn lost_page(url: &Url) -> ScanError {
    ScanError::new(Code::Internal, format!("The page {url} is unchanged, but what it said got lost."))
}

const OUT_OF_TIME: &str = "The time for the scan ran out.";

fn out_of_time(name: &DomainName, options: &ScanOptions) -> ScanError {
    let seconds = options.timeout_seconds;
    ScanError::new(
        Code::DeadlineExceeded,
        format!("The homepage of {name} was not read within the {seconds} seconds of the scan."),
    )
}

fn report(url: &Url, mut found: Extracted, sitemaps: Sitemaps) -> ScanReport {
    if sitemaps.is_partial {
        note(
            &mut found,
            "Not every sitemap was read: there are more than the limits of count, bytes and time allow.",
        );
    }
    ScanReport {
        url: url.to_string(),
        facts: found.facts,
        total_sitemaps: sitemaps.files.len() as u64,
        sitemap_urls: sitemaps.page_count(),
        sitemaps: sitemaps.files,
        revisit: None,
    }
}

/// The product token in a user agent: its first word, or in `Mozilla/5.0 (compatible; Name/1.0)` the name.
fn product(user_agent: &str) -> &str {
    let text = user_agent.split_once("compatible;").map_or(user_agent, |(_, rest)| rest.trim_start());
    robots::product_token(text)
}

#[cfg(test)]
mod tests;
