//! Phone numbers: `tel:` links, structured data, and the text of the page, where dates, tax numbers and ids also
//! look like numbers.

use std::collections::HashSet;

use rlibphonenumber::{
    PHONE_NUMBER_UTIL, PhoneNumber, PhoneNumberFormat, Region,
    phonenumber_matcher::{Leniency, PHONE_MATCHER_FACTORY},
};

use super::{clean, structured::Structured, view::View};
use crate::model::{Contact, ContactKind, ContactMethod};

/// The most numbers of one page.
const MAX_PHONES: usize = 50;
/// The most lines with digits that are searched for numbers.
const MAX_LINES: usize = 2_000;
/// The longest line that is searched; more is data, not text.
const MAX_LINE: usize = 2_000;
/// The fewest digits a number in a text has.
const MIN_DIGITS: usize = 7;

/// All numbers of a page, in the order of how they were found.
pub(super) fn find(view: &View<'_>, structured: &Structured, regions: Vec<Region>) -> Vec<Contact> {
    let mut phones = Phones { source: view.url.as_str(), regions, seen: HashSet::new(), found: Vec::new() };
    for anchor in &view.found.anchors {
        if let Some(raw) = tel(anchor.href) {
            phones.add_declared(&clean::percent_decoded(raw), ContactMethod::Tel);
        }
    }
    let microdata = view.found.itemprops.iter().filter(|prop| prop.name.eq_ignore_ascii_case("telephone"));
    for prop in microdata {
        let raw = prop.value.or_else(|| view.found.text.get(prop.start..prop.end)).unwrap_or_default();
        phones.add_declared(tel(raw).unwrap_or(raw), ContactMethod::JsonLd);
    }
    for raw in &structured.phones {
        phones.add_declared(tel(raw).unwrap_or(raw), ContactMethod::JsonLd);
    }
    phones.add_text(&view.found.text);
    phones.found
}

/// What a `tel:` link dials (RFC 3966), without parameters.
fn tel(href: &str) -> Option<&str> {
    let href = href.trim();
    let scheme = href.get(..4)?;
    let scheme_end = if scheme.eq_ignore_ascii_case("tel:") { 4 } else { return None };
    href[scheme_end..].trim_start_matches('/').split([';', '?']).next()
}

struct Phones<'a> {
    source: &'a str,
    regions: Vec<Region>,
    seen: HashSet<String>,
    found: Vec<Contact>,
}

impl Phones<'_> {
    /// A number that the page itself calls one.
    fn add_declared(&mut self, raw: &str, method: ContactMethod) {
        let raw = raw.trim();
        if raw.len() > 60 || digits(raw) < 5 {
            return;
        }
        match self.number(raw) {
            Some(number) => self.add(e164(&number), raw, method),
            None if self.regions.is_empty() && digits(raw) >= MIN_DIGITS && !is_placeholder(raw) => {
                if let Some(value) = clean::line(raw, 60) {
                    self.add(value, raw, method);
                }
            }
            None => {}
        }
    }

    fn add(&mut self, value: String, raw: &str, method: ContactMethod) {
        if self.found.len() < MAX_PHONES && self.seen.insert(value.clone()) {
            self.found.push(Contact {
                kind: ContactKind::Phone,
                value,
                raw: clean::line(raw, 60).unwrap_or_default(),
                method,
                role: false,
                source_url: self.source.to_owned(),
            });
        }
    }

    /// The number that a declared text stands for: valid in one of the likely regions, or international.
    fn number(&self, raw: &str) -> Option<PhoneNumber> {
        let text = international(raw);
        let valid = |text: &str, region: Option<Region>| {
            PHONE_NUMBER_UTIL.parse(text, region).ok().filter(PhoneNumber::is_valid)
        };
        let mut regions = self.regions.iter().copied().map(Some).chain([None]);
        let number = regions.find_map(|region| valid(&text, region)).or_else(|| {
            // `tel:4930123456`: the plus sign was forgotten.
            let digits: String = text.chars().filter(char::is_ascii_digit).collect();
            let number = valid(&format!("+{digits}"), None).filter(|_| digits.len() >= 10)?;
            number.get_region_code().filter(|region| self.regions.contains(region)).map(|_| number)
        })?;
        (!is_placeholder(&number.national_number.to_string())).then_some(number)
    }

    fn add_text(&mut self, text: &str) {
        let mut previous = "";
        let mut budget = MAX_LINES;
        for line in text.lines() {
            if digits(line) >= MIN_DIGITS && line.len() <= MAX_LINE && budget > 0 {
                budget -= 1;
                self.add_line(line, previous);
            }
            previous = line;
        }
    }

    /// The numbers of one line; the line before may hold their label.
    fn add_line(&mut self, line: &str, previous: &str) {
        let regions: Vec<Option<Region>> = if self.regions.is_empty() {
            vec![None]
        } else {
            self.regions.iter().copied().map(Some).collect()
        };
        let mut taken: Vec<(usize, usize)> = Vec::new();
        for region in regions {
            for found in PHONE_MATCHER_FACTORY.create_matcher(line, Leniency::Valid, 50, region) {
                let (start, end) = (found.start, found.end());
                if taken.iter().any(|(from, to)| start < *to && *from < end) {
                    continue;
                }
                if is_phone(line, previous, start, end)
                    && !is_placeholder(&found.number.national_number.to_string())
                {
                    taken.push((start, end));
                    self.add(e164(&found.number), found.raw_string, ContactMethod::Text);
                }
            }
        }
    }
}

