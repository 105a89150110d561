//! Reads a sitemap file as it arrives: gzip or not, in whatever encoding, XML or plain text.

use std::io::{self, Write};

use chrono::{DateTime, Utc};
use encoding_rs::{Decoder, Encoding, UTF_8, UTF_16BE, UTF_16LE};
use flate2::write::MultiGzDecoder;

use super::{fault::Fault, lines::LineCounter, xml::XmlCounter};
use crate::model::SitemapKind;

/// Compressed input is taken in pieces of this size, so that a bomb is noticed soon after the budget is used up.
const GZIP_PIECE: usize = 1 << 10;

/// As many bytes as are looked at to find the encoding.
const SNIFF_BYTES: usize = 256;

/// What bounds the reading of one file.
#[derive(Debug, Clone, Copy)]
pub struct ReadLimits {
    /// The most bytes, after decompression.
    pub bytes: u64,
    /// The most addresses of other sitemaps that are kept.
    pub children: usize,
}

/// What one sitemap file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SitemapContent {
    /// Its format.
    pub kind: SitemapKind,
    /// How many pages it lists; for an index, how many sitemaps.
    pub count: u64,
    /// The sitemaps that an index lists, as written.
    pub children: Vec<String>,
    /// The newest date in it.
    pub last_modified: Option<DateTime<Utc>>,
    /// How many bytes were read, after decompression.
    pub bytes: u64,
    /// Why it was not read, or not to its end.
    pub fault: Option<Fault>,
}

/// Reads one file that is pushed in pieces of any size.
pub struct SitemapReader(Layer);

enum Layer {
    /// Fewer than the two bytes that tell gzip.
    Start(Vec<u8>, Sink),
    Plain(Sink),
    Gzip(Box<MultiGzDecoder<Sink>>),
}

impl SitemapReader {
    /// A reader for a file whose transport names this character encoding, if any.
    pub fn new(charset: Option<&str>, limits: ReadLimits) -> Self {
        let declared = charset.and_then(|label| Encoding::for_label(label.as_bytes()));
        Self(Layer::Start(Vec::new(), Sink::new(declared, limits)))
    }

    /// Reads on. `false` says that nothing more is wanted.
    pub fn push(&mut self, bytes: &[u8]) -> bool {
        match &mut self.0 {
            Layer::Start(head, _) => {
                head.extend_from_slice(bytes);
                if head.len() < 2 {
                    return true;
                }
                let Layer::Start(head, sink) = std::mem::replace(&mut self.0, Layer::Plain(Sink::closed()))
                else {
                    return false;
                };
                self.0 = if head.starts_with(&[0x1f, 0x8b]) {
                    Layer::Gzip(Box::new(MultiGzDecoder::new(sink)))
                } else {
                    Layer::Plain(sink)
                };
                self.push(&head)
            }
            Layer::Plain(sink) => sink.push(bytes),
            // Nothing may be written to a decoder that was finished.
            Layer::Gzip(decoder) if !decoder.get_ref().is_open() => false,
            Layer::Gzip(decoder) => bytes.chunks(GZIP_PIECE).all(|piece| {
                if decoder.write_all(piece).is_err() {
                    // What was unpacked before the damage counts.
                    let _ = decoder.try_finish();
                    decoder.get_mut().fail(Fault::Gzip);
                }
                decoder.get_ref().is_open()
            }),
        }
    }

    /// Ends the file and tells what it says.
    pub fn finish(self) -> SitemapContent {
        match self.0 {
            Layer::Start(head, mut sink) => {
                sink.push(&head);
                sink.finish()
            }
            Layer::Plain(sink) => sink.finish(),
            Layer::Gzip(mut decoder) => {
                if decoder.try_finish().is_err() {
                    decoder.get_mut().fail(Fault::Gzip);
                }
                std::mem::replace(decoder.get_mut(), Sink::closed()).finish()
            }
        }
    }
}

/// Takes decompressed bytes, decodes them and hands the text to the right counter.
struct Sink {
    limits: ReadLimits,
    bytes: u64,
    text: TextDecoder,
    counter: Counter,
    fault: Option<Fault>,
}

enum Counter {
    /// Only white space so far.
    Undecided,
    Xml(Box<XmlCounter>),
    Lines(LineCounter),
}

impl Sink {
    fn new(declared: Option<&'static Encoding>, limits: ReadLimits) -> Self {
        Self { limits, bytes: 0, text: TextDecoder::new(declared), counter: Counter::Undecided, fault: None }
    }

    /// A sink that takes nothing.
    fn closed() -> Self {
        Self { fault: Some(Fault::Empty), ..Self::new(None, ReadLimits { bytes: 0, children: 0 }) }
    }

    fn is_open(&self) -> bool {
        self.fault.is_none()
    }

    fn fail(&mut self, fault: Fault) {
        self.fault.get_or_insert(fault);
    }

    fn push(&mut self, bytes: &[u8]) -> bool {
        if !self.is_open() {
            return false;
        }
        let room = usize::try_from(self.limits.bytes - self.bytes).unwrap_or(usize::MAX);
        let taken = &bytes[..bytes.len().min(room)];
        self.bytes += taken.len() as u64;
        self.text.push(taken);
        self.read();
        if taken.len() < bytes.len() {
            self.fail(Fault::OverBudget);
        }
        self.is_open()
    }

