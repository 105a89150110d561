//! The image of a page that most looks like the logo of its site.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use scraper::{ElementRef, node::Element};
use url::Url;

use super::{
    clean::{self, contains_word},
    view::{Image, View},
};

/// How many images are looked at: logos stand near the top, the footer's come last.
const MAX_IMAGES: usize = 40;
/// How many elements around an image are looked at.
const MAX_ANCESTORS: usize = 12;
/// How much it speaks against an image that others' logos stand around it, and that it stands in an article.
const OF_OTHERS: i32 = 6;
const IN_ARTICLE: i32 = 3;
/// Images that only one weak sign speaks for are left alone.
const MIN_SCORE: i32 = 4;

/// Words in the names of files that are drawings of something else.
const SIGNS: &str = "arrow icon search menu avatar spinner loading loader sprite close cart flag badge phone facebook \
     twitter instagram linkedin youtube whatsapp tiktok gravatar";

/// Words in the names of files without anything on them, which keep places or count visits.
const BLANKS: &str = "spacer blank 1x1 1px trans. transparent clear. dot. placeholder pixel";

/// Words in classes and ids that speak of a header, of a logo, and of somebody else's logos.
const WORDS: [(&str, Word); 24] = [
    ("header", Word::Header),
    ("masthead", Word::Header),
    ("navbar", Word::Header),
    ("topbar", Word::Header),
    ("top-bar", Word::Header),
    ("site-head", Word::Header),
    ("logo", Word::Logo),
    ("brand", Word::Logo),
    ("footer", Word::Others),
    ("partner", Word::Others),
    ("client", Word::Others),
    ("customer", Word::Others),
    ("kunden", Word::Others),
    ("sponsor", Word::Others),
    ("brands", Word::Others),
    ("logos", Word::Others),
    ("payment", Word::Others),
    ("testimonial", Word::Others),
    ("award", Word::Others),
    ("press", Word::Others),
    ("member", Word::Others),
    ("cookie", Word::Others),
    ("carousel", Word::Others),
    ("reference", Word::Others),
];

#[derive(Clone, Copy)]
enum Word {
    Header,
    Logo,
    Others,
}

/// What stands around an image.
#[derive(Debug, Default, Clone, Copy)]
struct Around {
    header: bool,
    logo: bool,
    /// How much speaks against it, in points.
    against: i32,
}

/// The likeliest image; the first of equals.
pub(super) fn find(view: &View<'_>) -> Option<Url> {
    let mut best: Option<(i32, Url)> = None;
    for (index, image) in view.found.images.iter().take(MAX_IMAGES).enumerate() {
        let score = score(view, image, index);
        if score >= MIN_SCORE
            && best.as_ref().is_none_or(|(highest, _)| score > *highest)
            && let Some(url) = view.resolve(image.src)
        {
            best = Some((score, url));
        }
    }
    best.map(|(_, url)| url)
}

fn score(view: &View<'_>, image: &Image<'_>, index: usize) -> i32 {
    let file = image.src.rsplit('/').next().unwrap_or_default();
    // Banners that ask for consent bring the logo of their maker.
    let is_of_banner = contains_word(image.src, "cookielaw.org/");
    if image.src.is_empty() || image.src.starts_with("data:") || is_blank(file) || is_of_banner {
        return 0;
    }
    let says = |text: &str| i32::from(contains_word(text, "logo"));
    let around = around(image.node);
    let mut score = 3 * says(image.class).max(says(image.id)) + 2 * says_in_alt(image.alt) + 2 * says(file);
    score += 2 * i32::from(around.logo) + 2 * i32::from(around.header);
    if score > 0 && index < 2 {
        score += 2 - i32::from(index > 0);
    }
    if links_home(view, image) {
        score += 3;
    }
    score -= around.against;
    if is_sign(file) {
        score -= 6;
    }
    score
}

/// Whether a short text beside an image calls it a logo; a sentence may speak of one.
fn says_in_alt(alt: &str) -> i32 {
    const MAX_WORDS: usize = 4;
    i32::from(contains_word(alt, "logo") && alt.split_whitespace().count() <= MAX_WORDS)
}

/// Whether the name of a file is that of an image that shows nothing: `spacer.gif`, `b.gif`.
fn is_blank(file: &str) -> bool {
    let is_letter = file.strip_suffix(".gif").is_some_and(|name| name.len() == 1);
    is_letter || BLANKS.split(' ').any(|word| contains_word(file, word))
}

/// Whether the name of a file is that of a drawing of something else.
fn is_sign(file: &str) -> bool {
    let is_network = file.starts_with("fb") || file.starts_with("tw-") || file.starts_with("ig-");
    (is_network || SIGNS.split(' ').any(|word| contains_word(file, word))) && !contains_word(file, "logo")
}

/// What the elements around an image say of it.
fn around(image: ElementRef<'_>) -> Around {
    let mut around = Around::default();
    for node in image.ancestors().take(MAX_ANCESTORS) {
        if let Some(element) = node.value().as_element() {
            read(element, &mut around);
        }
    }
    around
}

fn read(element: &Element, around: &mut Around) {
    match element.name() {
        // What frameworks note on the whole page says nothing of one image.
        "body" | "html" => return,
        "header" => around.header = true,
        "article" => around.against = around.against.max(IN_ARTICLE),
        "footer" => around.against = OF_OTHERS,
        _ => {}
    }
    let Some(words) = FINDER.as_ref() else { return };
    for (name, value) in element.attrs() {
        match name {
            "class" | "id" => {
                for found in words.find_overlapping_iter(value) {
                    match WORDS[found.pattern().as_usize()].1 {
                        Word::Header => around.header = true,
                        Word::Logo => around.logo = true,
                        Word::Others => around.against = OF_OTHERS,
                    }
                }
            }
            "role" if value == "banner" => around.header = true,
            "role" if value == "contentinfo" => around.against = OF_OTHERS,
            _ => {}
        }
    }
}

static FINDER: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    AhoCorasick::builder().ascii_case_insensitive(true).build(WORDS.map(|(word, _)| word)).ok()
});

fn links_home(view: &View<'_>, image: &Image<'_>) -> bool {
    let Some(anchor) = image.anchor.and_then(|index| view.found.anchors.get(index)) else { return false };
    let Some(url) = clean::web_url(&view.base, anchor.href) else { return false };
    let is_root = matches!(url.path(), "/" | "/index.html" | "/index.php" | "/home");
    (is_root || url.path() == view.url.path())
        && url.host() == view.url.host()
        && !anchor.href.starts_with('#')
}
