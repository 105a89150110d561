//! Whether what looks like a phone number in a text is one: its form and the words around it.

use std::{ops::Range, sync::LazyLock};

use aho_corasick::AhoCorasick;

/// What tells that something is a phone number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    /// The words around it.
    Label,
    /// Only how it is written.
    Form,
}

/// What tells that what looks like a number at this place of a line is one: the words around it decide, else its form.
pub(super) fn phone_sign(line: &str, previous: &str, start: usize, end: usize) -> Option<Sign> {
    let raw = &line[start..end];
    if has_date(raw) || has_odd_neighbours(line, start, end) {
        return None;
    }
    match label(line, previous, start..end) {
        Some(Label::Phone) => Some(Sign::Label),
        Some(Label::Fax | Label::Other) => None,
        None if is_counted(&line[..start]) => None,
        None => (raw.starts_with('+') || raw.starts_with("00") || is_formatted(raw)).then_some(Sign::Form),
    }
}

/// Whether the last word before a number is that of some count of things: `Mitgliedsnummer`, `Kod`, `Ref.`
fn is_counted(before: &str) -> bool {
    const WORDS: &str = "code kod cod ref réf referenz kenmerk stock serial lot id nr no art";
    let text = before.trim_end_matches([' ', ':', '.', '#', '\u{a0}']);
    let start = text.rfind(|c: char| !c.is_alphabetic()).map_or(0, |at| text.ceil_char_boundary(at + 1));
    let word = text[start..].to_lowercase();
    WORDS.split(' ').any(|own| own == word)
        || ["nummer", "number", "numéro", "número", "schein"].iter().any(|end| word.ends_with(end))
}

/// Whether the words before a number in its line say that it is one of a fax machine.
pub(super) fn is_fax(before: &str) -> bool {
    matches!(label(before, "", before.len()..before.len()), Some(Label::Fax))
}

#[derive(Clone, Copy)]
enum Label {
    Phone,
    Fax,
    Other,
}

/// What the words around a number say: those before it in its line, a fax behind it, or those of a short line above
/// when it begins its own.
fn label(line: &str, previous: &str, number: Range<usize>) -> Option<Label> {
    let before = &line[..number.start];
    let before = &before[before.char_indices().rev().take(40).last().map_or(number.start, |(at, _)| at)..];
    if is_lone_f(before) {
        return Some(Label::Fax);
    }
    let own = nearest_label(before, usize::MAX);
    // A label with a number of its own behind it speaks of that one.
    let is_taken = before.bytes().filter(u8::is_ascii_digit).count() >= MIN_DIGITS;
    if (own.is_none() || is_taken) && is_fax_after(&line[number.end..]) {
        return Some(Label::Fax);
    }
    if own.is_none() && before.trim_matches([' ', ':', '.', '(']).is_empty() && previous.len() <= 40 {
        return nearest_label(previous, MAX_AFTER_LABEL);
    }
    own
}

/// The fewest digits of a number.
const MIN_DIGITS: usize = 7;

/// How many bytes may follow a label at the end of a line for it to speak of the next line.
const MAX_AFTER_LABEL: usize = 12;

/// `F 030 123`, `F: 030 123`: a letter for the fax, as others stand for phones.
fn is_lone_f(before: &str) -> bool {
    let word = before.trim_end_matches([' ', ':', '.', '\u{a0}']);
    word.strip_suffix(['F', 'f']).is_some_and(|rest| !rest.ends_with(char::is_alphanumeric))
}

/// `(fax)`, `fax`, `[main fax line]` behind a number, where no further number follows that it could speak of.
fn is_fax_after(after: &str) -> bool {
    let end = after.char_indices().nth(24).map_or(after.len(), |(at, _)| at);
    let near = after[..end].to_lowercase();
    if near.trim_start().starts_with("(f)") {
        return true;
    }
    let Some(at) = near.find("fax") else { return false };
    let between = &near[..at];
    between.len() <= 8
        && between.chars().all(|c| c.is_alphabetic() || " ([-–,".contains(c))
        && !near[at..].contains(|c: char| c.is_ascii_digit() || c == ':')
}

/// The last label in a text that begins as a word, and has at most so many bytes behind it.
fn nearest_label(text: &str, most_after: usize) -> Option<Label> {
    let lower = text.to_lowercase();
    let labels = LABELS.as_ref()?;
    let mut last: Option<(usize, Label)> = None;
    for found in labels.finder.find_overlapping_iter(&lower) {
        let begins = lower[..found.start()].chars().next_back().is_none_or(|c| !c.is_alphanumeric());
        let is_word = begins || !lower.as_bytes()[found.start()].is_ascii_alphabetic();
        let label = labels.of(found.pattern().as_usize());
        // Short words for other numbers begin many words; only phones and faxes have endings (`Faxnummer`).
        let ends = lower[found.end()..].chars().next().is_none_or(|c| !c.is_alphanumeric());
        let fits = is_word && (ends || !matches!(label, Label::Other) || found.len() > 5);
        let is_phone = matches!(label, Label::Phone);
        if fits && last.is_none_or(|(end, _)| found.end() > end || (found.end() == end && is_phone)) {
            last = Some((found.end(), label));
        }
    }
    last.filter(|(end, _)| lower.len() - end <= most_after).map(|(_, label)| label)
}

