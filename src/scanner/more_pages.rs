//! The pages beyond the homepage: the likeliest contact, about and imprint pages first.

use serde_json::{Value, json};
use url::Url;

use super::{
    extract::Extracted,
    page,
    visit::{Purpose, Visit},
};
use crate::model::{DomainName, ScanError};

/// Visits as many of the pages that the homepage leads to as the options allow and merges what they say. Each visit
/// is noted in `metadata.pages`, a failed one with its reason.
pub(super) async fn visit_all(visit: &mut Visit<'_>, name: &DomainName, home: &Url, found: &mut Extracted) {
    let mut seen = vec![home.clone()];
    while seen.len() < visit.options.max_pages as usize {
        // A page that was read may have named further ones.
        let is_next = |url: &&Url| !seen.contains(url) && is_same_site(url, home);
        let Some(url) = found.contact_pages.iter().find(is_next).cloned() else { return };
        let note = match visit_one(visit, name, &url, home).await {
            Ok(more) => {
                found.merge(more);
                json!({ "url": url.as_str() })
            }
            Err(error) => json!({ "url": url.as_str(), "error": error.message }),
        };
        note_page(found, note);
        seen.push(url);
    }
}

async fn visit_one(
    visit: &mut Visit<'_>,
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
    let page = page::read(visit, &mut answer).await?;
    drop(answer);
    page::facts(visit, page, name).await
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
