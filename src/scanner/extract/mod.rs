//! Facts from one fetched page: pure functions, one file per kind of finding.
//!
//! The page is decoded and parsed once and walked once ([`view`]); every extractor reads that view. Equal bytes
//! give equal facts. No page, however made, takes more than linear time or overflows the stack.

mod attributes;
mod charset;
mod clean;
mod contact_pages;
mod email_address;
mod emails;
mod function_words;
mod icons;
mod language;
mod logo_image;
mod logo_style;
mod metrics;
mod obfuscated;
mod organization;
mod page;
mod parse;
mod phone_context;
mod phone_runs;
mod phones;
mod postal_address;
mod profile_owner;
mod region;
mod social;
mod social_networks;
mod structured;
mod technology;
mod view;
mod visible_text;
mod walk;
mod wordpress;
mod wordpress_marks;
mod wordpress_traces;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod tests;

pub use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use url::Url;

use crate::{
    model::{Contact, ContactKind, DomainName, SiteFacts, SocialLink},
    scanner::fingerprints::Fingerprints,
};

pub use charset::decode;

use view::View;

/// The most addresses and numbers that are kept of one site.
pub const MAX_CONTACTS: usize = 100;
/// The most profiles that are kept of one site.
pub const MAX_SOCIAL_LINKS: usize = 50;
/// The most contact pages that one page may name.
pub const MAX_CONTACT_PAGES: usize = 20;

/// A page as it came from the network or a file.
#[derive(Debug, Clone, Copy)]
pub struct PageSource<'a> {
    /// Where the page was found, after redirects.
    pub url: &'a Url,
    /// The headers of the answer; empty for a file.
    pub headers: &'a HeaderMap,
    /// The body, decompressed.
    pub body: &'a [u8],
}

/// What one page says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Extracted {
    /// The facts. `favicon_url` is set only when the page declares an icon.
    pub facts: SiteFacts,
    /// The sitemaps that the page links to (`<link rel="sitemap">`), absolute.
    pub sitemap_links: Vec<Url>,
    /// Pages of the same site that likely tell how to reach its people (contact, about, imprint, in several
    /// languages), likeliest first, at most [`MAX_CONTACT_PAGES`].
    pub contact_pages: Vec<Url>,
}

/// Reads everything that one page of `site` says.
pub fn extract(page: &PageSource<'_>, fingerprints: &Fingerprints, site: &DomainName) -> Extracted {
    let (text, encoding) = charset::decode(page.body, page.headers, page.url);
    let html = parse::parse(&text);
    let view = View::new(page, &text, &html);
    let structured = structured::read(&view);
    let language = language::language(&view);
    let regions = region::guess(&view, &structured, language.as_deref());

    let mut facts = SiteFacts {
        title: page::title(&view),
        description: page::description(&view),
        language,
        favicon_url: icons::favicon(&view).map(String::from),
        logo_url: icons::logo(&view, &structured).map(String::from),
        contacts: emails::find(&view, &structured),
        social_links: social::find(&view, &structured),
        ..SiteFacts::default()
    };
    facts.contacts.extend(phones::find(&view, &structured, regions));
    wordpress::describe(&view, &mut facts);
    technology::describe(&view, fingerprints, &mut facts);
    wordpress::align_technologies(&mut facts);
    facts.metadata = page::metadata(&view, structured, encoding);
    settle(&mut facts);
    Extracted {
        facts,
        sitemap_links: page::sitemap_links(&view),
        contact_pages: contact_pages::find(&view, site),
    }
}

impl Extracted {
    /// Adds what a further page of the same site says: contacts, profiles, and links to sitemaps and contact
    /// pages. What describes the homepage itself stays.
    pub fn merge(&mut self, other: Self) {
        for contact in other.facts.contacts {
            let known = |own: &Contact| own.kind == contact.kind && own.value == contact.value;
            if !self.facts.contacts.iter().any(known) {
                self.facts.contacts.push(contact);
            }
        }
        for link in other.facts.social_links {
            if !self.facts.social_links.contains(&link) {
                self.facts.social_links.push(link);
            }
        }
        add_new(&mut self.sitemap_links, other.sitemap_links, usize::MAX);
        add_new(&mut self.contact_pages, other.contact_pages, MAX_CONTACT_PAGES);
        settle(&mut self.facts);
    }
}

fn add_new(own: &mut Vec<Url>, others: Vec<Url>, limit: usize) {
    for url in others {
        if own.len() < limit && !own.contains(&url) {
            own.push(url);
        }
    }
}

/// Brings the fields that repeat others in line with them, and all lists within their bounds.
fn settle(facts: &mut SiteFacts) {
    facts.contacts.sort_by_key(|contact| contact.kind != ContactKind::Email);
    facts.contacts.truncate(MAX_CONTACTS);
    facts.social_links.truncate(MAX_SOCIAL_LINKS);
    facts.email_addresses = values(&facts.contacts, ContactKind::Email);
    facts.phone_numbers = values(&facts.contacts, ContactKind::Phone);
    facts.facebook_url = first_of(&facts.social_links, "facebook");
    facts.twitter_url = first_of(&facts.social_links, "x");
    facts.linkedin_url = first_of(&facts.social_links, "linkedin");
    facts.instagram_url = first_of(&facts.social_links, "instagram");
    facts.youtube_url = first_of(&facts.social_links, "youtube");
}

fn values(contacts: &[Contact], kind: ContactKind) -> Vec<String> {
    contacts.iter().filter(|contact| contact.kind == kind).map(|contact| contact.value.clone()).collect()
}

fn first_of(links: &[SocialLink], network: &str) -> Option<String> {
    links.iter().find(|link| link.network == network).map(|link| link.url.clone())
}
