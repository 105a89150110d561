//! How a fake site answers.

use std::{io::Write, time::Duration};

use flate2::{Compression, write::GzEncoder};

/// How one path is answered: as HTTP should be, or in one of the ways in which servers misbehave.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    pub(super) delay: Duration,
    pub(super) manner: Manner,
}

/// How the bytes go out.
#[derive(Debug, Clone)]
pub(super) enum Manner {
    /// Whole, with the right length.
    Plain,
    /// Never: the connection stays open and silent.
    Hang,
    /// Head at once, then the body one byte at a time with pauses.
    Drip(Duration),
    /// The whole answer one byte at a time with pauses.
    DripHead(Duration),
    /// Head at once, then the body again and again without end.
    Endless,
    /// Head and half of the body, then a reset of the connection.
    Reset,
    /// Whole, but with this `Content-Length`; then the connection is closed.
    WrongLength(usize),
    /// These bytes in place of HTTP; then the connection is closed.
    Raw(Vec<u8>),
    /// The first bytes in place of HTTP, then the second ones again and again without end.
    RawEndless(Vec<u8>, Vec<u8>),
    /// Nothing: the connection is closed without an answer.
    Close,
}

impl Answer {
    fn new(status: u16, body: Vec<u8>) -> Self {
        Self { status, headers: Vec::new(), body, delay: Duration::ZERO, manner: Manner::Plain }
    }

    /// An HTML page.
    pub(crate) fn html(html: impl Into<Vec<u8>>) -> Self {
        Self::new(200, html.into()).header("Content-Type", "text/html; charset=utf-8")
    }

    /// A file whose media type follows from the extension of its path.
    pub(crate) fn file(path: &str, bytes: impl Into<Vec<u8>>) -> Self {
        let media_type = match path.rsplit('.').next().unwrap_or_default() {
            "xml" => "application/xml",
            "gz" => "application/gzip",
            "txt" => "text/plain",
            "ico" => "image/x-icon",
            "png" => "image/png",
            "html" => "text/html",
            _ => "application/octet-stream",
        };
        Self::new(200, bytes.into()).header("Content-Type", media_type)
    }

    /// Only a status, with a short page.
    pub(crate) fn status(status: u16) -> Self {
        Self { status, ..Self::html(format!("<title>{status}</title>")) }
    }

    /// The page is as it was (RFC 9110, section 15.4.5): a head without a body.
    pub(crate) fn not_modified() -> Self {
        Self::new(304, Vec::new())
    }

    /// The same with another header.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same after a pause.
    pub(crate) fn after(self, delay: Duration) -> Self {
        Self { delay, ..self }
    }

    /// The same body compressed in transport.
    pub(crate) fn gzipped(self) -> Self {
        let body = gzip(&self.body);
        Self { body, ..self }.header("Content-Encoding", "gzip")
    }

    /// No answer, ever.
    pub(crate) fn hang() -> Self {
        Self { manner: Manner::Hang, ..Self::new(200, Vec::new()) }
    }

    /// The connection is closed without an answer.
    pub(crate) fn close() -> Self {
        Self { manner: Manner::Close, ..Self::new(200, Vec::new()) }
    }

    /// These bytes in place of HTTP.
    pub(crate) fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self { manner: Manner::Raw(bytes.into()), ..Self::new(200, Vec::new()) }
    }

    /// Bytes in place of HTTP, then others over and over, for as long as somebody reads.
    pub(crate) fn raw_without_end(start: impl Into<Vec<u8>>, again: impl Into<Vec<u8>>) -> Self {
        Self { manner: Manner::RawEndless(start.into(), again.into()), ..Self::new(200, Vec::new()) }
    }

    /// So many headers of so many bytes each.
    pub(crate) fn header_flood(count: usize, bytes: usize) -> Self {
        let value = "x".repeat(bytes);
        (0..count).fold(Self::html("<title>Flood</title>"), |answer, number| {
            answer.header(&format!("X-Flood-{number}"), &value)
        })
    }

    /// One byte of the body at a time, with a pause before each.
    pub(crate) fn dripping(self, pause: Duration) -> Self {
        Self { manner: Manner::Drip(pause), ..self }
    }

    /// The same, head included.
    pub(crate) fn dripping_from_the_start(self, pause: Duration) -> Self {
        Self { manner: Manner::DripHead(pause), ..self }
    }

    /// The body over and over, for as long as somebody reads.
    pub(crate) fn endless(self) -> Self {
        Self { manner: Manner::Endless, ..self }
    }

    /// A reset in the middle of the body.
    pub(crate) fn reset(self) -> Self {
        Self { manner: Manner::Reset, ..self }
    }

    /// The body under a wrong `Content-Length`.
    pub(crate) fn claiming_length(self, length: usize) -> Self {
        Self { manner: Manner::WrongLength(length), ..self }
    }
}

/// Bytes compressed with gzip.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}
