//! Asking a site that was scanned before only whether its page has changed (RFC 9110, section 13).
//!
//! The facts of an unchanged page are those of the scan that read it, so they may only be kept when reading the page
//! again would find the same: the same reader, the homepage alone, and nothing cut off or left untried.

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::header::{
    ETAG, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED,
};
use url::Url;

use super::{
    answer::{Answer, http_date},
    extract::Extracted,
    transport,
};
use crate::model::{KnownSite, Revisit, ScanOptions};

/// After this long a page is read again whatever its validators say: some servers never notice a change.
const MAX_AGE: TimeDelta = TimeDelta::days(30);

/// A page that changed in the minute before it was read may have changed once more under the same date.
const SETTLED: TimeDelta = TimeDelta::minutes(1);

/// A longer validator is not kept.
const MAX_VALIDATOR_BYTES: usize = 500;

/// A page that is only wanted if it has changed.
pub(super) struct Condition<'a> {
    pub known: &'a KnownSite,
    url: Url,
    etag: Option<HeaderValue>,
    last_modified: Option<HeaderValue>,
}

impl<'a> Condition<'a> {
    /// The condition for the page of a site; `None` when it must be read in full.
    pub(super) fn new(
        known: &'a KnownSite,
        options: &ScanOptions,
        reader: &str,
        now: DateTime<Utc>,
    ) -> Option<Self> {
        let revisit = &known.revisit;
        let is_usable = revisit.reader == reader && is_one_page(options) && now - revisit.read_at < MAX_AGE;
        let header = |text: &Option<String>| HeaderValue::from_str(text.as_deref()?).ok();
        let condition = Self {
            known,
            url: Url::parse(&revisit.url).ok()?,
            etag: header(&revisit.etag),
            last_modified: header(&revisit.last_modified),
        };
        (is_usable && condition.headers().next().is_some()).then_some(condition)
    }

    /// Whether it is about this address.
    pub(super) fn is_about(&self, url: &Url) -> bool {
        self.url == *url
    }

    /// The headers that state the condition.
    pub(super) fn headers(&self) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
        let etag = self.etag.iter().map(|value| (IF_NONE_MATCH, value.clone()));
        etag.chain(self.last_modified.iter().map(|value| (IF_MODIFIED_SINCE, value.clone())))
    }

    /// Whether an answer that says "unchanged" names another version than the one that is known (RFC 9111,
    /// section 4.3.4).
    pub(super) fn is_contradicted_by(&self, headers: &HeaderMap) -> bool {
        let (Some(own), Some(told)) = (&self.etag, headers.get(ETAG)) else { return false };
        opaque(own.as_bytes()) != opaque(told.as_bytes())
    }
}

/// An entity tag for the weak comparison (RFC 9110, section 8.8.3.2).
fn opaque(tag: &[u8]) -> &[u8] {
    tag.strip_prefix(b"W/").unwrap_or(tag)
}

/// What further pages say is not told apart from what the homepage says, and they have validators of their own.
const fn is_one_page(options: &ScanOptions) -> bool {
    options.max_pages == 1
}

/// What a page that was read in full leaves for the next scan: `None` without a validator to rely on.
pub(super) fn of_page(
    answer: &Answer,
    found: &Extracted,
    options: &ScanOptions,
    reader: &str,
    now: DateTime<Utc>,
) -> Option<Revisit> {
    let etag = answer.text_header(ETAG).filter(|tag| is_entity_tag(tag)).map(str::to_owned);
    let last_modified =
        answer.text_header(LAST_MODIFIED).filter(|date| is_settled(date, now)).map(str::to_owned);
    let is_known_again = is_one_page(options) && (etag.is_some() || last_modified.is_some());
    is_known_again.then(|| Revisit {
        url: answer.url.to_string(),
        etag,
        last_modified,
        reader: reader.to_owned(),
        read_at: now,
        declares_icon: found.facts.favicon_url.is_some(),
        sitemap_links: found.sitemap_links.iter().map(Url::to_string).collect(),
    })
}

