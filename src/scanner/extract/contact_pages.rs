//! Pages of the same site that tell how to reach its people.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, Match};
use url::Url;

use super::{MAX_CONTACT_PAGES, clean, view::View};
use crate::model::DomainName;

/// Words of addresses and link texts, without accents, with how likely a page of that name holds contacts.
const WORDS: [(&str, u32); 66] = [
    ("impressum", 95),
    ("imprint", 95),
    ("legal-notice", 80),
    ("legalnotice", 80),
    ("mentions-legales", 85),
    ("mentions legales", 85),
    ("aviso-legal", 80),
    ("aviso legal", 80),
    ("note-legali", 80),
    ("note legali", 80),
    ("colofon", 80),
    ("kolofon", 80),
    ("kontakt", 100),
    ("contact", 100),
    ("contacto", 100),
    ("contactos", 100),
    ("contatti", 100),
    ("contato", 100),
    ("contatos", 100),
    ("kontakta", 100),
    ("kontakty", 100),
    ("yhteystiedot", 100),
    ("ota yhteytta", 100),
    ("kapcsolat", 100),
    ("iletisim", 100),
    ("lien-he", 100),
    ("lien he", 100),
    ("hubungi", 95),
    ("epikoinonia", 95),
    ("επικοινωνια", 100),
    ("контакты", 100),
    ("контакти", 100),
    ("お問い合わせ", 100),
    ("お問合せ", 100),
    ("toiawase", 95),
    ("inquiry", 85),
    ("联系我们", 100),
    ("聯絡我們", 100),
    ("연락처", 100),
    ("문의", 90),
    ("اتصل", 100),
    ("צור קשר", 100),
    ("get-in-touch", 95),
    ("get in touch", 95),
    ("nous contacter", 100),
    ("about", 60),
    ("ueber-uns", 60),
    ("uber uns", 60),
    ("ueber uns", 60),
    ("a-propos", 60),
    ("a propos", 60),
    ("qui-sommes-nous", 60),
    ("chi-siamo", 60),
    ("chi siamo", 60),
    ("quienes-somos", 60),
    ("quienes somos", 60),
    ("sobre", 50),
    ("over-ons", 60),
    ("over ons", 60),
    ("o-nas", 60),
    ("o nas", 60),
    ("om-oss", 60),
    ("om oss", 60),
    ("会社概要", 75),
    ("company", 45),
    ("team", 40),
];

/// Below this, the word is only part of a longer name about something else.
const MIN_SCORE: u32 = 31;

/// How much less likely a page on another host of the site is: a shop's help desk, an API's documentation.
const ELSEWHERE: u32 = 45;

/// The pages that the links of this page name so, likeliest first.
pub(super) fn find(view: &View<'_>, site: &DomainName) -> Vec<Url> {
    let mut pages: Vec<(u32, Url)> = Vec::new();
    let mut room = String::new();
    for anchor in &view.found.anchors {
        let text_score = text_score(view.anchor_text(anchor), &mut room);
        let score = score(anchor.href, &mut room).max(text_score);
        if score == 0 || pages.len() >= 10 * MAX_CONTACT_PAGES {
            continue;
        }
        let Some(mut url) = view.resolve(anchor.href) else { continue };
        url.set_fragment(None);
        if !is_of_site(&url, site) || is_same_page(&url, view.url) || is_file(&url) {
            continue;
        }
        let is_elsewhere = url.host() != view.url.host();
        let score = if is_elsewhere { score.saturating_sub(ELSEWHERE).max(1) } else { score };
        match pages.iter_mut().find(|(_, own)| *own == url) {
            Some((own, _)) => *own = score.max(*own),
            None => pages.push((score, url)),
        }
    }
    pages.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    pages.into_iter().map(|(_, url)| url).take(MAX_CONTACT_PAGES).collect()
}

/// How likely an address is that of a contact page; long paths are articles about something else.
fn score(href: &str, room: &mut String) -> u32 {
    let path = href.split(['?', '#']).next().unwrap_or_default();
    let last = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    if last.is_empty() || last.len() > 120 {
        return 0;
    }
    best_word(plain(&clean::percent_decoded(last), room))
}

/// How likely the text of a link is that of a contact page; a sentence is something else.
fn text_score(text: &str, room: &mut String) -> u32 {
    if text.is_empty() || text.len() > 60 { 0 } else { best_word(plain(text, room)) }
}

/// Whole words count in full; a name that has more besides counts less.
fn best_word(text: &str) -> u32 {
    // Most links have none of the words, which is sooner known than which of them a link has.
    let Some(finder) = FINDER.as_ref().filter(|finder| finder.is_match(text)) else { return 0 };
    let of = |found: Match| {
        let (word, score) = WORDS[found.pattern().as_usize()];
        let starts = text[..found.start()].chars().next_back().is_none_or(|c| !c.is_alphanumeric());
        let ends = text[found.end()..].chars().next().is_none_or(|c| !c.is_alphanumeric());
        let extra = u32::try_from((text.len() - word.len()).min(30)).unwrap_or(30);
        (!word.is_ascii() || (starts && (ends || word.len() > 6))).then(|| score.saturating_sub(extra).max(1))
    };
    finder.find_overlapping_iter(text).filter_map(of).filter(|score| *score >= MIN_SCORE).max().unwrap_or(0)
}

