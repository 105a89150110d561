//! `metadata.transport`: how the page came.

use chrono::SecondsFormat;
use reqwest::{
    Version,
    header::{ETAG, HeaderName, LAST_MODIFIED, SERVER},
};
use serde_json::{Value, json};

use super::{
    answer::{Answer, Body},
    certificate,
};

/// As much of a header as is kept.
const MAX_HEADER_BYTES: usize = 500;

/// What is known of a page besides its text.
pub(super) fn facts(answer: &Answer, body: &Body) -> Value {
    let redirects: Vec<Value> =
        answer.redirects.iter().map(|hop| json!({ "url": hop.url.as_str(), "status": hop.status })).collect();
    json!({
        "finalUrl": answer.url.as_str(),
        "redirects": redirects,
        "status": answer.status(),
        "server": text(answer, SERVER),
        "httpVersion": version(answer.version()),
        "responseMilliseconds": u64::try_from(answer.elapsed.as_millis()).unwrap_or(u64::MAX),
        "bytes": body.bytes.len(),
        "truncated": body.is_cut,
        "etag": text(answer, ETAG),
        "lastModified": text(answer, LAST_MODIFIED),
        "certificate": answer.certificate().and_then(certificate_facts),
    })
}

/// A header as far as it makes sense to keep it.
fn text(answer: &Answer, header: HeaderName) -> Option<&str> {
    let value = answer.text_header(header)?;
    Some(&value[..value.floor_char_boundary(MAX_HEADER_BYTES)])
}

fn certificate_facts(der: &[u8]) -> Option<Value> {
    let facts = certificate::read(der)?;
    Some(json!({
        "issuer": facts.issuer,
        "expiresAt": facts.expires_at.to_rfc3339_opts(SecondsFormat::Secs, true),
    }))
}

fn version(version: Version) -> &'static str {
    match version {
        Version::HTTP_09 => "0.9",
        Version::HTTP_10 => "1.0",
        Version::HTTP_11 => "1.1",
        Version::HTTP_2 => "2",
        Version::HTTP_3 => "3",
        _ => "unknown",
    }
}