/// All labels: those of phones, of faxes, and of other numbers.
struct Labels {
    finder: AhoCorasick,
    phones: usize,
    faxes: usize,
}

impl Labels {
    fn of(&self, word: usize) -> Label {
        if word < self.phones {
            Label::Phone
        } else if word < self.phones + self.faxes {
            Label::Fax
        } else {
            Label::Other
        }
    }
}

static LABELS: LazyLock<Option<Labels>> = LazyLock::new(|| {
    let words = [PHONE_LABELS, FAX_LABELS, OTHER_LABELS].into_iter().flat_map(|words| words.split('|'));
    let finder = AhoCorasick::new(words).ok()?;
    let count = |words: &str| words.split('|').count();
    Some(Labels { finder, phones: count(PHONE_LABELS), faxes: count(FAX_LABELS) })
});

/// What is written before a phone number, in lower case.
const PHONE_LABELS: &str = "tel|fon|ruf|rufnummer|durchwahl|phone|freephone|toll free|toll-free|freecall|telephone|téléphone|teléfono|telefono|telefone|mobil|handy|cell|call|ring|hotline|\
    whatsapp|sms|t:|t.|m:|p:|ph:|ph.|tlf|puh|gsm|móvil|portable|тел|τηλ|電話|电话|電話番号|전화|연락처|تلفن|هاتف|טל|טלפון|☎|📞|✆|📱";

/// What is written before the number of a fax machine, in lower case.
const FAX_LABELS: &str = "fax|efax|e-fax|telefax|téléfax|facsimile|facsímil|facs.|telefaks|faks|факс|φαξ|传真|傳真|ファックス|ファクス|ｆａｘ|팩스";

/// What is written before other numbers, in lower case.
const OTHER_LABELS: &str = "vat|ust|uid|iban|bic|blz|konto|kontonummer|account no|account number|account #|hrb|hra|isbn|issn|doi|siret|siren|rcs|\
    tva|nif|cif|p.iva|p. iva|partita iva|kvk|btw|steuer|st.-nr|tax|ein|abn|acn|crn|nip|regon|krs|ičo|\
    dič|инн|огрн|order|invoice|art.|artikel|sku|gtin|ean|company no|company number|company reg|registration|\
    reg. no|reg no|charity|licence|license|cnpj|cpf|cui|orgnr|org.nr|org. nr|cvr|y-tunnus|ico|dic|oib|eik|\
    mwst|handelsregister|amtsgericht|kundennummer|customer no|version|build no|build number|zip|plz|postcode";

/// Whether a text holds a date: `12.03.2024`, `2024-03-12`, `06.11.23 - 14`, `2019 - 2024`, with or without a time.
fn has_date(raw: &str) -> bool {
    let groups: Vec<&str> =
        raw.split(|c: char| !c.is_ascii_digit()).filter(|group| !group.is_empty()).collect();
    // `2019 - 2024`, and `0316/2011`: the second number of its year.
    let years = groups.len() == 2 && is_year(groups[1]) && (is_year(groups[0]) || raw.contains('/'));
    years
        || is_time_span(raw, &groups)
        || groups.windows(3).enumerate().any(|(at, date)| is_date(raw, at, date))
}

/// `09.00 - 18.00`: hours of opening.
fn is_time_span(raw: &str, groups: &[&str]) -> bool {
    let is_time = |hour: &str, minute: &str| {
        let at = |text: &str, most: u32| text.parse().is_ok_and(|number: u32| number <= most);
        hour.len() <= 2 && minute.len() == 2 && at(hour, 24) && at(minute, 59)
    };
    let [one, two, three, four] = groups else { return false };
    is_time(one, two)
        && is_time(three, four)
        && raw.contains(&format!("{one}.{two}"))
        && raw.contains(&format!("{three}.{four}"))
}

/// Whether three groups of digits in a row are a date. One with a short year stands at the start, between marks of
/// one kind and by itself: groups of two digits are also how numbers are written.
fn is_date(raw: &str, at: usize, date: &[&str]) -> bool {
    let [first, second, third] = date else { return false };
    let number = |group: &str| group.parse::<u32>().unwrap_or(u32::MAX);
    let is_small = |group: &str, most: u32| group.len() <= 2 && (1..=most).contains(&number(group));
    let is_day_first = is_small(first, 31) && is_small(second, 31);
    let is_short = |mark: char| {
        let rest = raw.strip_prefix(&format!("{first}{mark}{second}{mark}{third}"));
        third.len() == 2 && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    };
    (is_day_first && is_year(third))
        || (is_year(first) && is_small(second, 12) && is_small(third, 31))
        || (at == 0 && is_day_first && number(second) <= 12 && ['.', '/', '-'].into_iter().any(is_short))
        // `02.02. - 23.02.23`: a span of days.
        || (is_day_first && number(second) <= 12 && raw.contains(&format!("{first}.{second}. ")))
}

