//! Whole pages, and what holds for every page.

use reqwest::header::HeaderMap;
use url::Url;

use super::{Extracted, PageSource, extract, fixture::Fixture};
use crate::{model::DomainName, scanner::fingerprints::Fingerprints};

/// The facts of a page at `https://www.firma.de/`.
pub(super) fn facts_of(html: &str) -> Extracted {
    facts_at("https://www.firma.de/", html)
}

/// The facts of a page at an address.
pub(super) fn facts_at(url: &str, html: &str) -> Extracted {
    let url = Url::parse(url).unwrap();
    let site = DomainName::parse(url.host_str().unwrap()).unwrap();
    let page = PageSource { url: &url, headers: &HeaderMap::new(), body: html.as_bytes() };
    extract(&page, &Fingerprints::builtin().unwrap(), &site)
}

/// Pieces of a page, one for each number.
pub(super) fn numbered(count: usize, one: fn(usize) -> String) -> String {
    (0..count).map(one).collect()
}

#[test]
fn the_facts_of_each_fixture_page_are_as_reviewed() {
    let fingerprints = Fingerprints::builtin().unwrap();
    for fixture in Fixture::all() {
        let Extracted { facts, sitemap_links, contact_pages } = fixture.extract(&fingerprints);
        insta::with_settings!({ snapshot_path => "../../../tests/fixtures/snapshots", prepend_module_to_snapshot => false }, {
            insta::assert_json_snapshot!(fixture.name, serde_json::json!({
                "facts": facts,
                "sitemapLinks": sitemap_links.iter().map(Url::as_str).collect::<Vec<_>>(),
                "contactPages": contact_pages.iter().map(Url::as_str).collect::<Vec<_>>(),
            }));
        });
    }
}

#[test]
fn the_same_bytes_always_give_the_same_facts() {
    let fingerprints = Fingerprints::builtin().unwrap();
    for fixture in Fixture::all() {
        assert_eq!(fixture.extract(&fingerprints), fixture.extract(&fingerprints), "{}", fixture.name);
    }
}
