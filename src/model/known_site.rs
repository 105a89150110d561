//! What a scan leaves for the next scan of the same site.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::SiteFacts;

/// How the next scan can ask whether the page has changed (RFC 9110, section 13), and what the page led to that its
/// facts do not tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Revisit {
    /// Where the page was read, after redirects: the validators hold there and nowhere else.
    pub url: String,
    /// The `ETag` of the page, as the site writes it.
    pub etag: Option<String>,
    /// The `Last-Modified` of the page, as the site writes it.
    pub last_modified: Option<String>,
    /// What read the page: program, rules and settings. Another reader may find other facts in the same page.
    pub reader: String,
    /// When the page was last read in full.
    pub read_at: DateTime<Utc>,
    /// Whether the icon is one that the page declares, and was not looked for elsewhere.
    pub declares_icon: bool,
    /// The sitemaps that the page links to.
    pub sitemap_links: Vec<String>,
}

/// A site that was scanned before, with what is known of it.
#[derive(Debug, Clone, PartialEq)]
pub struct KnownSite {
    /// How to ask whether the page has changed.
    pub revisit: Revisit,
    /// What the page said.
    pub facts: SiteFacts,
}
