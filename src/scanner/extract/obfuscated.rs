//! Addresses written so that simple readers miss them: `info [at] firma [dot] de`.

use std::sync::LazyLock;

use memchr::memmem;
use regex::{Captures, Regex};

/// The most marks of each kind that are looked at.
const MAX_MARKS: usize = 100;
/// How many bytes before and after a mark are looked at.
const BEFORE: usize = 140;
const AFTER: usize = 300;

/// A hidden address, plain and as written.
pub(super) struct Hidden {
    pub(super) address: String,
    pub(super) raw: String,
}

/// `(at)`, `[at]`, `{ät}`, `<at>` and their likes between a name and a host, whose dots may be hidden as well.
static MARKED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?i)([a-z0-9][a-z0-9._+-]{0,63})[ \u00a0]?[\[({<|*][ \u00a0]?(?:at|ät|a|@|arroba|chez|bei|snail|affenschwanz)[ \u00a0]?[\])}>|*][ \u00a0]?",
        r"([a-z0-9äöü-]{1,63}(?:[ \u00a0]?(?:[\[({<|*][ \u00a0]?(?:dot|punkt|point|punto|ponto|\.)[ \u00a0]?[\])}>|*]|\.)[ \u00a0]?[a-z0-9äöü-]{1,63}){1,4})",
    ))
    .ok()
});

/// `info at firma dot de`, with every mark spelt out.
static SPELT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?i)(?-u:\b)([a-z0-9][a-z0-9._+-]{0,63})[ \u00a0](?:at|ät)[ \u00a0]([a-z0-9-]{1,63}",
        r"(?:[ \u00a0](?:dot|punkt)[ \u00a0][a-z0-9-]{1,63}){1,3})(?-u:\b)",
    ))
    .ok()
});

/// `info @ firma.de` at the start of a line or after a colon; elsewhere it may be part of a sentence.
static SPACED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)(?:\n|:[ \u00a0]?)([a-z0-9][a-z0-9._+-]{0,63})[ \u00a0]@[ \u00a0]([a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,4})")
        .ok()
});

/// The hidden addresses of a text. The expressions look only at the surroundings of the marks, so that no text makes
/// them slow.
pub(super) fn find(text: &str) -> Vec<Hidden> {
    let mut found = Vec::new();
    collect(MARKED.as_ref(), text, marks(text), &mut found);
    let dots = [" dot ", " punkt ", " DOT "].iter().flat_map(|word| memmem::find_iter(text.as_bytes(), word));
    collect(SPELT.as_ref(), text, dots, &mut found);
    collect(SPACED.as_ref(), text, memmem::find_iter(text.as_bytes(), " @ "), &mut found);
    found
}

/// Where a bracket stands right before something that may be an `at`.
fn marks(text: &str) -> impl Iterator<Item = usize> {
    let bytes = text.as_bytes();
    let brackets =
        memchr::memchr3_iter(b'(', b'[', b'{', bytes).chain(memchr::memchr3_iter(b'<', b'|', b'*', bytes));
    brackets.filter(|at| {
        let rest = bytes.get(at + 1..).unwrap_or_default();
        let rest = rest.strip_prefix(b" ").unwrap_or(rest);
        matches!(rest.first(), Some(b'a' | b'A' | b'@' | b'c' | b'b' | b's' | 0xc3))
    })
}

/// Matches the expression around each mark, and takes what the mark is part of.
fn collect(regex: Option<&Regex>, text: &str, marks: impl Iterator<Item = usize>, found: &mut Vec<Hidden>) {
    let Some(regex) = regex else { return };
    for mark in marks.take(MAX_MARKS) {
        let start = text.floor_char_boundary(mark.saturating_sub(BEFORE));
        let around = &text[start..text.ceil_char_boundary(mark + AFTER)];
        let is_part = |matched: &Captures<'_>| {
            matched.get(0).is_some_and(|whole| whole.range().contains(&(mark - start)))
        };
        found.extend(regex.captures_iter(around).find(is_part).map(|matched| hidden(&matched)));
    }
}

