//! Counts what an XML sitemap or feed lists, piece by piece, without ever holding the whole file.

use quick_xml::{
    Reader,
    errors::{Error, SyntaxError},
    events::{BytesRef, BytesStart, Event},
};

use super::{dates::Newest, fault::Fault};
use crate::model::SitemapKind;

/// The longest tag, comment or text between two tags.
const MAX_PIECE_BYTES: usize = 1 << 20;

/// No sitemap or feed nests deeper.
const MAX_DEPTH: usize = 200;

/// An address is at most 2,048 characters by the protocol; anything much longer is none.
const MAX_CAPTURE_BYTES: usize = 8_192;

/// The elements that matter, each known by its name and its parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Element {
    UrlSet,
    Index,
    Rss,
    Channel,
    Feed,
    /// One page of a sitemap or item of a feed.
    Url,
    Item,
    Entry,
    /// One sitemap of an index.
    Sitemap,
    /// The address of a page.
    PageLocation,
    /// The address of a sitemap.
    SitemapLocation,
    Date,
    Other,
}

/// Reads an XML sitemap or feed as it arrives.
#[derive(Debug)]
pub(super) struct XmlCounter {
    /// Text that may be the beginning of something.
    pending: String,
    stack: Vec<Element>,
    /// The namespace prefix of the root element, which its own vocabulary carries too.
    prefix: String,
    captured: String,
    max_children: usize,
    pub(super) kind: SitemapKind,
    pub(super) count: u64,
    pub(super) children: Vec<String>,
    pub(super) newest: Newest,
}

impl XmlCounter {
    /// A reader that keeps at most so many addresses of other sitemaps.
    pub(super) fn new(max_children: usize) -> Self {
        Self {
            pending: String::new(),
            stack: Vec::new(),
            prefix: String::new(),
            captured: String::new(),
            max_children,
            kind: SitemapKind::Unknown,
            count: 0,
            children: Vec::new(),
            newest: Newest::default(),
        }
    }

    /// Reads on.
    pub(super) fn push(&mut self, text: &str) -> Result<(), Fault> {
        self.pending.push_str(text);
        // Up to the last `>` every text between tags is whole.
        let Some(end) = memchr::memrchr(b'>', self.pending.as_bytes()) else { return self.check_length() };
        let pending = std::mem::take(&mut self.pending);
        let outcome = self.read(&pending[..=end]);
        self.pending = pending;
        self.pending.drain(..outcome?);
        self.check_length()
    }

    /// Ends the file.
    pub(super) fn finish(&self) -> Result<(), Fault> {
        if self.kind == SitemapKind::Unknown {
            return Err(Fault::Unknown);
        }
        if self.stack.is_empty() { Ok(()) } else { Err(Fault::Truncated) }
    }

    fn check_length(&self) -> Result<(), Fault> {
        if self.pending.len() > MAX_PIECE_BYTES { Err(Fault::TooLong) } else { Ok(()) }
    }

    /// Reads whole events and returns how far they reach.
    fn read(&mut self, text: &str) -> Result<usize, Fault> {
        let mut reader = Reader::from_str(text);
        let config = reader.config_mut();
        // Tags may have been opened in an earlier piece.
        config.check_end_names = false;
        config.allow_unmatched_ends = true;
        config.allow_dangling_amp = true;
        loop {
            let before = usize::try_from(reader.buffer_position()).unwrap_or(text.len());
            match reader.read_event() {
                Ok(Event::Eof) => return Ok(text.len()),
                Ok(event) => self.event(&event)?,
                Err(Error::Syntax(error)) if error != SyntaxError::InvalidBangMarkup => return Ok(before),
                Err(error) => return Err(Fault::Malformed(error.to_string())),
            }
        }
    }

    fn event(&mut self, event: &Event<'_>) -> Result<(), Fault> {
        match event {
            Event::Start(tag) => {
                let element = self.element(tag)?;
                self.begin(element, tag);
                self.stack.push(element);
                if self.stack.len() > MAX_DEPTH {
                    return Err(Fault::TooDeep);
                }
            }
            Event::Empty(tag) => {
                let element = self.element(tag)?;
                self.begin(element, tag);
            }
            Event::End(_) => self.end(),
            Event::Text(text) => self.capture(text),
            Event::CData(text) => self.capture(text),
            Event::GeneralRef(reference) => self.capture_reference(reference),
            Event::DocType(text) => {
                let is_html =
                    text.trim_start().get(..4).is_some_and(|name| name.eq_ignore_ascii_case("html"));
                return Err(if is_html { Fault::Html } else { Fault::Doctype });
            }
            _ => {}
        }
        Ok(())
    }

