//! Text made fit to be kept: trimmed, white space collapsed, bounded, without control characters.

use std::borrow::Cow;

use url::Url;

/// The most characters of a title.
pub(super) const MAX_TITLE: usize = 500;
/// The most characters of a description or another text.
pub(super) const MAX_TEXT: usize = 2_000;
/// The most bytes of an address.
pub(super) const MAX_URL_BYTES: usize = 2_048;

/// Collapses white space, drops control characters (U+0000 among them) and the marks that only steer layout,
/// and cuts after `limit` characters. None when nothing is left.
pub(super) fn line(text: &str, limit: usize) -> Option<String> {
    let mut out = String::with_capacity(text.len().min(limit));
    let mut left = limit;
    let mut gap = false;
    for c in text.chars() {
        if is_space(c) {
            gap = !out.is_empty();
            continue;
        }
        if c.is_control() || is_invisible(c) {
            continue;
        }
        if left <= usize::from(gap) {
            break;
        }
        if gap {
            out.push(' ');
            left -= 1;
            gap = false;
        }
        out.push(c);
        left -= 1;
    }
    (!out.is_empty()).then_some(out)
}

/// White space as readers see it, the no-break spaces included.
pub(super) fn is_space(c: char) -> bool {
    c.is_whitespace()
}

/// Characters without width or ink: soft hyphen, zero-width space, direction marks, byte order mark.
pub(super) fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{2066}'..='\u{2069}'
            | '\u{feff}'
    )
}

/// Resolves a link of the page to an http or https address of bounded length.
pub(super) fn web_url(base: &Url, href: &str) -> Option<Url> {
    let href = href.trim();
    if href.is_empty() || href.len() > MAX_URL_BYTES {
        return None;
    }
    let url = base.join(href).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.as_str().len() <= MAX_URL_BYTES).then_some(url)
}

/// Decodes `%xx` in an address, as far as the result is UTF-8.
pub(super) fn percent_decoded(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code = (bytes[at] == b'%').then(|| hex_byte(bytes.get(at + 1..at + 3)?)).flatten();
        out.push(code.unwrap_or(bytes[at]));
        at += if code.is_some() { 3 } else { 1 };
    }
    String::from_utf8(out).map_or(Cow::Borrowed(text), Cow::Owned)
}

/// The value of two hexadecimal digits.
pub(super) fn hex_byte(digits: &[u8]) -> Option<u8> {
    let [high, low] = digits else { return None };
    let digit = |c: u8| char::from(c).to_digit(16).and_then(|value| u8::try_from(value).ok());
    Some(digit(*high)? << 4 | digit(*low)?)
}

/// Whether `text` has `word`, given in lower case, anywhere in it, whatever the case.
pub(super) fn contains_word(text: &str, word: &str) -> bool {
    let (text, word) = (text.as_bytes(), word.as_bytes());
    let Some(first) = word.first() else { return true };
    let is_here =
        |at: usize| text.get(at..at + word.len()).is_some_and(|part| part.eq_ignore_ascii_case(word));
    memchr::memchr2_iter(*first, first.to_ascii_uppercase(), text).any(is_here)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_single_spaces_and_no_control_characters() {
        assert_eq!(line("  A\n\t title\u{a0}\u{0}here \u{200b}", 100).as_deref(), Some("A title here"));
        assert_eq!(line(" \u{0}\n", 100), None);
    }

    #[test]
    fn a_line_is_cut_after_its_limit_in_characters() {
        assert_eq!(line("äöüß", 3).as_deref(), Some("äöü"));
        assert_eq!(line("ab cd", 3).as_deref(), Some("ab"));
    }

    #[test]
    fn a_word_is_found_in_any_case_at_any_place() {
        for text in ["wp-content", "/WP-Content/x", "wp-wp-content", "äwP-CONTENT"] {
            assert!(contains_word(text, "wp-content"), "{text}");
        }
        for text in ["", "wp-conten", "wp_content", "w"] {
            assert!(!contains_word(text, "wp-content"), "{text}");
        }
    }

    #[test]
    fn percent_codes_are_decoded_where_they_are_utf_8() {
        assert_eq!(percent_decoded("caf%C3%A9%20%zz%4"), "café %zz%4");
        assert_eq!(percent_decoded("%ff"), "%ff");
    }
}
