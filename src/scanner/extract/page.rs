//! What a page says of itself: title, description, and the metadata that has no field of its own.

use encoding_rs::Encoding;
use serde_json::json;
use url::Url;

use super::{clean, metrics, structured::Structured, view::View};
use crate::model::JsonObject;

/// The most sitemaps that one page may name.
const MAX_SITEMAP_LINKS: usize = 20;

/// The title of the page; where it has none, what it calls itself elsewhere.
pub(super) fn title(view: &View<'_>) -> Option<String> {
    let found = &view.found;
    let titles = found.titles.iter().copied();
    let heading = found.heading.and_then(|(start, end)| found.text.get(start..end));
    titles
        .chain(view.metas("og:title"))
        .chain(view.metas("twitter:title"))
        .chain(heading)
        .find_map(|text| clean::line(text, clean::MAX_TITLE))
}

/// The description that the page gives of itself.
pub(super) fn description(view: &View<'_>) -> Option<String> {
    view.metas("description")
        .chain(view.metas("og:description"))
        .chain(view.metas("twitter:description"))
        .find_map(|text| clean::line(text, clean::MAX_TEXT))
}

/// The address that the page calls its own.
pub(super) fn canonical_url(view: &View<'_>) -> Option<Url> {
    view.links("canonical").find_map(|link| view.resolve(link.href))
}

/// The sitemaps that the page links to.
pub(super) fn sitemap_links(view: &View<'_>) -> Vec<Url> {
    let mut urls: Vec<Url> = Vec::new();
    for url in view.links("sitemap").filter_map(|link| view.resolve(link.href)) {
        if urls.len() < MAX_SITEMAP_LINKS && !urls.contains(&url) {
            urls.push(url);
        }
    }
    urls
}

/// `openGraph`, `twitterCard`, `structuredData`, `canonicalUrl`, `charset`, `performance`, as far as the page has
/// them.
pub(super) fn metadata(view: &View<'_>, structured: Structured, encoding: &'static Encoding) -> JsonObject {
    let mut topics = JsonObject::new();
    let cards = [
        ("openGraph", named_after(view, &["og:", "article:", "business:", "place:"])),
        ("twitterCard", named_after(view, &["twitter:"])),
        ("structuredData", structured.into_json()),
    ];
    for (topic, facts) in cards {
        if !facts.is_empty() {
            topics.insert(topic.to_owned(), facts.into());
        }
    }
    if let Some(url) = canonical_url(view) {
        topics.insert("canonicalUrl".to_owned(), url.as_str().into());
    }
    topics.insert("charset".to_owned(), json!(encoding.name().to_ascii_lowercase()));
    topics.insert("performance".to_owned(), metrics::counts(view).into());
    topics
}

/// The first value of each `<meta>` whose name begins with one of the prefixes, by its camel-case name without
/// the first prefix: `og:site_name` becomes `siteName`, `og:image:width` `imageWidth`.
fn named_after(view: &View<'_>, prefixes: &[&str]) -> JsonObject {
    const MAX_KEYS: usize = 40;
    let mut facts = JsonObject::new();
    for meta in &view.found.metas {
        let name = meta.name.trim();
        let Some(prefix) = prefixes.iter().find(|prefix| has_prefix(name, prefix)) else { continue };
        let key = camel_case(if prefix == &prefixes[0] { &name[prefix.len()..] } else { name });
        if facts.len() < MAX_KEYS
            && !key.is_empty()
            && !facts.contains_key(&key)
            && let Some(value) = clean::line(meta.content, clean::MAX_TEXT)
        {
            facts.insert(key, value.into());
        }
    }
    facts
}

fn has_prefix(name: &str, prefix: &str) -> bool {
    name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

fn camel_case(name: &str) -> String {
    let mut key = String::new();
    let mut upper = false;
    for c in name.chars().take(60) {
        if c.is_ascii_alphanumeric() {
            key.push(if upper { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() });
            upper = false;
        } else {
            upper = !key.is_empty();
        }
    }
    key
}

#[cfg(test)]
mod tests {
    use crate::scanner::extract::tests::{facts_at, facts_of};

    fn title(html: &str) -> Option<String> {
        facts_of(html).facts.title
    }

    #[test]
    fn the_title_is_the_pages_own_before_what_it_says_to_networks() {
        assert_eq!(
            title("<svg><title>Icon</title></svg><title> A &amp;\n B </title>").as_deref(),
            Some("A & B")
        );
        assert_eq!(
            title("<title> </title><meta property='og:title' content='Shared'>").as_deref(),
            Some("Shared")
        );
        assert_eq!(
            title("<body><svg><title>Icon</title></svg><h1>Big <b>heading</b></h1>").as_deref(),
            Some("Big heading")
        );
        assert_eq!(title("<p>Text"), None);
    }

    #[test]
    fn the_description_is_the_pages_own_before_what_it_says_to_networks() {
        let html =
            "<meta property='og:description' content='Shared'><meta name=Description content=' Own\n text '>";
        assert_eq!(facts_of(html).facts.description.as_deref(), Some("Own text"));
        assert_eq!(facts_of("<meta name=description content=''>").facts.description, None);
    }

    #[test]
    fn the_language_is_declared_or_guessed() {
        let language = |html: &str| facts_of(html).facts.language;
        assert_eq!(language("<html lang=de_AT>").as_deref(), Some("de-AT"));
        assert_eq!(
            language("<html lang=''><meta property='og:locale' content='fr_FR'>").as_deref(),
            Some("fr-FR")
        );
        let text = "<p>We have been making furniture by hand in our workshop for more than thirty years, and we still love it.";
        assert_eq!(language(text).as_deref(), Some("en"));
        assert_eq!(language("<p>OK"), None);
    }

    #[test]
    fn metadata_holds_cards_structured_data_and_counts() {
        let facts = facts_of(
            "<link rel=canonical href='/start'><meta property='og:site_name' content='Firma'>\
             <meta property='og:image:width' content='600'><meta property='og:image:width' content='700'>\
             <meta name='twitter:card' content=summary><img><img><form></form><a href=/x>x</a>\
             <script src=/a.js></script><link rel=stylesheet href=/a.css><style>a{}</style>",
        )
        .facts;
        assert_eq!(
            facts.metadata["openGraph"],
            serde_json::json!({"imageWidth": "600", "siteName": "Firma"})
        );
        assert_eq!(facts.metadata["twitterCard"], serde_json::json!({"card": "summary"}));
        assert_eq!(facts.metadata["canonicalUrl"], "https://www.firma.de/start");
        assert_eq!(facts.metadata["charset"], "utf-8");
        let counts = &facts.metadata["performance"];
        for (name, count) in
            [("imageCount", 2), ("formCount", 1), ("linkCount", 1), ("scriptCount", 1), ("cssCount", 2)]
        {
            assert_eq!(counts[name], count, "{name}");
        }
        assert!(!facts.metadata.contains_key("structuredData"));
    }

    #[test]
    fn links_to_sitemaps_are_absolute_and_named_once() {
        let html = "<link rel=sitemap href=/sitemap.xml><link rel='sitemap' href='sitemap.xml'><link rel=sitemap href='ftp://a/b'>";
        let links = facts_at("https://firma.de/", html).sitemap_links;
        assert_eq!(links.iter().map(url::Url::as_str).collect::<Vec<_>>(), ["https://firma.de/sitemap.xml"]);
    }
}
