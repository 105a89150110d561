//! Pages that are nothing but a sign to another one: `<meta http-equiv="refresh" content="0; url=/start">`.

use std::sync::LazyLock;

use regex::Regex;
use url::Url;

/// A page longer than this says something itself, and is read as it is.
const MAX_SIGN_BYTES: usize = 8 << 10;

/// A longer pause leaves people the time to read the page.
const MAX_PAUSE_SECONDS: u32 = 5;

static PATTERNS: LazyLock<Option<Patterns>> = LazyLock::new(|| Patterns::new().ok());

struct Patterns {
    /// What browsers do not take for part of the page: comments, scripts, and what stands in for scripts.
    hidden: Regex,
    meta: Regex,
    refresh: Regex,
    content: Regex,
    /// A pause in seconds and an address.
    sign: Regex,
}

impl Patterns {
    fn new() -> Result<Self, regex::Error> {
        Ok(Self {
            hidden: Regex::new(
                r"(?is)<!--.*?-->|<script(?-u:\b).*?</script>|<noscript(?-u:\b).*?</noscript>|<template(?-u:\b).*?</template>",
            )?,
            meta: Regex::new(r"(?is)<meta\s[^>]*>")?,
            refresh: Regex::new(r#"(?i)http-equiv\s*=\s*["']?\s*refresh(?-u:\b)"#)?,
            content: Regex::new(r#"(?is)(?-u:\b)content\s*=\s*(?:"([^"]*)"|'([^']*)')"#)?,
            sign: Regex::new(r#"(?is)^\s*(\d{1,3})(?:\.\d*)?\s*[;,]\s*url\s*=\s*["']?([^"']+)"#)?,
        })
    }
}

/// Where a page sends its visitors at once, if it is such a sign.
pub(super) fn target(page: &[u8], url: &Url) -> Option<Url> {
    if page.len() > MAX_SIGN_BYTES {
        return None;
    }
    let patterns = PATTERNS.as_ref()?;
    let page = String::from_utf8_lossy(page);
    let page = patterns.hidden.replace_all(&page, "");
    let tag = patterns.meta.find_iter(&page).find(|tag| patterns.refresh.is_match(tag.as_str()))?;
    let content = patterns.content.captures(tag.as_str())?;
    let content = content.get(1).or(content.get(2))?.as_str().replace("&amp;", "&");
    let sign = patterns.sign.captures(&content)?;
    if sign[1].parse::<u32>().ok()? > MAX_PAUSE_SECONDS {
        return None;
    }
    let mut target = url.join(sign[2].trim()).ok()?;
    target.set_fragment(None);
    (target != *url).then_some(target)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target_of(page: &str) -> Option<String> {
        target(page.as_bytes(), &Url::parse("http://a.test/").unwrap()).map(String::from)
    }

    #[test]
    fn a_sign_is_read_in_the_ways_it_is_written() {
        for page in [
            r#"<meta http-equiv="refresh" content="0; url=/start">"#,
            "<META HTTP-EQUIV=Refresh CONTENT='0;URL=http://a.test/start'/>",
            r#"<html><head><title>Moved</title><meta content="3 ; url='start'" http-equiv='refresh'></head></html>"#,
            "<meta\nhttp-equiv=\"refresh\"\ncontent=\"0.5;\nurl=start#top\">",
        ] {
            assert_eq!(target_of(page).as_deref(), Some("http://a.test/start"), "{page}");
        }
    }

    #[test]
    fn what_is_no_sign_for_visitors_is_none() {
        for page in [
            r#"<meta http-equiv="refresh" content="300; url=/start">"#,
            r#"<meta http-equiv="refresh" content="5">"#,
            r#"<meta http-equiv="refresh" content="0; url=/">"#,
            r#"<noscript><meta http-equiv="refresh" content="0; url=/no-script"></noscript>"#,
            r#"<!-- <meta http-equiv="refresh" content="0; url=/start"> -->"#,
            r#"<meta name="description" content="0; url=/start">"#,
            r#"<meta http-equiv="refresh" content="0; url=http://[bad">"#,
        ] {
            assert_eq!(target_of(page), None, "{page}");
        }
        let long =
            format!(r#"<meta http-equiv="refresh" content="0; url=/start">{}"#, "x".repeat(MAX_SIGN_BYTES));
        assert_eq!(target_of(&long), None);
    }
}
