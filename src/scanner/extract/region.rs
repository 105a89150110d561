//! The regions whose numbering plans the phone numbers of a page likely follow.

use rlibphonenumber::Region;

use super::{language::tag as language_tag, postal_address, structured::Structured, view::View};

/// The regions whose numbering plans the numbers of a page likely follow, likeliest first.
pub(super) struct Regions {
    pub(super) list: Vec<Region>,
    /// How many of them, from the first, are told by an address or a domain name.
    sure: usize,
    /// How many of these only numbers of the page told.
    seen: usize,
}

impl Regions {
    /// Whether the region at a place of the list is told by an address, a domain name or a number of the page, or is
    /// that of the language where no address and no domain name tells one.
    pub(super) fn is_told(&self, place: usize) -> bool {
        place < self.sure || (place == self.sure && self.sure == self.seen)
    }

    /// Adds the region of an international number of the page. It says more than a language.
    pub(super) fn add_seen(&mut self, region: Region) {
        if !self.list[..self.sure].contains(&region) {
            self.list.retain(|own| *own != region);
            self.list.insert(self.sure, region);
            self.sure += 1;
            self.seen += 1;
        }
    }
}

/// The likely regions, likeliest first: the address in the structured data, the country of the domain name; only
/// where these tell nothing, postal addresses in the text, the region of the language, and where it is spoken.
pub(super) fn guess(view: &View<'_>, structured: &Structured, language: Option<&str>) -> Regions {
    let mut list = Vec::new();
    let mut add = |region: Option<Region>| list.extend(region.filter(|own| !list.contains(own)));
    add(structured.country.as_deref().and_then(of_country));
    add(view.meta("business:contact_data:country_name").and_then(of_country));
    add(view.meta("geo.region").and_then(|text| of_country(text.get(..2)?)));
    add(of_domain(view));
    let sure = list.len();
    let mut add = |region: Option<Region>| list.extend(region.filter(|own| !list.contains(own)));
    if sure == 0 {
        add(postal_address::region(&view.found.text).and_then(parse));
    }
    add(language.and_then(of_locale));
    add(view.meta("og:locale").and_then(language_tag).as_deref().and_then(of_locale));
    if sure == 0 {
        language.map(of_language).unwrap_or_default().iter().for_each(|code| add(parse(code)));
    }
    Regions { list, sure, seen: 0 }
}

fn parse(code: &str) -> Option<Region> {
    code.parse().ok()
}

/// A country by its code or its name in some languages.
pub(super) fn of_country(text: &str) -> Option<Region> {
    let text = text.trim();
    if text.len() == 2 && text.bytes().all(|c| c.is_ascii_alphabetic()) {
        let code = text.to_ascii_uppercase();
        return parse(if code == "UK" { "GB" } else { &code });
    }
    let name = text.to_lowercase();
    COUNTRIES
        .iter()
        .find(|(names, _)| names.split('|').any(|own| own == name))
        .and_then(|(_, code)| parse(code))
}

const COUNTRIES: [(&str, &str); 40] = [
    ("germany|deutschland|allemagne|deu|alemania|germania", "DE"),
    ("austria|österreich|aut|autriche", "AT"),
    ("switzerland|schweiz|suisse|svizzera|che", "CH"),
    ("france|fra|frankreich|francia", "FR"),
    ("united kingdom|great britain|england|scotland|wales|gbr|uk|northern ireland", "GB"),
    ("united states|united states of america|usa|u.s.a.|us", "US"),
    ("canada|can", "CA"),
    ("spain|españa|esp|spanien", "ES"),
    ("italy|italia|ita|italien", "IT"),
    ("netherlands|nederland|the netherlands|nld|niederlande", "NL"),
    ("belgium|belgië|belgique|belgien|bel", "BE"),
    ("luxembourg|luxemburg|lux", "LU"),
    ("portugal|prt", "PT"),
    ("brazil|brasil|bra", "BR"),
    ("poland|polska|pol|polen", "PL"),
    ("czech republic|czechia|česko|česká republika|cze", "CZ"),
    ("slovakia|slovensko|svk", "SK"),
    ("hungary|magyarország|hun", "HU"),
    ("romania|românia|rou", "RO"),
    ("bulgaria|българия|bgr", "BG"),
    ("greece|ελλάδα|grc", "GR"),
    ("turkey|türkiye|turkiye|tur", "TR"),
    ("russia|россия|russian federation|rus", "RU"),
    ("ukraine|україна|ukr", "UA"),
    ("denmark|danmark|dnk", "DK"),
    ("sweden|sverige|swe", "SE"),
    ("norway|norge|nor", "NO"),
    ("finland|suomi|fin", "FI"),
    ("ireland|éire|irl", "IE"),
    ("japan|日本|jpn", "JP"),
    ("china|中国|chn", "CN"),
    ("south korea|korea|대한민국|kor", "KR"),
    ("india|ind", "IN"),
    ("australia|aus", "AU"),
    ("new zealand|nzl", "NZ"),
    ("south africa|zaf", "ZA"),
    ("mexico|méxico|mex", "MX"),
    ("argentina|arg", "AR"),
    ("israel|isr|ישראל", "IL"),
    ("united arab emirates|uae|are", "AE"),
];