static FINDER: LazyLock<Option<AhoCorasick>> =
    LazyLock::new(|| AhoCorasick::new(WORDS.map(|(word, _)| word)).ok());

/// Lower case, without the accents of Latin letters.
fn plain<'a>(text: &str, room: &'a mut String) -> &'a str {
    room.clear();
    if text.is_ascii() {
        room.push_str(text);
        room.make_ascii_lowercase();
    } else {
        room.extend(text.chars().flat_map(char::to_lowercase).map(without_accent));
    }
    room
}

const fn without_accent(c: char) -> char {
    match c {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' => 'a',
        'è' | 'é' | 'ê' | 'ë' => 'e',
        'ì' | 'í' | 'î' | 'ï' | 'ı' => 'i',
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' => 'o',
        'ù' | 'ú' | 'û' | 'ü' => 'u',
        'ç' => 'c',
        'ñ' => 'n',
        'ş' => 's',
        'ά' => 'α',
        'ί' => 'ι',
        _ => c,
    }
}

/// Whether an address belongs to the site: its own host or one below it.
pub(super) fn is_of_site(url: &Url, site: &DomainName) -> bool {
    let Some(host) = url.host_str() else { return false };
    let host = host.trim_end_matches('.');
    host.strip_suffix(site.as_str()).is_some_and(|sub| sub.is_empty() || sub.ends_with('.'))
}

fn is_same_page(url: &Url, page: &Url) -> bool {
    url.path() == page.path() && url.query() == page.query() && url.host() == page.host()
}

fn is_file(url: &Url) -> bool {
    const FILES: [&str; 12] =
        ["pdf", "jpg", "jpeg", "png", "gif", "svg", "webp", "zip", "doc", "docx", "vcf", "mp4"];
    let extension = url.path().rsplit('/').next().and_then(|name| name.rsplit_once('.'));
    extension.is_some_and(|(_, own)| FILES.iter().any(|file| own.eq_ignore_ascii_case(file)))
}

#[cfg(test)]
mod tests {
    use crate::scanner::extract::tests::{facts_of, numbered};

    fn pages(html: &str) -> Vec<String> {
        facts_of(html).contact_pages.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn contact_pages_of_many_languages_are_known_by_address_or_text() {
        for (link, expected) in [
            ("<a href=/kontakt>x</a>", "/kontakt"),
            ("<a href=/contact-us/>x</a>", "/contact-us/"),
            ("<a href=/p?id=7>Kontakt</a>", "/p?id=7"),
            ("<a href=/a.html>Nous contacter</a>", "/a.html"),
            ("<a href=/s/12>お問い合わせ</a>", "/s/12"),
            ("<a href=/k>Контакты</a>", "/k"),
            ("<a href='/mentions-l%C3%A9gales'>x</a>", "/mentions-l%C3%A9gales"),
            ("<a href=/iletisim>İletişim</a>", "/iletisim"),
            ("<a href='//www.firma.de/impressum#top'>x</a>", "/impressum"),
            ("<a href='https://shop.firma.de/about'>x</a>", "https://shop.firma.de/about"),
        ] {
            let expected = if expected.starts_with('/') {
                format!("https://www.firma.de{expected}")
            } else {
                expected.to_owned()
            };
            assert_eq!(pages(link), [expected], "{link}");
        }
    }

    #[test]
    fn the_likeliest_page_comes_first_and_each_once() {
        let html = "<a href=/team>Team</a><a href=/about-us>About</a><a href=/impressum>Impressum</a><a href=/contact>Contact</a>\
                    <a href=/contact#map>Map</a>";
        let expected =
            ["contact", "impressum", "about-us", "team"].map(|page| format!("https://www.firma.de/{page}"));
        assert_eq!(pages(html), expected);
    }

    #[test]
    fn other_sites_files_articles_and_the_page_itself_are_none() {
        for link in [
            "<a href='https://anderswo.de/kontakt'>Kontakt</a>",
            "<a href='https://notfirma.de/kontakt'>Kontakt</a>",
            "<a href=/contact.pdf>x</a>",
            "<a href='mailto:a@firma.de'>Contact</a>",
            "<a href='#contact'>Contact</a>",
            "<a href=/x>Why contactless payment changed how we think about retail in the city centre</a>",
            "<a href=/sobremesa>x</a>",
            "<a href=/products/breitling-moving-company-hat>x</a>",
        ] {
            assert!(pages(link).is_empty(), "{link}: {:?}", pages(link));
        }
    }

    #[test]
    fn at_most_twenty_pages_are_named() {
        let html = numbered(100, |i| format!("<a href=/{i}/contact>x</a>"));
        assert_eq!(pages(&html).len(), super::MAX_CONTACT_PAGES);
    }
}
