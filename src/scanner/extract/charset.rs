//! Bytes to text: byte order mark, HTTP header, meta element, else a guess from the bytes.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252, X_USER_DEFINED};
use memchr::memmem;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use url::{Host, Url};

/// How far into the page its meta element is looked for. The standard says 1,024 bytes; real pages are laxer.
const META_PRESCAN: usize = 8 << 10;

/// How many characters of several bytes prove that a page is UTF-8 whatever it declares. Texts in other encodings
/// are well-formed UTF-8 by accident only when they are very short.
const PROOF: usize = 4;

/// Decodes a page and says how. A page that declares UTF-8 but is not falls back to a guess, as much of the
/// web does so; one that declares something else but is UTF-8 was converted by a tool that left the declaration.
pub fn decode<'a>(body: &'a [u8], headers: &HeaderMap, url: &Url) -> (Cow<'a, str>, &'static Encoding) {
    if let Some((encoding, mark)) = Encoding::for_bom(body) {
        return (encoding.decode_without_bom_handling(&body[mark..]).0, encoding);
    }
    let declared = from_header(headers).or_else(|| from_meta(body));
    let other = declared.filter(|encoding| *encoding != UTF_8);
    // One pass both decodes and proves that the bytes are UTF-8.
    let encoding = match (std::str::from_utf8(body), other) {
        (Ok(text), None) => return (Cow::Borrowed(text), UTF_8),
        (Ok(text), Some(_)) if is_surely_utf_8(body) => return (Cow::Borrowed(text), UTF_8),
        (_, Some(encoding)) => encoding,
        (Err(error), None) if declared.is_some() && is_slip(body, error) => UTF_8,
        (Err(_), None) => guess(body, url),
    };
    (encoding.decode_without_bom_handling(body).0, encoding)
}

/// Whether well-formed UTF-8 has enough characters of several bytes to be no accident.
fn is_surely_utf_8(body: &[u8]) -> bool {
    body.iter().filter(|byte| **byte >= 0xc0).take(PROOF).count() == PROOF
}

/// Whether a page that declares UTF-8 is UTF-8 but for a slip or a cut at its end: it has more well-formed
/// sequences of several bytes than faults.
fn is_slip(body: &[u8], error: std::str::Utf8Error) -> bool {
    error.error_len().is_none() || {
        let (mut good, mut bad) = (0_usize, 0_usize);
        for chunk in body.utf8_chunks() {
            good += chunk.valid().bytes().filter(|byte| *byte >= 0xc0).count();
            bad += usize::from(!chunk.invalid().is_empty());
        }
        good > bad
    }
}

fn from_header(headers: &HeaderMap) -> Option<&'static Encoding> {
    let value = headers.get(CONTENT_TYPE)?.as_bytes();
    label_after(value, b"charset")
}

/// The encoding that a meta element declares near the start of the page.
fn from_meta(body: &[u8]) -> Option<&'static Encoding> {
    let start = &body[..body.len().min(META_PRESCAN)];
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'<', &start[at..]) {
        at += found + 1;
        if start[at..].starts_with(b"!--") {
            at += memmem::find(&start[at..], b"-->")?;
        } else if start[at..].get(..5).is_some_and(|name| name.eq_ignore_ascii_case(b"meta ")) {
            let end = memchr::memchr(b'>', &start[at..]).map_or(start.len(), |end| at + end);
            if let Some(encoding) = label_after(&start[at..end], b"charset") {
                return Some(meta_encoding(encoding));
            }
        }
    }
    None
}

/// What a meta element means by an encoding that it cannot itself be written in (HTML standard, "prescan a byte
/// stream").
fn meta_encoding(encoding: &'static Encoding) -> &'static Encoding {
    if encoding == UTF_16BE || encoding == UTF_16LE {
        UTF_8
    } else if encoding == X_USER_DEFINED {
        WINDOWS_1252
    } else {
        encoding
    }
}

/// The encoding named after `key =`, quoted or not.
fn label_after(text: &[u8], key: &[u8]) -> Option<&'static Encoding> {
    let at = text.windows(key.len()).position(|window| window.eq_ignore_ascii_case(key))?;
    let rest = text[at + key.len()..].trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
    let rest = rest.strip_prefix(b"\"").or_else(|| rest.strip_prefix(b"'")).unwrap_or(rest);
    let end = rest.iter().position(|c| b"\"'; \t\r\n/>,".contains(c)).unwrap_or(rest.len());
    Encoding::for_label(&rest[..end])
}