/// `0049 30 …` and `+49 (0) 30 …` in the form that all parsers read.
fn international(raw: &str) -> String {
    let text = raw.replace("(0)", " ");
    match text.trim_start().strip_prefix("00") {
        Some(rest) if rest.starts_with(|c: char| ('1'..='9').contains(&c)) => format!("+{rest}"),
        _ => text,
    }
}

fn e164(number: &PhoneNumber) -> String {
    number.format_as(PhoneNumberFormat::E164).into_owned()
}

fn digits(text: &str) -> usize {
    text.bytes().filter(u8::is_ascii_digit).count()
}

/// Numbers of templates: one digit only, or counting up.
fn is_placeholder(text: &str) -> bool {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_digit).collect();
    let counts_up = digits.len() >= 8 && b"01234567890".windows(digits.len()).any(|run| run == digits);
    counts_up || digits.iter().all(|digit| Some(digit) == digits.first())
}

/// Whether what looks like a number at this place of a line is one: the words before it decide, else its form.
fn is_phone(line: &str, previous: &str, start: usize, end: usize) -> bool {
    let raw = &line[start..end];
    if is_date(raw) || has_odd_neighbours(line, start, end) {
        return false;
    }
    match label(line, previous, start) {
        Some(Label::Phone) => true,
        Some(Label::Other) => false,
        None => raw.starts_with('+') || raw.starts_with("00") || is_formatted(raw),
    }
}

enum Label {
    Phone,
    Other,
}

/// What the words before a number say: those of its line, or of a short line above when it begins its own.
fn label(line: &str, previous: &str, start: usize) -> Option<Label> {
    let before = &line[line[..start].char_indices().rev().take(40).last().map_or(start, |(at, _)| at)..start];
    let own = nearest_label(before);
    if own.is_none() && before.trim_matches([' ', ':', '.', '(']).is_empty() && previous.len() <= 40 {
        return nearest_label(previous);
    }
    own
}

/// The last label in a text.
fn nearest_label(text: &str) -> Option<Label> {
    let lower = text.to_lowercase();
    let last = |words: &[&str]| words.iter().filter_map(|word| last_word(&lower, word)).max();
    match (last(&PHONE_LABELS), last(&OTHER_LABELS)) {
        (Some(phone), Some(other)) if other > phone => Some(Label::Other),
        (Some(_), _) => Some(Label::Phone),
        (None, Some(_)) => Some(Label::Other),
        (None, None) => None,
    }
}

