//! The pages beyond the homepage: the likeliest contact, about and imprint pages first.

use std::sync::Arc;

use serde_json::{Value, json};
use url::Url;

use super::{
    Shared,
    extract::Extracted,
    page,
    visit::{Purpose, Visit},
};
use crate::model::{DomainName, ScanError};

/// Visits so many of the pages that the homepage leads to and merges what they say. Each visit is noted in
/// `metadata.pages`, a failed one with its reason.
pub(super) async fn visit_all(
    visit: &mut Visit<'_>,
    shared: &Arc<Shared>,
    name: &DomainName,
    home: &Url,
    found: &mut Extracted,
) {
    let limit = visit.options.max_pages.saturating_sub(1) as usize;
    let pages: Vec<Url> = std::mem::take(&mut found.contact_pages);
    let pages = pages.into_iter().filter(|url| url != home && is_same_site(url, home)).take(limit);
    for url in pages {
        let note = match visit_one(visit, shared, name, &url, home).await {
            Ok(more) => {
                found.merge(more);
                json!({ "url": url.as_str() })
            }
            Err(error) => json!({ "url": url.as_str(), "error": error.message }),
        };
        note_page(found, note);
    }
}

async fn visit_one(
    visit: &mut Visit<'_>,
    shared: &Arc<Shared>,
    name: &DomainName,
    url: &Url,
    home: &Url,
) -> Result<Extracted, ScanError> {
    let mut answer = visit.get(url, Purpose::Page).await?;
    if !(200..=299).contains(&answer.status()) {
        return Err(visit.status_error(&answer));
    }
    if !is_same_site(&answer.url, home) {
        return Err(page::leads_away(url, &answer.url));
    }
    let page = page::read(&mut answer, shared.settings.max_page_bytes).await?;
    drop(answer);
    page::facts(shared, page, name).await
}

fn note_page(found: &mut Extracted, note: Value) {
    let pages = found.facts.metadata.entry("pages").or_insert_with(|| Value::Array(Vec::new()));
    if let Value::Array(pages) = pages {
        pages.push(note);
    }
}

/// Whether two addresses belong to one registrable domain (the Public Suffix List decides what that is).
fn is_same_site(a: &Url, b: &Url) -> bool {
    let site = |url: &Url| url.host_str().map(|host| psl::domain_str(host).unwrap_or(host).to_owned());
    site(a) == site(b)
}
