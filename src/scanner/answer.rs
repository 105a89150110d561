//! The answer of a site: its head at once, its body as far as the limits allow.

use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use reqwest::{
    Response, Version,
    header::{CONTENT_TYPE, HeaderMap, HeaderName, LAST_MODIFIED, LOCATION, RETRY_AFTER},
    tls::TlsInfo,
};
use url::Url;

use super::{failure, host_limits::Permit};
use crate::model::ScanError;

/// One hop of a redirect chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Redirect {
    /// The URL that was asked for.
    pub url: Url,
    /// The status of its answer.
    pub status: u16,
}

/// An answer whose body is yet to be read. While it lives it counts among the requests to its address.
pub(super) struct Answer {
    /// Where the redirects ended.
    pub url: Url,
    /// The hops that led there.
    pub redirects: Vec<Redirect>,
    /// From the last request to the head of its answer.
    pub elapsed: Duration,
    /// Whether it says that a page is as it was, when that was asked.
    pub is_unchanged: bool,
    response: Response,
    /// The rest of a piece that went beyond a limit.
    left_over: Bytes,
    permit: Option<Permit>,
}

/// A body, whole or cut at the limit.
pub(super) struct Body {
    /// The bytes after decompression.
    pub bytes: Vec<u8>,
    /// Whether more followed.
    pub is_cut: bool,
}

impl Answer {
    pub(super) fn new(url: Url, response: Response, elapsed: Duration, permit: Option<Permit>) -> Self {
        Self {
            url,
            redirects: Vec::new(),
            elapsed,
            is_unchanged: false,
            response,
            left_over: Bytes::new(),
            permit,
        }
    }

    pub(super) fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    pub(super) fn version(&self) -> Version {
        self.response.version()
    }

    pub(super) fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    /// The media type in lower case without parameters; empty when there is none.
    pub(super) fn media_type(&self) -> String {
        let value = self.text_header(CONTENT_TYPE).unwrap_or_default();
        value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }

    /// The `charset` parameter of the content type.
    pub(super) fn charset(&self) -> Option<&str> {
        let parameters = self.text_header(CONTENT_TYPE)?.split(';').skip(1);
        parameters
            .filter_map(|parameter| parameter.split_once('='))
            .find(|(key, _)| key.trim().eq_ignore_ascii_case("charset"))
            .map(|(_, value)| value.trim().trim_matches(['"', '\'']))
    }

    pub(super) fn last_modified(&self) -> Option<DateTime<Utc>> {
        http_date(self.text_header(LAST_MODIFIED)?)
    }

    /// How long the site asks to wait before the next request.
    pub(super) fn retry_after(&self, now: DateTime<Utc>) -> Option<Duration> {
        let value = self.text_header(RETRY_AFTER)?.trim();
        if let Ok(seconds) = value.parse::<u32>() {
            return Some(Duration::from_secs(u64::from(seconds)));
        }
        Some((http_date(value)? - now).to_std().unwrap_or_default())
    }

    /// Where the answer redirects to, when it does.
    pub(super) fn redirect_target(&self) -> Option<Url> {
        if !matches!(self.status(), 301 | 302 | 303 | 307 | 308) {
            return None;
        }
        // Servers write addresses in UTF-8 here, although headers are Latin-1.
        let location = str::from_utf8(self.headers().get(LOCATION)?.as_bytes()).ok()?;
        let mut target = self.url.join(location.trim()).ok()?;
        target.set_fragment(None);
        Some(target)
    }

    /// The server's certificate in DER, for an answer over TLS.
    pub(super) fn certificate(&self) -> Option<&[u8]> {
        self.response.extensions().get::<TlsInfo>()?.peer_certificate()
    }

    pub(super) fn text_header(&self, name: HeaderName) -> Option<&str> {
        self.headers().get(name)?.to_str().ok()
    }

    /// The next piece of the body after decompression; `None` at its end.
    pub(super) async fn chunk(&mut self) -> Result<Option<Bytes>, ScanError> {
        self.response.chunk().await.map_err(|error| failure::request_failure(&error, &self.url))
    }

    /// Frees the address for the next request, when no more of the body is wanted.
    pub(super) fn release(&mut self) {
        self.permit = None;
    }

    /// Reads the body up to a limit; what follows is not read.
    pub(super) async fn body(&mut self, limit: usize) -> Result<Body, ScanError> {
        self.more_body(Body { bytes: Vec::new(), is_cut: true }, limit).await
    }

    /// Reads on where a lower limit had cut the body.
    pub(super) async fn more_body(&mut self, body: Body, limit: usize) -> Result<Body, ScanError> {
        let mut bytes = body.bytes;
        loop {
            let chunk = match std::mem::take(&mut self.left_over) {
                left_over if left_over.is_empty() => self.chunk().await?,
                left_over => Some(left_over),
            };
            let Some(mut chunk) = chunk else { return Ok(Body { bytes, is_cut: false }) };
            let room = limit - bytes.len();
            if chunk.len() > room {
                bytes.extend_from_slice(&chunk.split_to(room));
                self.left_over = chunk;
                return Ok(Body { bytes, is_cut: true });
            }
            bytes.extend_from_slice(&chunk);
        }
    }
}

/// A date as HTTP writes it (RFC 9110, section 5.6.7).
pub(super) fn http_date(text: &str) -> Option<DateTime<Utc>> {
    Some(DateTime::parse_from_rfc2822(text.trim()).ok()?.to_utc())
}
