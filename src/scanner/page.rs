//! From an open page to its facts.

use std::{panic::AssertUnwindSafe, sync::Arc};

use reqwest::header::HeaderMap;
use url::Url;

use super::{
    Shared,
    answer::{Answer, Body},
    extract::{Extracted, PageSource, extract},
    page_memory::{Place, SMALL_PAGE_BYTES},
    visit::Visit,
};
use crate::model::{DomainName, ScanError, ScanErrorCode as Code};

/// A page that was read.
pub(super) struct Page {
    pub url: Url,
    pub headers: HeaderMap,
    pub body: Body,
    place: Option<Place>,
}

/// Reads the body of a page and makes sure that it is one.
pub(super) async fn read(visit: &Visit<'_>, answer: &mut Answer) -> Result<Page, ScanError> {
    let media_type = answer.media_type();
    if !may_be_html(&media_type) {
        return Err(not_html(&answer.url, &media_type));
    }
    let max_bytes = visit.shared.settings.max_page_bytes;
    let mut body = answer.body(max_bytes.min(SMALL_PAGE_BYTES)).await?;
    let mut place = None;
    if body.is_cut && max_bytes > SMALL_PAGE_BYTES {
        place = Some(visit.clock.pause(visit.shared.page_memory.place()).await?);
        body = answer.more_body(body, max_bytes).await?;
    }
    if is_declared_html(&media_type) && !is_binary(&body.bytes) || looks_like_html(&body.bytes) {
        return Ok(Page { url: answer.url.clone(), headers: answer.headers().clone(), body, place });
    }
    Err(not_html(&answer.url, &media_type))
}

fn not_html(url: &Url, media_type: &str) -> ScanError {
    let found = if media_type.is_empty() { "something else" } else { media_type };
    ScanError::new(Code::NotHtml, format!("{url} is no HTML page but {found}."))
}

/// A page that redirects to another site.
pub(super) fn leads_away(from: &Url, to: &Url) -> ScanError {
    ScanError::new(Code::NotHtml, format!("{from} leads to another site, {to}."))
}

fn is_declared_html(media_type: &str) -> bool {
    matches!(media_type, "text/html" | "application/xhtml+xml")
}

/// Types under which servers are seen to send pages.
fn may_be_html(media_type: &str) -> bool {
    is_declared_html(media_type)
        || matches!(
            media_type,
            "" | "text/plain"
                | "text/xml"
                | "application/xml"
                | "application/octet-stream"
                | "unknown/unknown"
        )
        || !media_type.contains('/')
}

/// Zero bytes show what is no text, unless it is UTF-16.
fn is_binary(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(1_024)];
    let is_utf16 = head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]);
    !is_utf16 && head.contains(&0)
}

fn looks_like_html(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(4_096)];
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    let head = head.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    head.starts_with("<!doctype html")
        || head.contains("<html")
        || head.starts_with("<head")
        || head.starts_with("<body")
}

/// Reads the facts from a page. A small one takes a millisecond or two; a large one goes to a thread of its own.
pub(super) async fn facts(visit: &Visit<'_>, page: Page, site: &DomainName) -> Result<Extracted, ScanError> {
    let (shared, site, url) = (Arc::clone(visit.shared), site.clone(), page.url.clone());
    let unreadable = || ScanError::new(Code::Internal, format!("The page {url} could not be read."));
    if page.place.is_none() {
        // A fault of the program costs this scan and no other.
        let reading = AssertUnwindSafe(|| extract_from(&shared, &page, &site));
        return std::panic::catch_unwind(reading).map_err(|_| unreadable());
    }
    let turn = visit.clock.pause(shared.page_memory.parser()).await?;
    let reading = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        extract_from(&shared, &page, &site)
    });
    reading.await.map_err(|_| unreadable())
}

fn extract_from(shared: &Shared, page: &Page, site: &DomainName) -> Extracted {
    let source = PageSource { url: &page.url, headers: &page.headers, body: &page.body.bytes };
    extract(&source, &shared.fingerprints, site)
}
