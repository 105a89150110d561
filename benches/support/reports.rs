//! What a scan of a real site finds.

use scrapersky::model::{ScanReport, SitemapFacts, SitemapKind, SitemapSource};

/// The facts of an agency's homepage as the extractors read them from the fixture, and three sitemaps.
pub(crate) fn agency() -> ScanReport {
    let snapshot = include_str!("../../tests/fixtures/snapshots/agency_wordpress_elementor.snap");
    let json = snapshot.splitn(3, "---").nth(2).unwrap_or_default();
    let found: serde_json::Value = serde_json::from_str(json).unwrap_or_default();
    let facts = serde_json::from_value(found["facts"].clone());
    let url = "https://www.nordlicht-agentur.de/".to_owned();
    ScanReport {
        facts: facts.unwrap_or_else(|error| panic!("the snapshot: {error}")),
        total_sitemaps: 3,
        sitemap_urls: 700,
        sitemaps: (0..3).map(|number| sitemap(&url, number)).collect(),
        url,
        ..ScanReport::default()
    }
}

fn sitemap(site: &str, number: u64) -> SitemapFacts {
    SitemapFacts {
        url: format!("{site}sitemap-{number}.xml"),
        kind: SitemapKind::Urlset,
        discovered_by: SitemapSource::Robots,
        url_count: 100 * number,
        last_modified: None,
        error: None,
    }
}
