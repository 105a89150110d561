//! The thirty sites as data: what each says, how it is built, and how it misbehaves.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::model::DomainName;

/// The tables of sites, in the order in which they are submitted.
const TABLES: [&str; 4] = [
    include_str!("data/sites_english.json"),
    include_str!("data/sites_german.json"),
    include_str!("data/sites_european.json"),
    include_str!("data/sites_troubled.json"),
];
const WORDS: &str = include_str!("data/words.json");
const STACK: &str = include_str!("data/stack.json");

/// One site.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Site {
    /// The name as people write it, below a reserved ending (RFC 2606).
    pub(super) name: String,
    pub(super) company: String,
    /// A type of schema.org.
    pub(super) kind: String,
    pub(super) language: String,
    pub(super) title: String,
    pub(super) description: String,
    pub(super) headline: String,
    /// Paragraphs.
    pub(super) text: Vec<String>,
    /// Services, products, dishes or episodes.
    #[serde(default)]
    pub(super) items: Vec<String>,
    /// Further lines of the contact page, such as a tax number.
    #[serde(default)]
    pub(super) legal: Vec<String>,
    pub(super) address: Option<Address>,
    /// A number as people of the country write it, from the ranges that regulators keep for fiction.
    pub(super) phone: Option<String>,
    /// What the link to the number dials; without it the number is plain text.
    pub(super) dial: Option<String>,
    #[serde(default)]
    pub(super) mail: Vec<Mail>,
    /// Profiles in social networks.
    #[serde(default)]
    pub(super) social: Vec<String>,
    /// The layout of the homepage, by the name of its template.
    pub(super) layout: String,
    /// What the site is built with: names of [`Tables::stack`].
    #[serde(default)]
    pub(super) stack: Vec<String>,
    /// Whether the page describes its company in JSON-LD.
    #[serde(default)]
    pub(super) structured: bool,
    #[serde(default)]
    pub(super) icon: Icon,
    #[serde(default)]
    pub(super) logo: Logo,
    /// The colour of icon and logo in hexadecimal, as in CSS.
    pub(super) color: String,
    pub(super) sitemap: Option<SitemapPlan>,
    /// The encoding of the pages, where it is not UTF-8.
    pub(super) charset: Option<String>,
    pub(super) trouble: Option<Trouble>,
    /// How long the site takes for each answer.
    pub(super) latency_ms: u64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Address {
    pub(super) street: String,
    pub(super) code: String,
    pub(super) town: String,
    pub(super) country: String,
}

/// An address of the site's own domain.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mail {
    /// The part before the `@`.
    pub(super) to: String,
    #[serde(rename = "as")]
    pub(super) form: MailForm,
    /// Whether it stands on the contact page only.
    #[serde(default)]
    pub(super) inside: bool,
}

/// How an address is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum MailForm {
    Mailto,
    Text,
    Cfemail,
    At,
    JsonLd,
}

/// How a site shows its icon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Icon {
    Png,
    Svg,
    /// Undeclared, at `/favicon.ico`.
    #[default]
    Ico,
    None,
}

/// How a site shows its logo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Logo {
    /// An image in the header that links home.
    #[default]
    Image,
    /// The `og:logo` of the page.
    Meta,
    /// Only in the structured data.
    JsonLd,
    None,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SitemapPlan {
    pub(super) path: String,
    pub(super) kind: SitemapForm,
    pub(super) found: FoundBy,
    /// How many pages each file lists; an index has one child for each, the last one compressed.
    pub(super) pages: Vec<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum SitemapForm {
    Urlset,
    Index,
    Rss,
    Text,
    /// A `urlset` that breaks off in the middle.
    Broken,
}

/// What leads to a sitemap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum FoundBy {
    Robots,
    Link,
    WellKnown,
}

/// What is wrong with a site.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Trouble {
    /// Its homepage is gone.
    NotFound,
    /// Its robots.txt turns every crawler away.
    Robots,
    /// It redirects to this address, which nobody may be led to.
    LeadsTo(String),
    /// It answers the first visit with a wish to come back after so many seconds.
    BusyAtFirst(u32),
    /// It has moved to its `www.` host.
    MovedToWww,
}

/// The words of a language that the layouts need.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Words {
    pub(super) contact: String,
    pub(super) contact_path: String,
    pub(super) about: String,
    pub(super) about_path: String,
    /// The label before a phone number.
    pub(super) phone: String,
    /// The first part of the paths in sitemaps.
    pub(super) section: String,
}

/// What a technology leaves on a page.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Marks {
    pub(super) head: String,
    pub(super) foot: String,
    pub(super) headers: BTreeMap<String, String>,
}

/// All that the sites are made of.
#[derive(Debug)]
pub(super) struct Tables {
    pub(super) sites: Vec<Site>,
    words: BTreeMap<String, Words>,
    stack: BTreeMap<String, Marks>,
}

/// Why the sites cannot be made of their tables.
#[derive(Debug, thiserror::Error)]
pub(super) enum TableError {
    #[error("the table of demonstration sites cannot be read: {0}")]
    Json(#[from] serde_json::Error),
    #[error("the demonstration site {site} wants {what}, which there is not")]
    Missing { site: String, what: String },
}

impl Tables {
    pub(super) fn load() -> Result<Self, TableError> {
        let mut sites = Vec::new();
        for table in TABLES {
            sites.extend(serde_json::from_str::<Vec<Site>>(table)?);
        }
        Ok(Self { sites, words: serde_json::from_str(WORDS)?, stack: serde_json::from_str(STACK)? })
    }

    /// The words of a site's language.
    pub(super) fn words(&self, site: &Site) -> Result<&Words, TableError> {
        let language = site.language.split('-').next().unwrap_or_default();
        self.words.get(language).ok_or_else(|| site.missing("words of", language))
    }

    /// The marks of what a site is built with.
    pub(super) fn marks(&self, site: &Site) -> Result<Vec<&Marks>, TableError> {
        let marks = |name: &String| self.stack.get(name).ok_or_else(|| site.missing("the technology", name));
        site.stack.iter().map(marks).collect()
    }
}

impl Site {
    /// The name in ASCII, as it stands in requests.
    pub(super) fn host(&self) -> Result<String, TableError> {
        let name =
            DomainName::parse(&self.name).map_err(|error| self.missing("a name:", &error.to_string()))?;
        Ok(name.as_str().to_owned())
    }

    pub(super) fn missing(&self, kind: &str, what: &str) -> TableError {
        TableError::Missing { site: self.name.clone(), what: format!("{kind} {what}") }
    }
}
