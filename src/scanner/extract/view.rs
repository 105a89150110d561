//! One page, collected for all extractors in a single walk of its tree.

use reqwest::header::HeaderMap;
use scraper::{ElementRef, Html};
use url::Url;

use super::{PageSource, clean, walk};

/// A page as the extractors see it.
pub(super) struct View<'a> {
    /// Where the page was found.
    pub(super) url: &'a Url,
    /// What its links are relative to: `<base>`, else its own address.
    pub(super) base: Url,
    /// The headers of the answer.
    pub(super) headers: &'a HeaderMap,
    /// The decoded page.
    pub(super) source: &'a str,
    /// The parsed page.
    pub(super) html: &'a Html,
    /// What the walk collected.
    pub(super) found: Found<'a>,
}

/// What the walk collects, each list in the order of the page.
#[derive(Default)]
pub(super) struct Found<'a> {
    pub(super) base: Option<&'a str>,
    pub(super) lang: Option<&'a str>,
    /// The texts of `<title>` elements outside of drawings.
    pub(super) titles: Vec<&'a str>,
    /// The text of the first `<h1>`, as a range of `text`.
    pub(super) heading: Option<(usize, usize)>,
    pub(super) metas: Vec<Meta<'a>>,
    pub(super) links: Vec<LinkTag<'a>>,
    pub(super) anchors: Vec<Anchor<'a>>,
    pub(super) images: Vec<Image<'a>>,
    pub(super) script_urls: Vec<&'a str>,
    /// Scripts inside the page, JSON-LD and other data left out.
    pub(super) scripts: Vec<&'a str>,
    pub(super) styles: Vec<&'a str>,
    pub(super) json_ld: Vec<&'a str>,
    pub(super) comments: Vec<&'a str>,
    /// What stands inside `<noscript>`: text to the parser.
    pub(super) noscripts: Vec<&'a str>,
    pub(super) iframes: Vec<&'a str>,
    /// Elements whose text Cloudflare encoded (`data-cfemail`).
    pub(super) cfemails: Vec<&'a str>,
    /// Both parts of addresses that Joomla encoded (`<joomla-hidden-mail>`).
    pub(super) joomla_mails: Vec<(&'a str, &'a str)>,
    /// Where the forms send to.
    pub(super) form_actions: Vec<&'a str>,
    /// Values of attributes that are made to hold an address (`data-author-email`).
    pub(super) mails: Vec<&'a str>,
    /// What is said of elements aloud or on hover, where it may hold an address.
    pub(super) hints: Vec<&'a str>,
    /// The styles of elements that are called a logo, where they name a file.
    pub(super) logo_styles: Vec<&'a str>,
    /// Links that TYPO3 encoded (`data-mailto-token`).
    pub(super) mailto_tokens: Vec<&'a str>,
    /// `itemprop` with the value of the element's own attribute (`content`, `href`, `src`), else the range of its text.
    pub(super) itemprops: Vec<ItemProp<'a>>,
    /// The first class list of the body, for systems that mark it.
    pub(super) body_class: &'a str,
    /// Whether an element carries Elementor's own attribute.
    pub(super) has_elementor_mark: bool,
    pub(super) counts: Counts,
    /// Where in `text` something that is drawn or marked as a fax stands, ascending.
    pub(super) fax_marks: Vec<usize>,
    /// The visible text: white space collapsed, a line feed between blocks.
    pub(super) text: String,
    /// Where in `text` an inline element begins or ends with no white space there, ascending.
    pub(super) seams: Vec<usize>,
}

/// How many elements of some kinds the page has.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) images: u64,
    pub(super) scripts: u64,
    pub(super) stylesheets: u64,
    pub(super) forms: u64,
    pub(super) links: u64,
    pub(super) elements: u64,
}

/// `<meta>`: its name (or `property`, `http-equiv`, `itemprop`) and content.
pub(super) struct Meta<'a> {
    pub(super) name: &'a str,
    pub(super) content: &'a str,
}

/// `<link>`.
#[derive(Default)]
pub(super) struct LinkTag<'a> {
    pub(super) rel: &'a str,
    pub(super) href: &'a str,
    pub(super) sizes: &'a str,
    pub(super) media: &'a str,
}

/// `<a href>` or `<area href>`.
pub(super) struct Anchor<'a> {
    pub(super) href: &'a str,
    pub(super) node: ElementRef<'a>,
    /// Its visible text, as a range of the page's.
    pub(super) start: usize,
    pub(super) end: usize,
}

/// `<img>`, with the address that is shown in the end where it is loaded late.
pub(super) struct Image<'a> {
    pub(super) src: &'a str,
    pub(super) alt: &'a str,
    pub(super) class: &'a str,
    pub(super) id: &'a str,
    /// The anchor around it, as an index.
    pub(super) anchor: Option<usize>,
    pub(super) node: ElementRef<'a>,
}

/// A microdata property.
pub(super) struct ItemProp<'a> {
    pub(super) name: &'a str,
    pub(super) value: Option<&'a str>,
    pub(super) start: usize,
    pub(super) end: usize,
}

impl<'a> View<'a> {
    /// Walks the page.
    pub(super) fn new(page: &PageSource<'a>, source: &'a str, html: &'a Html) -> Self {
        let found = walk::walk(html);
        let base = found.base.and_then(|href| clean::web_url(page.url, href));
        Self {
            url: page.url,
            base: base.unwrap_or_else(|| page.url.clone()),
            headers: page.headers,
            source,
            html,
            found,
        }
    }

    /// The content of the first non-empty `<meta>` of this name, given in lower case.
    pub(super) fn meta(&self, name: &str) -> Option<&'a str> {
        self.metas(name).next()
    }

    /// The non-empty contents of all `<meta>` elements of this name, given in lower case.
    pub(super) fn metas<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'a str> + 's {
        let named = self.found.metas.iter().filter(move |meta| meta.name.eq_ignore_ascii_case(name));
        named.map(|meta| meta.content.trim()).filter(|content| !content.is_empty())
    }

    /// The `<link>` elements that have this relation, given in lower case.
    pub(super) fn links<'s>(&'s self, rel: &'s str) -> impl Iterator<Item = &'s LinkTag<'a>> {
        let has = move |link: &&LinkTag<'_>| {
            link.rel.split_ascii_whitespace().any(|own| own.eq_ignore_ascii_case(rel))
        };
        self.found.links.iter().filter(has)
    }

    /// The visible text of an anchor.
    pub(super) fn anchor_text(&self, anchor: &Anchor<'_>) -> &str {
        self.found.text.get(anchor.start..anchor.end).unwrap_or_default().trim()
    }

    /// A link of the page, absolute, when it is a web address.
    pub(super) fn resolve(&self, href: &str) -> Option<Url> {
        clean::web_url(&self.base, href)
    }

    /// A header's first value, where it is text.
    pub(super) fn header(&self, name: &str) -> Option<&'a str> {
        self.headers.get(name)?.to_str().ok()
    }
}
