//! The attributes of an element that the extractors read.

use scraper::node::Element;

/// The attributes that the extractors read, gathered in one pass over an element.
#[derive(Default, Clone, Copy)]
pub(super) struct Attrs<'a> {
    pub(super) alt: &'a str,
    pub(super) class: &'a str,
    pub(super) content: Option<&'a str>,
    pub(super) cfemail: &'a str,
    /// The value of a `data-` attribute for an address, such as `data-author-email`.
    pub(super) mail: &'a str,
    pub(super) mailto_token: &'a str,
    pub(super) equiv: &'a str,
    pub(super) href: Option<&'a str>,
    pub(super) id: &'a str,
    pub(super) itemprop: &'a str,
    pub(super) late_src: &'a str,
    pub(super) media: &'a str,
    pub(super) name: &'a str,
    pub(super) property: &'a str,
    pub(super) rel: &'a str,
    pub(super) sizes: &'a str,
    pub(super) src: &'a str,
    pub(super) srcset: &'a str,
    pub(super) kind: &'a str,
    pub(super) lang: &'a str,
    pub(super) datetime: &'a str,
    /// What is said of the element aloud or on hover (`title`, `aria-label`), when it may hold an address.
    pub(super) hint: &'a str,
    /// The styles of the element, when they name a file.
    pub(super) style: &'a str,
    pub(super) elementor: bool,
}

impl<'a> Attrs<'a> {
    /// Gathers them.
    pub(super) fn of(element: &'a Element) -> Self {
        let mut own = Self::default();
        for (name, value) in element.attrs() {
            match name {
                "alt" => own.alt = value,
                "class" => own.class = value,
                "content" => own.content = Some(value),
                "data-cfemail" => own.cfemail = value,
                "data-mailto-token" => own.mailto_token = value,
                "http-equiv" => own.equiv = value,
                "href" => own.href = Some(value),
                "id" => own.id = value,
                "itemprop" => own.itemprop = value,
                "data-src"
                | "data-lazy-src"
                | "data-original"
                | "data-rocket-src"
                | "data-cmp-src"
                | "data-wpmeteor-src"
                | "data-cookieblock-src"
                | "data-litespeed-src"
                | "data-cfsrc" => {
                    own.late_src = value;
                }
                "media" => own.media = value,
                "name" => own.name = value,
                "property" => own.property = value,
                "rel" => own.rel = value,
                "sizes" => own.sizes = value,
                "src" => own.src = value,
                "srcset" | "data-srcset" => own.srcset = value,
                "type" => own.kind = value,
                "lang" | "xml:lang" if !value.trim().is_empty() => own.lang = value,
                "datetime" => own.datetime = value,
                "data-elementor-type" => own.elementor = true,
                "title" | "aria-label" if value.contains('@') => own.hint = value,
                "style" if value.contains("url(") => own.style = value,
                _ if name.ends_with("mail") && name.starts_with("data-") => own.mail = value,
                _ => {}
            }
        }
        own
    }
}
