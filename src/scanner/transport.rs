//! `metadata.transport`: how the page came.

use chrono::SecondsFormat;
use reqwest::{
    Version,
    header::{ETAG, LAST_MODIFIED, SERVER},
};
use serde_json::{Value, json};

use super::{
    answer::{Answer, Body},
    certificate,
};

/// What is known of a page besides its text.
pub(super) fn facts(answer: &Answer, body: &Body) -> Value {
    let redirects: Vec<Value> =
        answer.redirects.iter().map(|hop| json!({ "url": hop.url.as_str(), "status": hop.status })).collect();
    json!({
        "finalUrl": answer.url.as_str(),
        "redirects": redirects,
        "status": answer.status(),
        "server": answer.text_header(SERVER),
        "httpVersion": version(answer.version()),
        "responseMilliseconds": u64::try_from(answer.elapsed.as_millis()).unwrap_or(u64::MAX),
        "bytes": body.bytes.len(),
        "truncated": body.is_cut,
        "etag": answer.text_header(ETAG),
        "lastModified": answer.text_header(LAST_MODIFIED),
        "certificate": answer.certificate().and_then(certificate_facts),
    })
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