fn hidden(matched: &Captures<'_>) -> Hidden {
    let labels = matched[2].split(|c: char| !(c.is_alphanumeric() || c == '-'));
    let host: Vec<&str> = labels.filter(|label| !label.is_empty() && !is_dot(label)).collect();
    Hidden {
        address: format!("{}@{}", &matched[1], host.join(".")),
        raw: matched[0].trim_start_matches([':', ' ', '\n']).to_owned(),
    }
}

fn is_dot(label: &str) -> bool {
    ["dot", "punkt", "point", "punto", "ponto"].iter().any(|word| label.eq_ignore_ascii_case(word))
}

/// The link behind a token of TYPO3's spam protection: letters, digits and signs are each shifted around their range
/// by a number that is given elsewhere, and found here by trying.
pub(super) fn unshifted(token: &str) -> Option<String> {
    const MAX_SHIFT: i32 = 25;
    if token.len() > 400 {
        return None;
    }
    let links = (-MAX_SHIFT..=MAX_SHIFT).map(|shift| token.chars().map(|c| shifted(c, shift)).collect());
    let mut links = links.filter(|link: &String| link.starts_with("mailto:"));
    links.next()
}

fn shifted(c: char, shift: i32) -> char {
    const RANGES: [(u8, u8); 3] = [(b'+', b':'), (b'@', b'Z'), (b'a', b'z')];
    let Ok(code) = u8::try_from(c) else { return c };
    let Some((first, last)) = RANGES.iter().find(|(first, last)| (*first..=*last).contains(&code)) else {
        return c;
    };
    let size = i32::from(last - first) + 1;
    let place = (i32::from(code - first) + shift).rem_euclid(size);
    u8::try_from(place).map_or(c, |place| char::from(first + place))
}

/// Decodes base 64 (RFC 4648, section 4), as Joomla hides the parts of addresses.
pub(super) fn base64(code: &str) -> Option<String> {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let code = code.trim().trim_end_matches('=');
    if code.len() > 200 {
        return None;
    }
    let (mut bytes, mut held, mut bits) = (Vec::new(), 0_u32, 0);
    for letter in code.bytes() {
        let value = LETTERS.iter().position(|own| *own == letter)?;
        held = (held << 6 | u32::try_from(value).ok()?) & 0xffff;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits & 0xff).ok()?);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scanner::extract::email_address;

    fn addresses(text: &str) -> Vec<String> {
        find(text).iter().filter_map(|hidden| email_address::address_on("", &hidden.address)).collect()
    }

    #[test]
    fn the_usual_disguises_are_seen_through() {
        for text in [
            "Mail: info [at] firma [dot] de",
            "info(at)firma.de",
            "info (at) firma (punkt) de",
            "info{at}firma.de.",
            "info[@]firma.de",
            "INFO(ät)firma.de",
            "info at firma dot de",
            "write to info at firma dot de please",
            "Reservierung: info @ firma.de",
        ] {
            assert_eq!(addresses(text), ["info@firma.de"], "{text}");
        }
    }

    #[test]
    fn shifted_links_are_shifted_back() {
        for token in ["ocknvq,kphqBhktoc0fg", "jxfiql7fkclXcfojx+ab"] {
            assert_eq!(unshifted(token).as_deref(), Some("mailto:info@firma.de"), "{token}");
        }
        assert_eq!(unshifted("nothing:special"), None);
    }

    #[test]
    fn base_64_is_decoded() {
        for (code, text) in
            [("aW5mbw==", Some("info")), ("ZmlybWEuZGU=", Some("firma.de")), ("", Some("")), ("a-b", None)]
        {
            assert_eq!(base64(code).as_deref(), text, "{code}");
        }
    }

    #[test]
    fn ordinary_sentences_hide_no_address() {
        for text in [
            "Meet us at example (at noon).",
            "look at dot com",
            "we are (at last) there",
            "a [a] b.c",
            "x at y dot zzzz",
            "meet us @ firma.de",
        ] {
            assert!(addresses(text).is_empty(), "{text}");
        }
    }
}