    /// Hands on what text there is.
    fn read(&mut self) {
        let text = self.text.take();
        if let Err(fault) = self.counter.push(&text, self.limits.children) {
            self.fail(fault);
        }
        self.text.give_back(text);
    }

    fn finish(mut self) -> SitemapContent {
        self.text.end();
        // Short text is held back until its encoding is found. It counts unless it is what the file failed for.
        if matches!(self.fault, None | Some(Fault::Gzip | Fault::OverBudget)) {
            self.read();
        }
        let outcome = match &mut self.counter {
            Counter::Undecided => Err(Fault::Empty),
            Counter::Xml(xml) => xml.finish(),
            Counter::Lines(lines) => lines.finish(),
        };
        let is_whole = outcome.is_ok();
        // Damage after the end of a whole document takes nothing away.
        let fault = self.fault.filter(|fault| *fault != Fault::Gzip || !is_whole).or(outcome.err());
        let (kind, count, children, last_modified) = match self.counter {
            Counter::Undecided => (SitemapKind::Unknown, 0, Vec::new(), None),
            Counter::Xml(xml) => (xml.kind, xml.count, xml.children, xml.newest.date()),
            Counter::Lines(lines) => (lines.kind(), lines.count, Vec::new(), None),
        };
        SitemapContent { kind, count, children, last_modified, bytes: self.bytes, fault }
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.push(bytes) { Ok(bytes.len()) } else { Err(io::ErrorKind::FileTooLarge.into()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Counter {
    fn push(&mut self, text: &str, max_children: usize) -> Result<(), Fault> {
        match self {
            Self::Undecided => {
                let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
                match text.chars().next() {
                    None => return Ok(()),
                    Some('<') => *self = Self::Xml(Box::new(XmlCounter::new(max_children))),
                    Some(_) => *self = Self::Lines(LineCounter::default()),
                }
                self.push(text, max_children)
            }
            Self::Xml(xml) => xml.push(text),
            Self::Lines(lines) => lines.push(text),
        }
    }
}

/// Turns bytes into text. The encoding is found from byte order mark, zero bytes, transport and XML declaration,
/// in this order; without any it is UTF-8.
struct TextDecoder {
    declared: Option<&'static Encoding>,
    /// The first bytes, until there are enough to tell the encoding.
    head: Vec<u8>,
    decoder: Option<Decoder>,
    text: String,
}

impl TextDecoder {
    fn new(declared: Option<&'static Encoding>) -> Self {
        Self { declared, head: Vec::new(), decoder: None, text: String::new() }
    }

    fn push(&mut self, bytes: &[u8]) {
        if self.decoder.is_some() {
            return self.decode(bytes, false);
        }
        self.head.extend_from_slice(bytes);
        if self.head.len() >= SNIFF_BYTES {
            self.decide(false);
        }
    }

    fn end(&mut self) {
        if self.decoder.is_some() {
            self.decode(&[], true);
        } else {
            self.decide(true);
        }
    }

    fn decide(&mut self, is_last: bool) {
        let head = std::mem::take(&mut self.head);
        let encoding = sniff(&head).or(self.declared).or_else(|| xml_encoding(&head)).unwrap_or(UTF_8);
        self.decoder = Some(encoding.new_decoder());
        self.decode(&head, is_last);
    }

    fn decode(&mut self, bytes: &[u8], is_last: bool) {
        let Some(decoder) = &mut self.decoder else { return };
        let needed = decoder.max_utf8_buffer_length(bytes.len()).unwrap_or(bytes.len());
        self.text.reserve(needed);
        let _ = decoder.decode_to_string(bytes, &mut self.text, is_last);
    }

    /// The text so far; its room comes back with [`Self::give_back`].
    fn take(&mut self) -> String {
        std::mem::take(&mut self.text)
    }

    fn give_back(&mut self, mut text: String) {
        text.clear();
        self.text = text;
    }
}

/// The encoding that the first bytes show: a byte order mark, or the zeros of UTF-16.
fn sniff(head: &[u8]) -> Option<&'static Encoding> {
    match head {
        [b'<', 0, _, 0, ..] => Some(UTF_16LE),
        [0, b'<', 0, _, ..] => Some(UTF_16BE),
        _ => Encoding::for_bom(head).map(|(encoding, _)| encoding),
    }
}

/// The encoding that an XML declaration names. One that can be read byte by byte cannot be UTF-16.
fn xml_encoding(head: &[u8]) -> Option<&'static Encoding> {
    let head = head.trim_ascii_start();
    let declaration = head.strip_prefix(b"<?xml")?;
    let declaration = &declaration[..memchr::memmem::find(declaration, b"?>")?];
    let at = memchr::memmem::find(declaration, b"encoding")?;
    let value =
        declaration[at + b"encoding".len()..].trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
    let (quote, rest) = value.split_first()?;
    let label = &rest[..memchr::memchr(*quote, rest)?];
    Encoding::for_label(label).filter(|encoding| *encoding != UTF_16LE && *encoding != UTF_16BE)
}

#[cfg(test)]
mod tests;
