//! The page extractor: any headers and any body, in the format of `tests/fixtures/pages`.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use scrapersky::{
    model::DomainName,
    scanner::{
        extract::{
            HeaderMap, HeaderName, HeaderValue, MAX_CONTACT_PAGES, MAX_CONTACTS, MAX_SOCIAL_LINKS,
            PageSource, extract,
        },
        fingerprints::Fingerprints,
    },
};
use url::Url;

static RULES: LazyLock<Fingerprints> = LazyLock::new(|| Fingerprints::builtin().unwrap());
static SITE: LazyLock<DomainName> = LazyLock::new(|| DomainName::parse("shop.example").unwrap());
static URL: LazyLock<Url> = LazyLock::new(|| Url::parse("https://www.shop.example/start/").unwrap());

fuzz_target!(|input: &[u8]| {
    let (head, body) = match input.windows(2).position(|pair| pair == b"\n\n") {
        Some(end) => (&input[..end], &input[end + 2..]),
        None => (&b""[..], input),
    };
    let headers: HeaderMap = head.split(|&byte| byte == b'\n').filter_map(header).collect();
    let page = PageSource { url: &URL, headers: &headers, body };
    let found = extract(&page, &RULES, &SITE);
    assert!(found.facts.contacts.len() <= MAX_CONTACTS && found.contact_pages.len() <= MAX_CONTACT_PAGES);
    assert!(found.facts.social_links.len() <= MAX_SOCIAL_LINKS);
    assert_eq!(found, extract(&page, &RULES, &SITE), "equal bytes give equal facts");
});

fn header(line: &[u8]) -> Option<(HeaderName, HeaderValue)> {
    let colon = line.iter().position(|&byte| byte == b':')?;
    let name = HeaderName::from_bytes(line[..colon].trim_ascii()).ok()?;
    Some((name, HeaderValue::from_bytes(line[colon + 1..].trim_ascii()).ok()?))
}
