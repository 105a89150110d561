//! In which format an answer is given, by the `Accept` header (RFC 9110 §12.5.1).

use axum::http::{HeaderMap, header};

/// The formats of answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// `application/graphql-response+json`: the status tells whether the operation ran.
    GraphqlResponse,
    /// `application/json`: the status is 200 for every well-formed request.
    Json,
    /// `text/event-stream`: one event for each result.
    EventStream,
}

impl Format {
    const ALL: [Self; 3] = [Self::Json, Self::GraphqlResponse, Self::EventStream];

    /// The value of `Content-Type`.
    pub(crate) const fn content_type(self) -> &'static str {
        match self {
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
            Self::EventStream => "text/event-stream",
        }
    }

    const fn parts(self) -> (&'static str, &'static str) {
        match self {
            Self::GraphqlResponse => ("application", "graphql-response+json"),
            Self::Json => ("application", "json"),
            Self::EventStream => ("text", "event-stream"),
        }
    }
}

/// The format the client likes best, `None` when it accepts none of ours. Without a header, JSON.
pub(crate) fn negotiate(headers: &HeaderMap) -> Option<Format> {
    let mut ranges = Vec::new();
    for value in headers.get_all(header::ACCEPT) {
        ranges.extend(value.to_str().unwrap_or_default().split(',').filter_map(Range::parse));
    }
    if ranges.is_empty() {
        return Some(Format::Json);
    }
    // Of equally liked ones the first in the header wins, then the first of ours: `max_by` would take the last.
    Format::ALL
        .into_iter()
        .filter_map(|format| preference(&ranges, format).map(|liking| (liking, format)))
        .reduce(|best, other| if other.0 > best.0 { other } else { best })
        .map(|(_, format)| format)
}

/// How much a format is liked: its weight, then how early it stands. The most specific range decides.
fn preference(ranges: &[Range], format: Format) -> Option<(u16, std::cmp::Reverse<usize>)> {
    let (at, range) = ranges
        .iter()
        .enumerate()
        .filter(|(_, range)| range.matches(format))
        .max_by_key(|(at, range)| (range.specificity(), std::cmp::Reverse(*at)))?;
    (range.weight > 0).then_some((range.weight, std::cmp::Reverse(at)))
}

struct Range {
    kind: String,
    subtype: String,
    /// In thousandths.
    weight: u16,
}

impl Range {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let (kind, subtype) = parts.next()?.split_once('/')?;
        let weight = parts
            .find_map(|parameter| parameter.strip_prefix("q=").or_else(|| parameter.strip_prefix("Q=")))
            .map_or(Some(1.0), |weight| weight.trim().parse::<f32>().ok())?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 1,000")]
        let weight = (weight.clamp(0.0, 1.0) * 1_000.0) as u16;
        Some(Self { kind: kind.trim().to_ascii_lowercase(), subtype: subtype.to_ascii_lowercase(), weight })
    }

    fn matches(&self, format: Format) -> bool {
        let (kind, subtype) = format.parts();
        match (self.kind.as_str(), self.subtype.as_str()) {
            ("*", "*") => true,
            (k, "*") => k == kind,
            (k, s) => k == kind && s == subtype,
        }
    }

    fn specificity(&self) -> u8 {
        u8::from(self.kind != "*") + u8::from(self.subtype != "*")
    }
}

/// Whether a body is JSON in UTF-8, which is what browsers send to other origins only after asking.
pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut parts = value.split(';').map(str::trim);
    let is_json = parts.next().is_some_and(|media| media.eq_ignore_ascii_case("application/json"));
    is_json
        && parts.filter_map(|parameter| parameter.split_once('=')).all(|(name, value)| {
            !name.eq_ignore_ascii_case("charset") || value.trim_matches('"').eq_ignore_ascii_case("utf-8")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best(accept: &str) -> Option<Format> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, accept.parse().expect("a header"));
        negotiate(&headers)
    }

    #[test]
    fn the_client_chooses_the_format() {
        for (accept, format) in [
            ("*/*", Some(Format::Json)),
            ("application/*", Some(Format::Json)),
            ("application/json", Some(Format::Json)),
            ("application/json; charset=utf-8", Some(Format::Json)),
            ("application/graphql-response+json", Some(Format::GraphqlResponse)),
            ("application/graphql-response+json, application/json", Some(Format::GraphqlResponse)),
            ("application/json, application/graphql-response+json", Some(Format::Json)),
            ("application/graphql-response+json;q=0.5, application/json", Some(Format::Json)),
            ("application/json;q=0, */*", Some(Format::GraphqlResponse)),
            ("text/event-stream", Some(Format::EventStream)),
            ("text/html, application/xhtml+xml, */*;q=0.8", Some(Format::Json)),
            ("text/html", None),
            ("nonsense", Some(Format::Json)),
            ("application/json;q=0", None),
        ] {
            assert_eq!(best(accept), format, "{accept}");
        }
        assert_eq!(negotiate(&HeaderMap::new()), Some(Format::Json));
    }

    #[test]
    fn only_json_in_utf_8_is_read() {
        for (content_type, is_read) in [
            ("application/json", true),
            ("Application/JSON; charset=UTF-8", true),
            ("application/json; charset=\"utf-8\"; x=y", true),
            ("application/json; charset=latin1", false),
            ("text/plain", false),
            ("application/x-www-form-urlencoded", false),
            ("multipart/form-data; boundary=x", false),
            ("application/jsonp", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, content_type.parse().expect("a header"));
            assert_eq!(is_json(&headers), is_read, "{content_type}");
        }
        assert!(!is_json(&HeaderMap::new()));
    }
}
