//! What a scan finds. Serialised with the field names of the GraphQL type `Domain`.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{JsonObject, Revisit, status::named_enum};

/// Everything that one successful scan of one domain found.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScanReport {
    /// Where the scan ended, after redirects.
    pub url: String,
    /// What the page says.
    #[serde(flatten)]
    pub facts: SiteFacts,
    /// How many sitemap files were found, indexes included.
    pub total_sitemaps: u64,
    /// How many page addresses the sitemaps list together.
    pub sitemap_urls: u64,
    /// The sitemap files in the order in which they were found.
    pub sitemaps: Vec<SitemapFacts>,
    /// How the next scan can ask whether the page has changed; `None` when it has to read it again. No part of what
    /// is shown.
    #[serde(skip)]
    pub revisit: Option<Revisit>,
}

/// What a page says of its site.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SiteFacts {
    /// The title of the page.
    pub title: Option<String>,
    /// The description the page gives of itself.
    pub description: Option<String>,
    /// The language as a BCP 47 tag, such as `en` or `de-AT`.
    pub language: Option<String>,
    /// The icon that browsers show, absolute.
    pub favicon_url: Option<String>,
    /// The logo of the site, absolute.
    pub logo_url: Option<String>,
    /// Whether the site runs on WordPress.
    pub is_wordpress: bool,
    /// The version of WordPress, where the page tells.
    pub wordpress_version: Option<String>,
    /// The themes whose files the page uses.
    pub wordpress_themes: Vec<WordpressTheme>,
    /// The plugins whose files or marks are on the page.
    pub wordpress_plugins: Vec<WordpressPlugin>,
    /// Whether the page is built with Elementor.
    pub has_elementor: bool,
    /// The version of Elementor, where the page tells.
    pub elementor_version: Option<String>,
    /// What the site is built with, by name.
    pub technologies: Vec<Technology>,
    /// The names of the technologies by group: `cms`, `frameworks`, `analytics`, `widgets` and others.
    pub tech_stack: JsonObject,
    /// Email addresses, lower case, most telling first.
    pub email_addresses: Vec<String>,
    /// Phone numbers in E.164 where the region is known, else as written.
    pub phone_numbers: Vec<String>,
    /// Where and how each address and number was found.
    pub contacts: Vec<Contact>,
    /// Profiles in social networks.
    pub social_links: Vec<SocialLink>,
    /// The first profile on Facebook.
    pub facebook_url: Option<String>,
    /// The first profile on X, formerly Twitter.
    pub twitter_url: Option<String>,
    /// The first profile or company page on LinkedIn.
    pub linkedin_url: Option<String>,
    /// The first profile on Instagram.
    pub instagram_url: Option<String>,
    /// The first channel on YouTube.
    pub youtube_url: Option<String>,
    /// Everything else that was found, by topic.
    pub metadata: JsonObject,
}

/// A WordPress theme in use.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WordpressTheme {
    /// Its directory name, as on wordpress.org.
    pub slug: String,
    /// Its version, where its own files tell.
    pub version: Option<String>,
}

/// A WordPress plugin in use.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WordpressPlugin {
    /// Its directory name, as on wordpress.org.
    pub slug: String,
    /// Its version, where its own files tell.
    pub version: Option<String>,
}

/// Something the site is built with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Technology {
    /// The name that Wappalyzer-format tools use, such as `Google Analytics`.
    pub name: String,
    /// The version, where one was seen.
    pub version: Option<String>,
    /// The categories it belongs to, such as `CMS`.
    pub categories: Vec<String>,
    /// How sure the rules are, from 1 to 100.
    pub confidence: u8,
    /// What gave it away, such as `meta generator`, or `implied by WooCommerce`.
    pub evidence: Vec<String>,
}

named_enum! {
    /// The kind of a contact.
    ContactKind, "contact kind" {
        /// An email address.
        Email = "email",
        /// A phone number.
        Phone = "phone",
    }
}

named_enum! {
    /// How a contact was found.
    ContactMethod, "contact method" {
        /// A `mailto:` link.
        Mailto = "mailto",
        /// A `tel:` link.
        Tel = "tel",
        /// The text of the page.
        Text = "text",
        /// An address that Cloudflare hides from simple readers (`data-cfemail`).
        Cfemail = "cfemail",
        /// Structured data (JSON-LD).
        JsonLd = "json_ld",
    }
}

/// A way to reach the people behind a site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Contact {
    /// Whether it is an address or a number.
    pub kind: ContactKind,
    /// The normalised value: a lower-case address, or a number in E.164 where the region is known.
    pub value: String,
    /// The value as the page writes it.
    pub raw: String,
    /// How it was found.
    pub method: ContactMethod,
    /// Whether it is the address of a role, such as `info@` or `sales@`, and not of a person.
    pub role: bool,
    /// The page it was found on.
    pub source_url: String,
}

/// A profile in a social network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SocialLink {
    /// The network in lower case, such as `facebook` or `x`.
    pub network: String,
    /// The canonical address of the profile.
    pub url: String,
}

named_enum! {
    /// The format of a sitemap file.
    SitemapKind, "sitemap kind" {
        /// A `sitemapindex`: it lists other sitemaps.
        Index = "index",
        /// A `urlset`: it lists pages.
        Urlset = "urlset",
        /// One address a line.
        Text = "text",
        /// An RSS feed.
        Rss = "rss",
        /// An Atom feed.
        Atom = "atom",
        /// Something else, or nothing that could be read.
        Unknown = "unknown",
    }
}

named_enum! {
    /// What led to a sitemap file.
    SitemapSource, "sitemap source" {
        /// A `Sitemap:` line of robots.txt.
        Robots = "robots",
        /// One of the usual addresses, such as `/sitemap.xml`.
        WellKnown = "well_known",
        /// A `<link rel="sitemap">` on the page.
        Link = "link",
        /// A sitemap index.
        Index = "index",
    }
}

/// One sitemap file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SitemapFacts {
    /// Where it is.
    pub url: String,
    /// Its format.
    pub kind: SitemapKind,
    /// What led to it.
    pub discovered_by: SitemapSource,
    /// How many pages it lists; for an index, how many sitemaps.
    pub url_count: u64,
    /// The newest `lastmod` in it, else the `Last-Modified` header.
    pub last_modified: Option<DateTime<Utc>>,
    /// Why it could not be read, or not to its end.
    pub error: Option<String>,
}