/// Guesses from the bytes and the country of the domain name.
fn guess(body: &[u8], url: &Url) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(body, true);
    detector.guess(top_level(url), Utf8Detection::Allow)
}

/// The top-level domain in the form that the detector demands.
fn top_level(url: &Url) -> Option<&[u8]> {
    let Some(Host::Domain(name)) = url.host() else { return None };
    let label = name.trim_end_matches('.').rsplit('.').next()?.as_bytes();
    let fits = |c: &u8| c.is_ascii_lowercase() || c.is_ascii_digit() || *c == b'-';
    (!label.is_empty() && label.iter().all(fits)).then_some(label)
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    fn decoded(body: &[u8], content_type: Option<&'static str>) -> (String, &'static str) {
        let mut headers = HeaderMap::new();
        if let Some(value) = content_type {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(value));
        }
        let url = Url::parse("https://beispiel.de/").unwrap();
        let (text, encoding) = decode(body, &headers, &url);
        (text.into_owned(), encoding.name())
    }

    #[test]
    fn a_byte_order_mark_wins_over_the_header() {
        let (text, name) = decoded(b"\xef\xbb\xbfB\xc3\xa4cker", Some("text/html; charset=iso-8859-1"));
        assert_eq!((text.as_str(), name), ("Bäcker", "UTF-8"));
    }

    #[test]
    fn the_header_wins_over_the_meta_element() {
        let page = b"<meta charset=shift_jis><p>B\xe4cker";
        assert!(decoded(page, Some("text/html; Charset=\"ISO-8859-1\"")).0.ends_with("Bäcker"));
    }

    #[test]
    fn a_meta_element_is_found_in_both_its_forms() {
        assert_eq!(
            decoded(b"<!-- <meta charset=utf-8> --><meta charset='windows-1251'>\xcf", None).1,
            "windows-1251"
        );
        let old = b"<META http-equiv=Content-Type content=\"text/html; charset=Shift_JIS\">\x93\xfa\x96\x7b";
        assert_eq!(decoded(old, None).1, "Shift_JIS");
    }

    #[test]
    fn a_page_that_wrongly_declares_utf_8_is_read_as_what_it_is() {
        let page = b"<meta charset=utf-8><p>Gr\xfc\xdfe aus M\xfcnchen, sch\xf6ne Gr\xfc\xdfe";
        let (text, name) = decoded(page, Some("text/html; charset=utf-8"));
        assert_eq!(name, "windows-1252");
        assert!(text.ends_with("Grüße aus München, schöne Grüße"), "{text}");
    }

    #[test]
    fn a_page_that_was_converted_to_utf_8_is_read_so_whatever_it_still_declares() {
        let page = "<meta charset=windows-1250><p>Příliš žluťoučký kůň".as_bytes();
        let (text, name) = decoded(page, Some("text/html; charset=iso-8859-2"));
        assert_eq!(name, "UTF-8");
        assert!(text.ends_with("Příliš žluťoučký kůň"), "{text}");
        // Two characters may be well-formed by accident.
        assert_eq!(
            decoded(b"<meta charset=gb2312>\xc1\xaa\xcd\xa8", None),
            ("<meta charset=gb2312>联通".to_owned(), "GBK")
        );
    }

    #[test]
    fn one_broken_byte_does_not_turn_a_utf_8_page_into_another() {
        let page = "Grüße aus München, schöne Grüße".as_bytes();
        let broken = [page, b" \xff ", page].concat();
        assert_eq!(decoded(&broken, Some("text/html; charset=utf-8")).1, "UTF-8");
        assert_eq!(decoded(&page[..3], Some("text/html; charset=utf-8")).1, "UTF-8");
    }

    #[test]
    fn without_any_declaration_the_bytes_decide() {
        assert_eq!(decoded("日本語のページです".as_bytes(), None).1, "UTF-8");
        assert_eq!(decoded(b"Stra\xdfe und Gr\xfc\xdfe", None).1, "windows-1252");
    }
}
