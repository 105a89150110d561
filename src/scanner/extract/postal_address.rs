//! The country of the postal addresses in a text, where their form tells it.

use std::sync::LazyLock;

use regex::Regex;

/// How much of a text is looked at, in bytes, from its end: addresses stand in footers.
const WINDOW: usize = 24 << 10;

/// Forms of postal codes and tax numbers with one group for each country, in the order of [`COUNTRIES`]. The word
/// boundaries are those of ASCII: with those of Unicode a text that is not all ASCII takes the slow way through the engine.
static FORMS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?-u:\b)(?:",
        r"((?:GIR|[A-Z]{1,2}[0-9][A-Z0-9]?) ?[0-9][ABD-HJLNP-UW-Z]{2})",
        r"|([ABCEGHJ-NPRSTVXY][0-9][A-Z] ?[0-9][A-Z][0-9])",
        r"|((?:NSW|VIC|QLD|TAS|ACT),? [0-9]{4}|ABN:? [0-9]{2} ?[0-9]{3} ?[0-9]{3} ?[0-9]{3})",
        r"|((?:A[LKRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|PA|RI|S[CD]|T[NX]|UT|V[AT]|W[AIVY]),? [0-9]{5}(?:-[0-9]{4})?)",
        r"|(A-[1-9][0-9]{3} [A-ZÄÖÜ][a-zäöüß]+|ATU ?[0-9]{8})",
        r"|(CH-[1-9][0-9]{3} [A-ZÄÖÜ][a-zäöüß]+|CHE[- ][0-9]{3}\.[0-9]{3}\.[0-9]{3})",
        r"|(D-[0-9]{5} [A-ZÄÖÜ][a-zäöüß]+|DE ?[0-9]{9})",
        r")(?-u:\b)",
    ))
    .ok()
});

const COUNTRIES: [&str; 7] = ["GB", "CA", "AU", "US", "AT", "CH", "DE"];

/// The country of the last address in a text.
pub(super) fn region(text: &str) -> Option<&'static str> {
    let text = &text[text.ceil_char_boundary(text.len().saturating_sub(WINDOW))..];
    let forms = FORMS.as_ref()?;
    // Groups cost more than the place of a match, and only those of the last one are wanted.
    let found = forms.captures(forms.find_iter(text).last()?.as_str())?;
    COUNTRIES.into_iter().enumerate().find_map(|(at, country)| found.get(at + 1).map(|_| country))
}

#[cfg(test)]
mod tests {
    use super::region;

    #[test]
    fn the_form_of_an_address_tells_its_country() {
        for (text, expected) in [
            ("Unit 7, Edinburgh Way, Harlow CM20 2SL", Some("GB")),
            ("Rainham, Kent ME97BZ", Some("GB")),
            ("Burlington, Ontario L7L 6C7", Some("CA")),
            ("12 George St, Sydney NSW 2000", Some("AU")),
            ("1718 Connecticut Ave, Washington, DC 20009", Some("US")),
            ("Ringstraße 1, A-1010 Wien", Some("AT")),
            ("CHE-123.456.789 MWST", Some("CH")),
            ("USt-IdNr. DE123456789", Some("DE")),
            ("Order 12345, room B12 3rd floor, in 2024", None),
            ("ISO 20009 and IN 20009 items", Some("US")),
        ] {
            assert_eq!(region(text), expected, "{text}");
        }
    }
}
