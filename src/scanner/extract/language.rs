//! The language of a page: what it declares, else what its text looks like.

use std::borrow::Cow;

use whatlang::Lang;

use super::{function_words, view::View};

/// The least confidence with which a guess from the text is believed.
const MIN_CONFIDENCE: f64 = 0.85;
/// How much text the guess reads, in bytes.
const SAMPLE: usize = 2 << 10;
/// The length in bytes from which a line is taken for a sentence.
const MIN_SENTENCE: usize = 50;
/// How much text it needs, in characters.
const MIN_SAMPLE: usize = 40;

/// The language as a BCP 47 tag: `<html lang>`, `Content-Language`, `og:locale`, else a guess.
pub(super) fn language(view: &View<'_>) -> Option<String> {
    let declared = [
        view.found.lang,
        view.header("content-language"),
        view.meta("content-language"),
        view.meta("og:locale"),
        view.meta("language"),
        view.meta("dc.language"),
    ];
    declared.into_iter().flatten().find_map(tag).or_else(|| guess(&view.found.text))
}

/// Normalises a tag (RFC 5646, section 2.1.1): `de_at.UTF-8` becomes `de-AT`. Of a list, the first counts.
pub(super) fn tag(text: &str) -> Option<String> {
    let first = text.split([',', ';', ' ', '.', '@']).map(str::trim).find(|part| !part.is_empty())?;
    let mut tag = String::new();
    for (index, part) in first.split(['-', '_']).enumerate().take(4) {
        let is_alpha = part.bytes().all(|c| c.is_ascii_alphabetic());
        let is_alnum = part.bytes().all(|c| c.is_ascii_alphanumeric());
        match (index, part.len()) {
            (0, 2 | 3) if is_alpha => tag.push_str(&part.to_ascii_lowercase()),
            (0, _) => return None,
            (_, 4) if is_alpha => push(&mut tag, &title_case(part)),
            (_, 2) if is_alpha => push(&mut tag, &part.to_ascii_uppercase()),
            (_, 3..=8) if is_alnum => push(&mut tag, &part.to_ascii_lowercase()),
            _ => break,
        }
    }
    (!matches!(tag.as_str(), "und" | "mul" | "zxx" | "xx")).then(|| usual(&tag))
}

/// Tags in their usual form: the two-letter code where a language has one, and its code where that of a country
/// stands.
fn usual(tag: &str) -> String {
    const USUAL: [(&str, &str); 26] = [
        ("ces", "cs"),
        ("cn", "zh"),
        ("cz", "cs"),
        ("dan", "da"),
        ("deu", "de"),
        ("dk", "da"),
        ("eng", "en"),
        ("fra", "fr"),
        ("fre", "fr"),
        ("gb", "en"),
        ("ger", "de"),
        ("gr", "el"),
        ("ita", "it"),
        ("jp", "ja"),
        ("jpn", "ja"),
        ("kr", "ko"),
        ("nld", "nl"),
        ("dut", "nl"),
        ("pol", "pl"),
        ("por", "pt"),
        ("rus", "ru"),
        ("spa", "es"),
        ("swe", "sv"),
        ("tur", "tr"),
        ("us", "en"),
        ("zho", "zh"),
    ];
    let (language, rest) = tag.split_at(tag.find('-').unwrap_or(tag.len()));
    let found = USUAL.iter().find(|(own, _)| *own == language);
    found.map_or_else(|| tag.to_owned(), |(_, usual)| format!("{usual}{rest}"))
}

fn push(tag: &mut String, part: &str) {
    tag.push('-');
    tag.push_str(part);
}

fn title_case(part: &str) -> String {
    let lower = part.to_ascii_lowercase();
    let mut chars = lower.chars();
    chars.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(chars).collect()
}

fn guess(text: &str) -> Option<String> {
    let sample = sample(text);
    if sample.chars().filter(|c| c.is_alphabetic()).count() < MIN_SAMPLE {
        return None;
    }
    if let Some(code) = function_words::language(&sample) {
        return Some(code.to_owned());
    }
    let info = whatlang::detect(&sample)?;
    (info.is_reliable() || info.confidence() >= MIN_CONFIDENCE).then(|| short_code(info.lang()).to_owned())
}

