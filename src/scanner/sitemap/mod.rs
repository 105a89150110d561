//! The sitemaps of a site: found, read within budgets, each file a row of the report.

mod dates;
mod fault;
mod lines;
mod reader;
mod xml;

use std::collections::{HashSet, VecDeque};

use url::Url;

use super::{
    answer::Answer,
    visit::{Purpose, Visit},
};
use crate::model::{ScanError, SitemapFacts, SitemapKind, SitemapSource};

pub use fault::Fault;
pub use reader::{ReadLimits, SitemapContent, SitemapReader};

/// Where sitemaps usually are. Only tried when the site names none, and only until one is found.
const WELL_KNOWN: &[&str] = &[
    "/sitemap.xml",
    "/sitemap_index.xml",
    "/wp-sitemap.xml",
    "/sitemap.xml.gz",
    "/sitemap-index.xml",
    "/sitemap.txt",
];

/// The deepest nesting of indexes that is followed.
const MAX_DEPTH: u32 = 10;

/// Between pieces of this size other scans get their turn.
const TURN_BYTES: u64 = 1 << 20;

/// The sitemaps of one site, as far as they have been read.
pub(super) struct Sitemaps {
    /// The files that were read or could not be, in the order in which they were found.
    pub files: Vec<SitemapFacts>,
    /// Whether a budget left sitemaps unread.
    pub is_partial: bool,
    files_left: usize,
    bytes_left: u64,
    seen: HashSet<Url>,
    queue: VecDeque<Candidate>,
}

/// A sitemap that is yet to be read.
struct Candidate {
    url: Url,
    depth: u32,
    /// Its place in the report.
    place: usize,
}

impl Sitemaps {
    pub(super) fn new(max_files: usize, max_bytes: usize) -> Self {
        Self {
            files: Vec::new(),
            is_partial: false,
            files_left: max_files,
            bytes_left: max_bytes as u64,
            seen: HashSet::new(),
            queue: VecDeque::new(),
        }
    }

    /// Finds and reads the sitemaps of the site at `home`. What was read stays in `self` when this is given up.
    pub(super) async fn read_all(&mut self, visit: &mut Visit<'_>, home: &Url, links: &[Url]) {
        for url in visit.robots_sitemaps(home).await {
            self.add(url, SitemapSource::Robots, 0);
        }
        for url in links {
            self.add(url.clone(), SitemapSource::Link, 0);
        }
        self.read_queue(visit).await;
        if self.files.iter().all(|file| file.kind == SitemapKind::Unknown) {
            self.probe(visit, home).await;
        }
    }

    /// How many pages the files list together.
    pub(super) fn page_count(&self) -> u64 {
        let pages = self.files.iter().filter(|file| file.kind != SitemapKind::Index);
        pages.map(|file| file.url_count).sum()
    }

    /// Notes for every sitemap that was found and not read why that is so.
    pub(super) fn give_up(&mut self, reason: &str) {
        for candidate in std::mem::take(&mut self.queue) {
            self.is_partial = true;
            self.files[candidate.place].error.get_or_insert_with(|| reason.to_owned());
        }
    }

    /// Takes a sitemap up, unless it is known already or the budget of files is used up.
    fn add(&mut self, url: Url, source: SitemapSource, depth: u32) {
        if self.seen.contains(&url) {
            return;
        }
        if self.files_left == 0 {
            self.is_partial = true;
            return;
        }
        self.files_left -= 1;
        self.seen.insert(url.clone());
        let place = self.files.len();
        self.files.push(row(&url, source));
        self.queue.push_back(Candidate { url, depth, place });
    }

    async fn read_queue(&mut self, visit: &mut Visit<'_>) {
        while let Some(candidate) = self.queue.front() {
            let (url, depth, place) = (candidate.url.clone(), candidate.depth, candidate.place);
            match self.fetch(visit, &url).await {
                Ok((answer, content)) => self.record(&answer, content, depth, place),
                Err(error) => self.files[place].error = Some(error.message),
            }
            self.queue.pop_front();
        }
    }

    /// Tries the usual places until one holds a sitemap; what is not there is no finding.
    async fn probe(&mut self, visit: &mut Visit<'_>, home: &Url) {
        for path in WELL_KNOWN {
            let Ok(url) = home.join(path) else { continue };
            if self.files_left == 0 || !self.seen.insert(url.clone()) {
                continue;
            }
            let Ok((answer, content)) = self.fetch(visit, &url).await else { continue };
            if content.kind == SitemapKind::Unknown {
                continue;
            }
            self.files_left -= 1;
            let place = self.files.len();
            self.files.push(row(&url, SitemapSource::WellKnown));
            self.record(&answer, content, 0, place);
            // One request at a time: the address may take no more.
            drop(answer);
            return self.read_queue(visit).await;
        }
    }

    /// Requests one file and reads it as it arrives.
    async fn fetch(
        &mut self,
        visit: &mut Visit<'_>,
        url: &Url,
    ) -> Result<(Answer, SitemapContent), ScanError> {
        let mut answer = visit.get(url, Purpose::Sitemap).await?;
        if !(200..=299).contains(&answer.status()) {
            return Err(visit.status_error(&answer));
        }
        let limits = ReadLimits { bytes: self.bytes_left, children: self.files_left };
        let mut reader = SitemapReader::new(answer.charset(), limits);
        let mut broken = None;
        let mut turn = 0;
        loop {
            match answer.chunk().await {
                Ok(Some(chunk)) if reader.push(&chunk) => turn += chunk.len() as u64,
                Ok(_) => break,
                Err(error) => {
                    broken = Some(error);
                    break;
                }
            }
            if turn > TURN_BYTES {
                turn = 0;
                tokio::task::yield_now().await;
            }
        }
        let mut content = reader.finish();
        if content.fault == Some(Fault::Unknown) && answer.media_type() == "text/html" {
            content.fault = Some(Fault::Html);
        }
        self.bytes_left -= content.bytes.min(self.bytes_left);
        match broken {
            Some(error) if content.count == 0 => Err(error),
            _ => Ok((answer, content)),
        }
    }

    fn record(&mut self, answer: &Answer, content: SitemapContent, depth: u32, place: usize) {
        let was_redirected = !answer.redirects.is_empty();
        if was_redirected && !self.seen.insert(answer.url.clone()) {
            self.files[place].error =
                Some(format!("It redirects to {}, which was read already.", answer.url));
            return;
        }
        let file = &mut self.files[place];
        file.kind = content.kind;
        file.url_count = content.count;
        file.last_modified = content.last_modified.or_else(|| answer.last_modified());
        file.error = content.fault.map(|fault| format!("{} was not read in full: {fault}.", answer.url));
        if content.count > content.children.len() as u64 && content.kind == SitemapKind::Index {
            self.is_partial = true;
        }
        for child in content.children {
            let Ok(url) = answer.url.join(&child) else { continue };
            if depth < MAX_DEPTH {
                self.add(url, SitemapSource::Index, depth + 1);
            } else {
                self.is_partial = true;
            }
        }
    }
}

fn row(url: &Url, source: SitemapSource) -> SitemapFacts {
    SitemapFacts {
        url: url.to_string(),
        kind: SitemapKind::Unknown,
        discovered_by: source,
        url_count: 0,
        last_modified: None,
        error: None,
    }
}
