//! Whole pages, and what holds for every page.

use std::sync::LazyLock;

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
    extract(&page, fingerprints(), &site)
}

/// The built-in rules, read once for all tests.
fn fingerprints() -> &'static Fingerprints {
    static BUILTIN: LazyLock<Fingerprints> = LazyLock::new(|| Fingerprints::builtin().unwrap());
    &BUILTIN
}

/// Pieces of a page, one for each number.
pub(super) fn numbered(count: usize, one: fn(usize) -> String) -> String {
    (0..count).map(one).collect()
}

#[test]
fn the_facts_of_each_fixture_page_are_as_reviewed() {
    for fixture in Fixture::all() {
        let Extracted { facts, sitemap_links, contact_pages } = fixture.extract(fingerprints());
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
    for fixture in Fixture::all() {
        assert_eq!(fixture.extract(fingerprints()), fixture.extract(fingerprints()), "{}", fixture.name);
    }
}

#[test]
fn a_further_page_adds_contacts_and_profiles_and_changes_nothing_else() {
    let mut home =
        facts_of("<title>Home</title><a href='mailto:info@firma.de'>x</a><a href=/kontakt>Kontakt</a>");
    let contact = facts_at(
        "https://www.firma.de/kontakt",
        "<html lang=de><title>Kontakt</title><p>Info@firma.de, chef@firma.de, Tel. 030 90182000</p>\
         <a href='https://x.com/firma'>X</a><a href=/impressum>Impressum</a><a href=/kontakt>Kontakt</a>",
    );
    home.merge(contact);
    assert_eq!(home.facts.title.as_deref(), Some("Home"));
    assert_eq!(home.facts.email_addresses, ["info@firma.de", "chef@firma.de"]);
    assert_eq!(home.facts.phone_numbers, ["+493090182000"]);
    assert_eq!(home.facts.contacts[0].source_url, "https://www.firma.de/");
    assert_eq!(home.facts.contacts[1].source_url, "https://www.firma.de/kontakt");
    assert_eq!(home.facts.twitter_url.as_deref(), Some("https://x.com/firma"));
    let pages: Vec<_> = home.contact_pages.iter().map(Url::path).collect();
    assert_eq!(pages, ["/kontakt", "/impressum"]);
}

/// What every page's facts keep to.
fn check_bounds(extracted: &Extracted) {
    let facts = &extracted.facts;
    let json = serde_json::to_string(facts).unwrap();
    assert!(!json.contains("\\u0000"), "U+0000 in {json}");
    assert!(facts.title.as_ref().is_none_or(|title| title.chars().count() <= 500 && title.trim() == title));
    assert!(facts.description.as_ref().is_none_or(|text| text.chars().count() <= 2_000));
    assert!(
        facts.contacts.len() <= super::MAX_CONTACTS && facts.social_links.len() <= super::MAX_SOCIAL_LINKS
    );
    assert!(extracted.contact_pages.len() <= super::MAX_CONTACT_PAGES);
    for url in
        facts.favicon_url.iter().chain(&facts.logo_url).chain(facts.social_links.iter().map(|link| &link.url))
    {
        assert!(matches!(Url::parse(url).unwrap().scheme(), "http" | "https"), "{url}");
    }
    for value in &facts.phone_numbers {
        assert!(value.len() <= 60 && value.chars().any(|c| c.is_ascii_digit()), "{value}");
    }
    for value in &facts.email_addresses {
        assert!(value.matches('@').count() == 1 && value.len() <= 254 && value.is_ascii(), "{value}");
    }
    assert!(json.len() < 1 << 20, "{} bytes of facts", json.len());
}

/// Pieces that extractors look at, whole and broken.
const PIECES: [&str; 36] = [
    "<p>",
    "</p>",
    "<div class=\"logo header\">",
    "</div>",
    "<a href=\"mailto:a@firma.de",
    "\">",
    "<a href='tel:+49 30 90182000'>",
    "</a>",
    "info@firma.de",
    "info [at] firma [dot] de",
    "@",
    "+49 (0) 30 / 90 18 20-00",
    "Tel.: ",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "<script>",
    "</script>",
    "<script type='application/ld+json'>",
    "{\"@type\":\"Organization\",\"telephone\":[\"030\"",
    "}",
    "<base href='",
    "<meta name=description content='",
    "<link rel=icon href=",
    "<img src=/logo.png ",
    "<svg><title>",
    "<table><tr>",
    "<select><option>",
    "<noscript>",
    "<template>",
    "https://www.facebook.com/",
    "&#0;&#x110000;&amp",
    "\u{0}\u{202e}\u{fffd}",
    "ｉｎｆｏ＠０３",
    "/wp-content/plugins/x/a.js?ver=1.2",
];

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config { cases: 300, ..Default::default() })]

    #[test]
    fn pieces_of_pages_in_any_order_give_bounded_facts(order in proptest::collection::vec(0..PIECES.len(), 0..80)) {
        let html: String = order.iter().map(|index| PIECES[*index]).collect();
        check_bounds(&facts_of(&html));
    }

    #[test]
    fn any_bytes_give_bounded_facts(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..2_000)) {
        let url = Url::parse("https://www.firma.de/").unwrap();
        let site = DomainName::parse("firma.de").unwrap();
        let page = PageSource { url: &url, headers: &HeaderMap::new(), body: &bytes };
        check_bounds(&extract(&page, fingerprints(), &site));
    }
}

#[test]
fn a_huge_page_gives_bounded_facts() {
    let long = "x".repeat(1 << 20);
    for html in [
        format!("<title>{long}</title><meta name=description content='{long}'>"),
        format!("<a href='mailto:{long}@firma.de'>x</a><a href='tel:{}'>y</a>", "1".repeat(1 << 20)),
        format!("<p>{long}@{long}.de</p>"),
        "030 90182000 ".repeat(80_000),
        "<a href='https://www.facebook.com/firma'>x</a>".repeat(20_000),
        numbered(20_000, |i| {
            format!("<a href='https://x.com/firma{i}'>x</a><a href=/contact/{i}/contact>c</a>")
        }),
        numbered(20_000, |i| {
            format!("<img class=logo src=/logo{i}.png><script src=/wp-content/plugins/p{i}/a.js></script>")
        }),
        format!(
            "<script type='application/ld+json'>{{\"@type\":\"Organization\",\"sameAs\":[{}\"\"]}}</script>",
            "\"https://x.com/a\",".repeat(50_000)
        ),
    ] {
        check_bounds(&facts_of(&html));
    }
}
