//! Sitemap files.

use async_graphql::SimpleObject;

use super::{
    enums::{SitemapKind, SitemapSource},
    scalars::{DateTime, Url},
};
use crate::model;

/// One sitemap file that the newest successful scan found.
#[derive(Debug, SimpleObject)]
pub(crate) struct Sitemap {
    /// Where it is.
    url: Url,
    /// Its format.
    kind: SitemapKind,
    /// What led to it.
    discovered_by: SitemapSource,
    /// How many pages it lists; for an index, how many sitemaps.
    url_count: i64,
    /// The newest `lastmod` in it, else its `Last-Modified` header.
    last_modified: Option<DateTime>,
    /// Why it could not be read, or not to its end.
    error: Option<String>,
}

impl From<&model::SitemapFacts> for Sitemap {
    fn from(sitemap: &model::SitemapFacts) -> Self {
        Self {
            url: Url(sitemap.url.clone()),
            kind: sitemap.kind.into(),
            discovered_by: sitemap.discovered_by.into(),
            url_count: sitemap.url_count.cast_signed(),
            last_modified: sitemap.last_modified.map(DateTime),
            error: sitemap.error.clone(),
        }
    }
}