/// The country of the domain name. Endings that are sold as words to everyone tell nothing.
fn of_domain(view: &View<'_>) -> Option<Region> {
    const GENERIC: [&str; 25] = [
        "ai", "ac", "ag", "am", "bz", "cc", "co", "fm", "gg", "gl", "im", "io", "la", "ly", "me", "ms", "nu",
        "pw", "sc", "sh", "st", "to", "tv", "vc", "ws",
    ];
    let host = view.url.host_str()?.trim_end_matches('.');
    let ending = host.rsplit('.').next()?;
    let is_generic = GENERIC.contains(&ending) && !host.ends_with(".com.co");
    if is_generic || ending == "eu" { None } else { of_country(ending) }
}

/// The region that a language tag names.
fn of_locale(tag: &str) -> Option<Region> {
    tag.split('-').skip(1).find(|part| part.len() == 2).and_then(of_country)
}

/// The countries where a language is mostly spoken.
fn of_language(tag: &str) -> &'static [&'static str] {
    match tag.split('-').next().unwrap_or_default() {
        "de" => &["DE", "AT", "CH"],
        "fr" => &["FR", "BE", "CH"],
        "en" => &["US", "GB"],
        "es" => &["ES", "MX", "AR", "CO", "CL"],
        "it" => &["IT"],
        "nl" => &["NL", "BE"],
        "pt" => &["PT", "BR"],
        "pl" => &["PL"],
        "cs" => &["CZ"],
        "sk" => &["SK"],
        "hu" => &["HU"],
        "ro" => &["RO"],
        "bg" => &["BG"],
        "el" => &["GR"],
        "tr" => &["TR"],
        "ru" => &["RU"],
        "uk" => &["UA"],
        "da" => &["DK"],
        "sv" => &["SE"],
        "no" | "nb" | "nn" => &["NO"],
        "fi" => &["FI"],
        "ja" => &["JP"],
        "zh" => &["CN", "TW"],
        "ko" => &["KR"],
        "he" => &["IL"],
        "hr" => &["HR"],
        "sl" => &["SI"],
        "sr" => &["RS"],
        "et" => &["EE"],
        "lv" => &["LV"],
        "lt" => &["LT"],
        "vi" => &["VN"],
        "th" => &["TH"],
        "id" => &["ID"],
        "hi" => &["IN"],
        "is" => &["IS"],
        "ga" => &["IE"],
        "ca" => &["ES"],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn countries_are_known_by_code_and_by_name() {
        for (text, code) in
            [("de", "DE"), ("UK", "GB"), ("Österreich", "AT"), ("USA", "US"), (" france ", "FR")]
        {
            assert_eq!(of_country(text), parse(code), "{text}");
        }
        assert_eq!(of_country("Atlantis"), None);
    }

    #[test]
    fn a_language_tag_names_its_region() {
        assert_eq!(of_locale("de-AT"), parse("AT"));
        assert_eq!(of_locale("zh-Hant-TW"), parse("TW"));
        assert_eq!(of_locale("es-419"), None);
    }
}