/// The end of the last place where a text has a word, begun as a word.
fn last_word(text: &str, word: &str) -> Option<usize> {
    text.rmatch_indices(word).find_map(|(at, _)| {
        let starts = !word.starts_with(|c: char| c.is_ascii_alphabetic())
            || text[..at].chars().next_back().is_none_or(|c| !c.is_alphanumeric());
        starts.then_some(at + word.len())
    })
}

const PHONE_LABELS: [&str; 37] = [
    "tel",
    "fon",
    "phone",
    "telephone",
    "téléphone",
    "teléfono",
    "telefono",
    "telefone",
    "mobil",
    "handy",
    "cell",
    "call",
    "ring",
    "hotline",
    "whatsapp",
    "sms",
    "t:",
    "t.",
    "m:",
    "p:",
    "ph:",
    "ph.",
    "tlf",
    "puh",
    "gsm",
    "móvil",
    "portable",
    "тел",
    "τηλ",
    "電話",
    "电话",
    "電話番号",
    "전화",
    "☎",
    "📞",
    "✆",
    "📱",
];
const OTHER_LABELS: [&str; 47] = [
    "fax",
    "telefax",
    "téléfax",
    "vat",
    "ust",
    "uid",
    "iban",
    "bic",
    "blz",
    "konto",
    "account",
    "hrb",
    "hra",
    "isbn",
    "issn",
    "doi",
    "siret",
    "siren",
    "rcs",
    "tva",
    "nif",
    "cif",
    "p.iva",
    "p. iva",
    "partita iva",
    "kvk",
    "btw",
    "steuer",
    "st.-nr",
    "tax",
    "ein",
    "abn",
    "acn",
    "crn",
    "nip",
    "regon",
    "krs",
    "ičo",
    "dič",
    "инн",
    "огрн",
    "order",
    "invoice",
    "art.",
    "artikel",
    "sku",
    "gtin",
];

/// `12.03.2024`, `2024-03-12`, `2019 - 2024`, with or without a time.
fn is_date(raw: &str) -> bool {
    let groups: Vec<&str> =
        raw.split(|c: char| !c.is_ascii_digit()).filter(|group| !group.is_empty()).collect();
    let number = |group: &str| group.parse::<u32>().unwrap_or(u32::MAX);
    let is_year = |group: &&str| group.len() == 4 && (1900..=2099).contains(&number(group));
    let is_small = |group: &str, most: u32| group.len() <= 2 && (1..=most).contains(&number(group));
    match groups.as_slice() {
        [first, second] => is_year(first) && is_year(second),
        [first, second, third, ..] => {
            (is_small(first, 31) && is_small(second, 31) && is_year(third))
                || (is_year(first) && is_small(second, 12) && is_small(third, 31))
                || (groups.len() == 3
                    && is_small(first, 31)
                    && is_small(second, 12)
                    && third.len() == 2
                    && !raw.contains(' '))
        }
        _ => false,
    }
}

/// Part of something longer: a price, a path, a decimal number, a colour, an id.
fn has_odd_neighbours(line: &str, start: usize, end: usize) -> bool {
    let before = line[..start].trim_end_matches([' ', '(']).chars().next_back();
    let touches = line[..start].chars().next_back();
    let after = line[end..].chars().next();
    let next = line[end..].trim_start().chars().next();
    matches!(before, Some('€' | '$' | '£' | '¥' | '#' | '=' | '№' | '§'))
        || matches!(touches, Some('/' | '.' | ',' | '_' | '@' | '-'))
        || touches.is_some_and(char::is_alphanumeric)
        || matches!(next, Some('€' | '$' | '£' | '%'))
        || matches!(after, Some('_' | '@' | '='))
        || after.is_some_and(|c| c.is_ascii_alphanumeric())
}

/// Written as people write numbers: in groups, and begun with a national prefix, a bracket or a group of three.
fn is_formatted(raw: &str) -> bool {
    let groups = raw.split(|c: char| !c.is_ascii_digit()).filter(|group| !group.is_empty()).count();
    let first = raw.split(|c: char| !c.is_ascii_digit()).find(|group| !group.is_empty()).map_or(0, str::len);
    groups >= 2 && (raw.starts_with(['0', '(']) || (groups >= 3 && (2..=4).contains(&first)))
}
