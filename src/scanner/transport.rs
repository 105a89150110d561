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
pub(super) fn of_page(answer: &Answer, body: &Body) -> Value {
    let mut facts = of_head(answer);
    facts["bytes"] = body.bytes.len().into();
    facts["truncated"] = body.is_cut.into();
    facts
}

/// The same for a page that has not changed since it came that way: what tells of the page itself stays.
pub(super) fn unchanged(answer: &Answer, then: Option<Value>) -> Value {
    let mut facts = of_head(answer);
    let then = then.unwrap_or_default();
    for field in ["bytes", "truncated", "etag", "lastModified"] {
        if facts[field].is_null()
            && let Some(value) = then.get(field)
        {
            facts[field] = value.clone();
        }
    }
    facts
}

fn of_head(answer: &Answer) -> Value {
    let redirects: Vec<Value> =
        answer.redirects.iter().map(|hop| json!({ "url": hop.url.as_str(), "status": hop.status })).collect();
    json!({
        "finalUrl": answer.url.as_str(),
        "redirects": redirects,
        "status": answer.status(),
        "server": text(answer, SERVER),
        "httpVersion": version(answer.version()),
        "responseMilliseconds": u64::try_from(answer.elapsed.as_millis()).unwrap_or(u64::MAX),
        "bytes": null,
        "truncated": null,
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