fn is_year(group: &str) -> bool {
    group.len() == 4 && group.parse().is_ok_and(|year: u32| (1900..=2099).contains(&year))
}

/// Part of something longer: a price, a path, a decimal number, a colour, an id.
fn has_odd_neighbours(line: &str, start: usize, end: usize) -> bool {
    let before = line[..start].trim_end_matches([' ', '(']).chars().next_back();
    let touches = line[..start].chars().next_back();
    let after = line[end..].chars().next();
    let next = line[end..].trim_start().chars().next();
    matches!(before, Some('€' | '$' | '£' | '¥' | '#' | '=' | '№' | '§'))
        || matches!(touches, Some('_' | '@'))
        || (matches!(touches, Some('/' | '.' | ',' | '-')) && follows_digit(&line[..start]))
        || touches.is_some_and(char::is_alphanumeric)
        || matches!(next, Some('€' | '$' | '£' | '%'))
        || matches!(after, Some('_' | '@' | '='))
        || after.is_some_and(|c| c.is_ascii_alphanumeric())
        || ends_in_time(&line[start..end], &line[end..])
        || (after == Some('/') && names_publication(&line[start..end]))
        || begins_with_unit(line[end..].trim_start())
}

/// `26-09-20 12` before `:07`: the last digits are those of a time.
fn ends_in_time(raw: &str, after: &str) -> bool {
    let hour = raw.bytes().rev().take_while(u8::is_ascii_digit).count();
    let minute =
        after.strip_prefix(':').map_or(0, |rest| rest.bytes().take_while(u8::is_ascii_digit).count());
    hour <= 2 && minute == 2
}

/// `2013. 10.1016` before a slash: the number of a publisher (DOI), perhaps with the year before it.
fn names_publication(raw: &str) -> bool {
    let prefix = raw.rsplit(' ').next().and_then(|last| last.strip_prefix("10."));
    prefix.is_some_and(|rest| (4..=5).contains(&rest.len()) && rest.bytes().all(|c| c.is_ascii_digit()))
}

/// Names of currencies and units that follow amounts, in lower case.
const UNITS: [&str; 28] = [
    "eur", "euro", "usd", "gbp", "chf", "fr.", "kr", "kr.", "sek", "nok", "dkk", "pln", "zł", "czk", "kč",
    "huf", "ft", "ron", "lei", "bgn", "rub", "руб", "грн", "tl", "km", "qm", "m²", "stk",
];

/// Whether a text begins with a currency or unit.
fn begins_with_unit(text: &str) -> bool {
    let first = text.chars().next().and_then(|c| c.to_lowercase().next());
    first.is_some_and(|first| UNITS.iter().any(|unit| unit.starts_with(first) && is_word_at(text, unit)))
}

/// Whether a text begins with a word, whatever its case.
fn is_word_at(text: &str, word: &str) -> bool {
    let mut rest = text.chars();
    word.chars().all(|c| rest.next().is_some_and(|own| own.to_lowercase().eq(c.to_lowercase())))
        && rest.next().is_none_or(|c| !c.is_alphanumeric())
}

/// Whether a digit stands right before the last character.
fn follows_digit(text: &str) -> bool {
    text.chars().rev().nth(1).is_some_and(|c| c.is_ascii_digit())
}

/// Written as people write numbers: in groups, and begun with a national prefix, a bracket or a group of three.
fn is_formatted(raw: &str) -> bool {
    let groups: Vec<usize> = group_lengths(raw);
    let first = groups.first().copied().unwrap_or(0);
    !is_amount(raw)
        && groups.len() >= 2
        && (raw.starts_with(['0', '('])
            || (groups.len() >= 3 && (2..=4).contains(&first))
            || is_north_american(raw))
}

/// Whether a number is written as in North America: `(212) 555-0123`, `1-212-555-0123`.
pub(super) fn is_north_american(raw: &str) -> bool {
    let groups = group_lengths(raw);
    match groups.as_slice() {
        [3, 3, 4] => true,
        [1, 3, 3, 4] => raw.trim_start_matches('+').starts_with('1'),
        _ => false,
    }
}

fn group_lengths(raw: &str) -> Vec<usize> {
    raw.split(|c: char| !c.is_ascii_digit()).map(str::len).filter(|length| *length > 0).collect()
}

/// `231.506.740`: thousands set apart by points or commas.
fn is_amount(raw: &str) -> bool {
    let mut groups = raw.split(['.', ',']);
    let first = groups.next().unwrap_or_default();
    let is_digits = |group: &str| group.bytes().all(|c| c.is_ascii_digit());
    first.len() <= 3 && is_digits(first) && groups.all(|group| group.len() == 3 && is_digits(group))
}