/// The first sentences of a text; where it has none, whatever it begins with. Menus are names more than language.
fn sample(text: &str) -> Cow<'_, str> {
    let mut sentences = String::new();
    for line in text.lines().filter(|line| line.len() >= MIN_SENTENCE) {
        sentences.push_str(&line[..line.floor_char_boundary(SAMPLE)]);
        sentences.push('\n');
        if sentences.len() >= SAMPLE {
            break;
        }
    }
    if sentences.len() < MIN_SENTENCE {
        Cow::Borrowed(&text[..text.floor_char_boundary(SAMPLE)])
    } else {
        Cow::Owned(sentences)
    }
}

/// The shortest code of a language (ISO 639-1 where it has one).
fn short_code(lang: Lang) -> &'static str {
    match lang {
        Lang::Afr => "af",
        Lang::Aka => "ak",
        Lang::Amh => "am",
        Lang::Ara => "ar",
        Lang::Aze => "az",
        Lang::Bel => "be",
        Lang::Ben => "bn",
        Lang::Bul => "bg",
        Lang::Cat => "ca",
        Lang::Ces => "cs",
        Lang::Cmn => "zh",
        Lang::Cym => "cy",
        Lang::Dan => "da",
        Lang::Deu => "de",
        Lang::Ell => "el",
        Lang::Eng => "en",
        Lang::Epo => "eo",
        Lang::Est => "et",
        Lang::Fin => "fi",
        Lang::Fra => "fr",
        Lang::Guj => "gu",
        Lang::Heb => "he",
        Lang::Hin => "hi",
        Lang::Hrv => "hr",
        Lang::Hun => "hu",
        Lang::Hye => "hy",
        Lang::Ind => "id",
        Lang::Ita => "it",
        Lang::Jav => "jv",
        Lang::Jpn => "ja",
        Lang::Kan => "kn",
        Lang::Kat => "ka",
        Lang::Khm => "km",
        Lang::Kor => "ko",
        Lang::Lat => "la",
        Lang::Lav => "lv",
        Lang::Lit => "lt",
        Lang::Mal => "ml",
        Lang::Mar => "mr",
        Lang::Mkd => "mk",
        Lang::Mya => "my",
        Lang::Nep => "ne",
        Lang::Nld => "nl",
        Lang::Nob => "nb",
        Lang::Ori => "or",
        Lang::Pan => "pa",
        Lang::Pes => "fa",
        Lang::Pol => "pl",
        Lang::Por => "pt",
        Lang::Ron => "ro",
        Lang::Rus => "ru",
        Lang::Sin => "si",
        Lang::Slk => "sk",
        Lang::Slv => "sl",
        Lang::Sna => "sn",
        Lang::Spa => "es",
        Lang::Srp => "sr",
        Lang::Swe => "sv",
        Lang::Tam => "ta",
        Lang::Tel => "te",
        Lang::Tgl => "tl",
        Lang::Tha => "th",
        Lang::Tuk => "tk",
        Lang::Tur => "tr",
        Lang::Ukr => "uk",
        Lang::Urd => "ur",
        Lang::Uzb => "uz",
        Lang::Vie => "vi",
        Lang::Yid => "yi",
        Lang::Zul => "zu",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_get_their_normal_form() {
        for (given, expected) in [
            ("EN", Some("en")),
            ("de_at.UTF-8", Some("de-AT")),
            ("zh-hant-tw", Some("zh-Hant-TW")),
            ("fr, en", Some("fr")),
            ("es-419", Some("es-419")),
            ("eng", Some("en")),
            ("jp-JP", Some("ja-JP")),
            ("english", None),
            ("und", None),
            ("{{lang}}", None),
            ("", None),
        ] {
            assert_eq!(tag(given).as_deref(), expected, "{given}");
        }
    }

    #[test]
    fn a_text_without_declaration_is_guessed_only_when_there_is_enough_of_it() {
        let text = "Unsere Bäckerei backt seit drei Generationen Brot und Brötchen nach alten Rezepten, und das schmeckt man.";
        assert_eq!(guess(text).as_deref(), Some("de"));
        assert_eq!(guess("日本語の文章です。私たちの会社は東京にあります。お気軽にお問い合わせください。よろしくお願いいたします。").as_deref(), Some("ja"));
        assert_eq!(guess("Menu Home"), None);
    }
}
