//! Whether what looks like a phone number in a text is one: its form and the words around it.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

/// Whether what looks like a number at this place of a line is one: the words before it decide, else its form.
pub(super) fn is_phone(line: &str, previous: &str, start: usize, end: usize) -> bool {
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

#[derive(Clone, Copy)]
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

/// The last label in a text that begins as a word.
fn nearest_label(text: &str) -> Option<Label> {
    let lower = text.to_lowercase();
    let labels = LABELS.as_ref()?;
    let mut last: Option<(usize, Label)> = None;
    for found in labels.finder.find_overlapping_iter(&lower) {
        let begins = lower[..found.start()].chars().next_back().is_none_or(|c| !c.is_alphanumeric());
        let is_word = begins || !lower.as_bytes()[found.start()].is_ascii_alphabetic();
        let is_phone = found.pattern().as_usize() < labels.phone_count;
        if is_word && last.is_none_or(|(end, _)| found.end() > end || (found.end() == end && is_phone)) {
            last = Some((found.end(), if is_phone { Label::Phone } else { Label::Other }));
        }
    }
    last.map(|(_, label)| label)
}

/// All labels, those of phone numbers first.
struct Labels {
    finder: AhoCorasick,
    phone_count: usize,
}

static LABELS: LazyLock<Option<Labels>> = LazyLock::new(|| {
    let words = PHONE_LABELS.split('|').chain(OTHER_LABELS.split('|'));
    let finder = AhoCorasick::new(words).ok()?;
    Some(Labels { finder, phone_count: PHONE_LABELS.split('|').count() })
});

/// What is written before a phone number, in lower case.
const PHONE_LABELS: &str = "tel|fon|phone|telephone|téléphone|teléfono|telefono|telefone|mobil|handy|cell|call|ring|hotline|\
    whatsapp|sms|t:|t.|m:|p:|ph:|ph.|tlf|puh|gsm|móvil|portable|тел|τηλ|電話|电话|電話番号|전화|☎|📞|✆|📱";

/// What is written before other numbers, in lower case.
const OTHER_LABELS: &str = "fax|telefax|téléfax|vat|ust|uid|iban|bic|blz|konto|account|hrb|hra|isbn|issn|doi|siret|siren|rcs|\
    tva|nif|cif|p.iva|p. iva|partita iva|kvk|btw|steuer|st.-nr|tax|ein|abn|acn|crn|nip|regon|krs|ičo|\
    dič|инн|огрн|order|invoice|art.|artikel|sku|gtin|ean|company no|company number|company reg|registration|\
    reg. no|reg no|charity|licence|license|cnpj|cpf|cui|orgnr|org.nr|org. nr|cvr|y-tunnus|ico|dic|oib|eik|\
    mwst|handelsregister|amtsgericht|kundennummer|customer no|version|build|zip|plz|postcode";

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
        || matches!(touches, Some('_' | '@'))
        || (matches!(touches, Some('/' | '.' | ',' | '-')) && follows_digit(&line[..start]))
        || touches.is_some_and(char::is_alphanumeric)
        || matches!(next, Some('€' | '$' | '£' | '%'))
        || matches!(after, Some('_' | '@' | '='))
        || after.is_some_and(|c| c.is_ascii_alphanumeric())
        || CURRENCIES.split(' ').any(|name| is_word_at(line[end..].trim_start(), name))
}

/// Names of currencies and units that follow amounts, in lower case.
const CURRENCIES: &str = "eur euro usd gbp chf fr. kr kr. sek nok dkk pln zł czk kč huf ft ron lei bgn rub руб грн tl km qm m² stk";

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
    let groups = raw.split(|c: char| !c.is_ascii_digit()).filter(|group| !group.is_empty()).count();
    let first = raw.split(|c: char| !c.is_ascii_digit()).find(|group| !group.is_empty()).map_or(0, str::len);
    !is_amount(raw)
        && groups >= 2
        && (raw.starts_with(['0', '(']) || (groups >= 3 && (2..=4).contains(&first)))
}

/// `231.506.740`: thousands set apart by points or commas.
fn is_amount(raw: &str) -> bool {
    let mut groups = raw.split(['.', ',']);
    let first = groups.next().unwrap_or_default();
    let is_digits = |group: &str| group.bytes().all(|c| c.is_ascii_digit());
    first.len() <= 3 && is_digits(first) && groups.all(|group| group.len() == 3 && is_digits(group))
}