    /// What a tag means where it stands.
    fn element(&mut self, tag: &BytesStart<'_>) -> Result<Element, Fault> {
        let name = tag.name();
        let (prefix, local) = name.as_ref().rsplit_once(':').unwrap_or(("", name.as_ref()));
        let Some(parent) = self.stack.last() else { return self.root(prefix, local) };
        // Comparing two empty texts calls into the C library with dangling addresses, which is surprisingly slow.
        let is_plain = prefix.is_empty() && self.prefix.is_empty();
        if !is_plain && prefix != self.prefix {
            return Ok(Element::Other);
        }
        Ok(match (parent, local) {
            (Element::UrlSet, "url") => Element::Url,
            (Element::Url, "loc") | (Element::Item, "link") => Element::PageLocation,
            (Element::Index, "sitemap") => Element::Sitemap,
            (Element::Sitemap, "loc") => Element::SitemapLocation,
            (Element::Url | Element::Sitemap, "lastmod")
            | (Element::Item, "pubDate")
            | (Element::Entry, "updated" | "modified") => Element::Date,
            (Element::Rss, "channel") => Element::Channel,
            (Element::Channel, "item") => Element::Item,
            (Element::Feed, "entry") => Element::Entry,
            _ => Element::Other,
        })
    }

    fn root(&mut self, prefix: &str, local: &str) -> Result<Element, Fault> {
        if self.kind != SitemapKind::Unknown {
            // A second root is no part of the document.
            return Ok(Element::Other);
        }
        let (kind, element) = match local {
            "urlset" => (SitemapKind::Urlset, Element::UrlSet),
            "sitemapindex" => (SitemapKind::Index, Element::Index),
            "rss" => (SitemapKind::Rss, Element::Rss),
            "feed" => (SitemapKind::Atom, Element::Feed),
            name if name.eq_ignore_ascii_case("html") => return Err(Fault::Html),
            _ => return Err(Fault::Unknown),
        };
        prefix.clone_into(&mut self.prefix);
        self.kind = kind;
        Ok(element)
    }

    fn begin(&mut self, element: Element, tag: &BytesStart<'_>) {
        if matches!(element, Element::PageLocation | Element::SitemapLocation | Element::Date) {
            self.captured.clear();
        } else if element == Element::Other && self.stack.last() == Some(&Element::Entry) && is_page_link(tag)
        {
            self.count += 1;
        }
    }

    fn end(&mut self) {
        let Some(element) = self.stack.pop() else { return };
        match element {
            Element::PageLocation if !self.captured.trim().is_empty() => self.count += 1,
            Element::SitemapLocation if !self.captured.trim().is_empty() => {
                self.count += 1;
                if self.children.len() < self.max_children {
                    self.children.push(self.captured.trim().to_owned());
                }
            }
            Element::Date => self.newest.offer(&self.captured),
            _ => {}
        }
    }

    /// Keeps text where it means something, up to a length that no address or date exceeds. A byte order mark at its
    /// start belongs to no address; the reader itself drops one only where a piece of the file begins with it.
    fn capture(&mut self, text: &str) {
        let text = text.trim_start_matches('\u{feff}');
        let is_wanted = matches!(
            self.stack.last(),
            Some(Element::PageLocation | Element::SitemapLocation | Element::Date)
        );
        if is_wanted && self.captured.len() + text.len() <= MAX_CAPTURE_BYTES {
            self.captured.push_str(text);
        }
    }

    fn capture_reference(&mut self, reference: &BytesRef<'_>) {
        let known = match &**reference {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            _ => reference.resolve_char_ref().ok().flatten(),
        };
        match known {
            Some(c) => self.capture(c.encode_utf8(&mut [0; 4])),
            None => self.capture(&format!("&{};", &**reference)),
        }
    }
}

/// Whether the tag of an Atom entry is its link to a page.
fn is_page_link(tag: &BytesStart<'_>) -> bool {
    let attribute =
        |name: &str| tag.try_get_attribute(name).ok().flatten().map(|found| found.value.into_owned());
    tag.local_name().as_ref() == "link"
        && attribute("href").is_some_and(|href| !href.trim().is_empty())
        && attribute("rel").is_none_or(|rel| rel == "alternate")
}