/// What the earlier scan found on a page that has not changed, with how the page answered now.
pub(super) fn unchanged(known: &KnownSite, answer: &Answer) -> Extracted {
    let revisit = &known.revisit;
    let mut facts = known.facts.clone();
    if !revisit.declares_icon {
        facts.favicon_url = None;
    }
    // What went wrong then does not say what goes wrong now.
    facts.metadata.remove("notes");
    let then = facts.metadata.remove("transport");
    facts.metadata.insert("transport".to_owned(), transport::unchanged(answer, then));
    let sitemap_links = revisit.sitemap_links.iter().filter_map(|link| Url::parse(link).ok()).collect();
    Extracted { facts, sitemap_links, contact_pages: Vec::new() }
}

/// An entity tag as RFC 9110, section 8.8.3, writes it, and not the empty one or `*`, which fit any version.
fn is_entity_tag(text: &str) -> bool {
    let quoted = text.strip_prefix("W/").unwrap_or(text);
    let inner = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    text.len() <= MAX_VALIDATOR_BYTES && inner.is_some_and(|tag| !tag.is_empty() && !tag.contains('"'))
}

fn is_settled(date: &str, now: DateTime<Utc>) -> bool {
    date.len() <= MAX_VALIDATOR_BYTES && http_date(date).is_some_and(|date| date + SETTLED < now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SiteFacts;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap()
    }

    fn known() -> KnownSite {
        let revisit = Revisit {
            url: "https://shop.test/".to_owned(),
            etag: Some("W/\"1\"".to_owned()),
            last_modified: None,
            reader: "reader".to_owned(),
            read_at: now(),
            declares_icon: false,
            sitemap_links: Vec::new(),
        };
        KnownSite { revisit, facts: SiteFacts::default() }
    }

    fn is_asked(known: &KnownSite, options: &ScanOptions, now: DateTime<Utc>) -> bool {
        Condition::new(known, options, "reader", now).is_some()
    }

    #[test]
    fn a_page_is_asked_about_only_while_its_facts_can_stand_for_those_of_a_new_reading() {
        let options = ScanOptions::default();
        assert!(is_asked(&known(), &options, now()));
        assert!(is_asked(&known(), &ScanOptions { follow_sitemaps: false, ..options.clone() }, now()));
        assert!(!is_asked(&known(), &ScanOptions { max_pages: 2, ..options.clone() }, now()));
        assert!(!is_asked(&known(), &options, now() + TimeDelta::days(31)));
        let mut read_by_another = known();
        read_by_another.revisit.reader.push('x');
        assert!(!is_asked(&read_by_another, &options, now()));
    }

    #[test]
    fn tags_are_compared_without_their_weakness() {
        let known = known();
        let condition = Condition::new(&known, &ScanOptions::default(), "reader", now()).unwrap();
        let answer = |tag: &'static str| HeaderMap::from_iter([(ETAG, HeaderValue::from_static(tag))]);
        assert!(!condition.is_contradicted_by(&answer("\"1\"")));
        assert!(!condition.is_contradicted_by(&HeaderMap::new()));
        assert!(condition.is_contradicted_by(&answer("\"2\"")));
    }

    #[test]
    fn only_a_validator_that_tells_versions_apart_is_kept() {
        for tag in ["\"a\"", "W/\"a\"", "\"a-gzip\""] {
            assert!(is_entity_tag(tag), "{tag}");
        }
        let long = format!("\"{}\"", "x".repeat(MAX_VALIDATOR_BYTES));
        for tag in ["*", "", "\"\"", "W/\"\"", "a", "\"a", "\"a\", \"b\"", &long] {
            assert!(!is_entity_tag(tag), "{tag}");
        }
        assert!(is_settled("Fri, 01 Jan 2027 08:00:00 GMT", now()));
        for date in ["Fri, 15 Jan 2027 07:59:30 GMT", "Fri, 01 Jan 2100 08:00:00 GMT", "0", "yesterday"] {
            assert!(!is_settled(date, now()), "{date}");
        }
    }
}
