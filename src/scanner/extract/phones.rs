//! Phone numbers: `tel:` links, structured data, and the text of the page, where dates, tax numbers and ids also
//! look like numbers.

use std::{borrow::Cow, collections::HashSet};

use rlibphonenumber::{
    PHONE_NUMBER_UTIL, PhoneNumber, PhoneNumberFormat, Region,
    phonenumber_matcher::{Leniency, PHONE_MATCHER_FACTORY},
};

use super::{
    clean,
    phone_context::{Sign, is_fax, is_north_american, phone_sign},
    phone_runs::{MAX_RUN, MIN_DIGITS, Run, digits, runs},
    region::Regions,
    structured::Structured,
    view::{Anchor, View},
};
use crate::model::{Contact, ContactKind, ContactMethod};

/// The most numbers of one page.
const MAX_PHONES: usize = 50;
/// How many readings of one run are tried: more than one of that length has. The matcher must never use them up,
/// as its counter then passes zero.
const MAX_TRIES: u64 = 10_000;
/// The most digits of one number, its country's included (ITU-T E.164).
const MAX_DIGITS: usize = 15;

/// All numbers of a page, in the order of how they were found.
pub(super) fn find(view: &View<'_>, structured: &Structured, regions: Regions) -> Vec<Contact> {
    let mut phones = Phones {
        source: view.url.as_str(),
        regions,
        faxes: &view.found.fax_marks,
        seen: HashSet::new(),
        nationals: 0,
        found: Vec::new(),
    };
    let runs = runs(&view.found.text);
    let dialled = view.found.anchors.iter().filter_map(|anchor| tel(anchor.href)).map(clean::percent_decoded);
    phones.see_regions(dialled);
    phones.see_regions(runs.iter().map(|run| Cow::Borrowed(run.text())));
    for anchor in &view.found.anchors {
        if let Some(raw) = tel(anchor.href)
            && !phones.is_fax_link(view, anchor)
        {
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
    phones.add_text(runs);
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
    regions: Regions,
    /// Where the text has a sign or an element of a fax.
    faxes: &'a [usize],
    seen: HashSet<String>,
    /// How many numbers of the text are national, those found before among them.
    nationals: usize,
    found: Vec<Contact>,
}

impl Phones<'_> {
    /// Whether a link dials what the page calls a fax.
    fn is_fax_link(&self, view: &View<'_>, anchor: &Anchor<'_>) -> bool {
        let before = view.found.text.get(..anchor.start).unwrap_or_default();
        let line = before.rfind('\n').map_or(before, |end| &before[end + 1..]);
        self.is_marked(anchor.start)
            || is_fax(line)
            || is_fax(view.anchor_text(anchor).trim_end_matches(|c: char| !c.is_alphabetic()))
    }

    /// Whether a sign of a fax stands right before a place of the text.
    fn is_marked(&self, at: usize) -> bool {
        const MAX_GAP: usize = 2;
        let mark = self.faxes.partition_point(|mark| *mark <= at);
        mark > 0 && at - self.faxes[mark - 1] <= MAX_GAP
    }

    /// Takes the regions of the first international numbers for those of the others.
    fn see_regions<'t>(&mut self, texts: impl Iterator<Item = Cow<'t, str>>) {
        const MAX_SEEN: usize = 5;
        let fits = |text: &Cow<'_, str>| text.len() <= MAX_RUN && text.trim_start().starts_with('+');
        for text in texts.filter(fits).take(MAX_SEEN) {
            let text = international(&text);
            let first = PHONE_MATCHER_FACTORY.create_matcher(&text, Leniency::Valid, MAX_TRIES, None).next();
            if let Some(region) = first.and_then(|found| found.number.get_region_code()) {
                self.regions.add_seen(region);
            }
        }
    }

    /// A number that the page itself calls one.
    fn add_declared(&mut self, raw: &str, method: ContactMethod) {
        let raw = raw.trim();
        if raw.len() > 60 || digits(raw) < 5 {
            return;
        }
        match self.number(raw) {
            Some(number) => self.add(e164(&number), raw, method),
            None if self.regions.list.is_empty() && digits(raw) >= MIN_DIGITS && !is_placeholder(raw) => {
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
        let american = is_north_american(raw).then_some(Region::US);
        let mut regions = self.regions.list.iter().copied().chain(american).map(Some).chain([None]);
        let number = regions.find_map(|region| valid(&text, region)).or_else(|| {
            // `tel:4930123456`: the plus sign was forgotten.
            let digits: String = text.chars().filter(char::is_ascii_digit).collect();
            let number = valid(&format!("+{digits}"), None).filter(|_| digits.len() >= 10)?;
            number.get_region_code().filter(|region| self.regions.list.contains(region)).map(|_| number)
        })?;
        (!is_placeholder(&number.national_number.to_string())).then_some(number)
    }

    /// The numbers of a text. Regions other than the likeliest are tried only when that one has none, and at last
    /// what is written as in North America.
    fn add_text(&mut self, mut runs: Vec<Run<'_>>) {
        runs.retain(|run| !self.is_marked(run.offset + run.start));
        for (place, region) in self.regions.list.clone().into_iter().enumerate() {
            // A region that only speaks the language needs a label before the number.
            let needs_label = !self.regions.is_told(place);
            self.add_runs(&runs, Some(region), needs_label);
            if self.nationals > 0 {
                return;
            }
            // International numbers are the same in all regions.
            runs.retain(|run| !run.text().starts_with('+') || digits(run.text()) > MAX_DIGITS);
        }
        self.add_international(&runs);
        runs.retain(|run| is_north_american(run.text()));
        self.add_runs(&runs, Some(Region::US), false);
    }

    fn add_runs(&mut self, runs: &[Run<'_>], region: Option<Region>, needs_label: bool) {
        for run in runs {
            self.add_run(run, region, needs_label);
        }
    }

    /// The numbers that need no region, those with `00` for the plus sign among them.
    fn add_international(&mut self, runs: &[Run<'_>]) {
        self.add_runs(runs, None, false);
        for run in runs.iter().filter(|run| run.text().starts_with("00")) {
            let number = PHONE_NUMBER_UTIL.parse(international(run.text()), None).ok();
            if let Some(number) = number.filter(PhoneNumber::is_valid) {
                self.add(e164(&number), run.text(), ContactMethod::Text);
            }
        }
    }

    /// The numbers of a run of digits; it may hold several.
    fn add_run(&mut self, run: &Run<'_>, region: Option<Region>, needs_label: bool) {
        for found in PHONE_MATCHER_FACTORY.create_matcher(run.text(), Leniency::Valid, MAX_TRIES, region) {
            let (start, end) = (run.start + found.start, run.start + found.end());
            let Some(sign) = phone_sign(run.line, run.previous, start, end) else { continue };
            // In North America every ten digits can be a number: without a label, its groups must be the usual ones.
            let is_usual = found.number.country_code != 1
                || sign == Sign::Label
                || found.raw_string.starts_with('+')
                || is_north_american(found.raw_string);
            let is_told = !needs_label || sign == Sign::Label || found.raw_string.starts_with('+');
            if is_usual && is_told && !is_placeholder(&found.number.national_number.to_string()) {
                self.nationals += usize::from(!found.raw_string.starts_with('+'));
                self.add(e164(&found.number), found.raw_string, ContactMethod::Text);
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

/// Numbers of templates: one digit only, or counting up.
fn is_placeholder(text: &str) -> bool {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_digit).collect();
    let counts_up = digits.len() >= 8 && b"01234567890".windows(digits.len()).any(|run| run == digits);
    counts_up || digits.iter().all(|digit| Some(digit) == digits.first())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scanner::extract::tests::{facts_at, facts_of};

    fn german(html: &str) -> Vec<String> {
        facts_of(&format!("<html lang=de><body>{html}")).facts.phone_numbers
    }

    #[test]
    fn german_numbers_are_found_however_they_are_written() {
        for html in [
            "<a href='tel:+493090182000'>Anruf</a>",
            "<a href='tel:030/90182000'>Anruf</a>",
            "<a href='tel:+49%20(0)30%2090182000'>Anruf</a>",
            "<p>Tel. 030 / 90 18 20-00</p>",
            "<p>Telefon: +49 (0) 30 90182000</p>",
            "<p>0049 30 90182000</p>",
            "<p>030-90182000</p>",
            "<p>T: 030 90182000</p>",
            "<p>Tel.030/90182000</p>",
            "<p><span>Telefon</span><span>030 90182000</span><span>Telefax</span></p>",
            "<p>☎ 03090182000</p>",
            "<p>030 90182000 Fax: 030 90182001</p>",
            "<p>Zentrale Tel. 030 90182000 • 030 90182001 (Fax)</p>",
            "<p>030 / 90 18 20 00 &nbsp; <i class='fa fa-fax'></i> 030 / 90 18 20 01</p>",
            "<p>Rufnummer 030 90182000</p>",
            "<p>Kunst am Bau, Inc.</p><p>030 90182000</p>",
            "<p>Rufen Sie eine Stunde vorher an: 030 90182000</p>",
            "<dl><dt>Telefon</dt><dd>03090182000</dd></dl>",
            "<p>Telefon/Fax: 030 90182000</p>".replace("/Fax", "").as_str(),
            "<span itemprop=telephone>030 90182000</span>",
            "<script type='application/ld+json'>{\"@type\":\"Store\",\"name\":\"x\",\"telephone\":\"030 90182000\"}</script>",
        ] {
            assert_eq!(german(html), ["+493090182000"], "{html}");
        }
    }

    #[test]
    fn dates_ids_and_other_numbers_are_no_phones() {
        for html in [
            "<p>12.03.2024, 2024-03-12 10:30, 01/02/2024</p>",
            "<p>2019 - 2024, 1998–2024</p>",
            "<p>USt-IdNr. DE 123456789, Steuernummer 030/123/45678, HRB 123456 B</p>",
            "<p>IBAN DE02 1203 0000 0000 2020 51, BLZ 120 300 00</p>",
            "<p>DOI 10.1000/182.2030, ISBN 978-3-16-148410-0</p>",
            "<p>#0301234567, Farbe #00112233</p>",
            "<p>Preis 03 01 23 45 67 €, 1.990.000,00</p>",
            "<p>Zeitstempel 1700000000000, Auftrag 030123456789</p>",
            "<p>Fax: 030 90182001</p>",
            "<dl><dt>Telefax</dt><dd>030 90182001</dd></dl>",
            "<p>F: 030 90182001</p><p>F +49 30 90182001</p>",
            "<p>030 90182001 (Fax)</p><p>030 90182001 fax</p><p>030 90182001 [Main fax line]</p>",
            "<p><i class='fa fa-fax'></i> 030 90182001</p><p><img src=f.gif alt=Fax> 030 90182001</p>",
            "<p>Fax: <a href='tel:+493090182001'>030 90182001</a></p><a href='tel:03090182001'>Fax</a>",
            "<span itemprop=faxNumber>030 90182001</span>",
            "<p>06.11.23 - 14 Uhr, 02.02. - 23.02.23</p><b>02</b><b>2022-12-01 09:30</b>",
            "<p>Aktualisiert 07 26-09-20 12:07 Uhr</p>",
            "<p>Journal 2013. 10.1016/j.cell</p>",
            "<p>Geöffnet 09.00 - 16.00 Uhr und 0900 Stück</p>",
            "<p>Mitgliedsnummer 0814-2023-77, Gewerbeschein Nr. 0316/2011, Kod 030-9018-2000</p>",
            "<p>52.520008, 13.404954</p>",
            "<p>030 901 820 EUR, 04 91 12 34 kr</p>",
            "<p>v1.20.300.4000 build 0301234567</p>",
            "<select><option>+49 30 90182000</option></select>",
            "<script>var tel = '+49 30 90182000';</script>",
            "<a href='tel:123456789'>x</a><a href='tel:0000000000'>y</a>",
        ] {
            assert!(german(html).is_empty(), "{html}: {:?}", german(html));
        }
    }

    /// The matcher counts its tries down, past zero when a text has more readings.
    #[test]
    fn a_link_that_dials_without_end_is_left() {
        for dialled in ["1111111(1111111a", "11(11(11(11(1111111a", "1111111(1111111(1a"] {
            let html = format!("<a href='tel:+{}'>x</a>", dialled.repeat(100_000));
            assert_eq!(german(&html), Vec::<String>::new(), "{dialled}");
        }
    }

    #[test]
    fn a_number_in_a_long_line_is_found() {
        let filler = "Wir beraten Sie gern in allen Fragen. ".repeat(200);
        assert_eq!(german(&format!("<p>{filler}Tel. 030 90182000. {filler}</p>")), ["+493090182000"]);
    }

    #[test]
    fn dates_and_amounts_that_are_valid_numbers_somewhere_are_none() {
        for (url, html) in [
            ("https://a.dk/", "<p>Opdateret 20.03.2024, 31-12-2023</p>"),
            ("https://a.pt/", "<p>231.506.740 visitas</p>"),
            ("https://a.no/", "<p>Oppdatert 2024-03-12, 2024 03 12</p>"),
        ] {
            assert!(facts_at(url, html).facts.phone_numbers.is_empty(), "{html}");
        }
    }

    #[test]
    fn the_region_comes_from_the_address_the_domain_or_the_language() {
        for (url, html, expected) in [
            ("https://a.fr/", "<p>Tél. 04 91 12 34 56</p>", "+33491123456"),
            ("https://a.co.uk/", "<p>Call 029 2018 0123</p>", "+442920180123"),
            ("https://a.com/", "<html lang=en-GB><p>Call 029 2018 0123</p>", "+442920180123"),
            ("https://a.com/", "<html lang=en><p>Call (415) 555-2671</p>", "+14155552671"),
            ("https://a.com/", "<html lang=it><p>Tel. 06 6982 1234</p>", "+390669821234"),
            ("https://a.jp/", "<p>電話：０３－１２３４－５６７８</p>", "+81312345678"),
            (
                "https://a.com/",
                "<script type='application/ld+json'>{\"@type\":\"Organization\",\"address\":{\"addressCountry\":\"Austria\"}}</script>\
                 <p>Tel. 0316 821234</p>",
                "+43316821234",
            ),
        ] {
            assert_eq!(facts_at(url, html).facts.phone_numbers, [expected], "{html}");
        }
    }

    #[test]
    fn what_a_page_shows_of_its_country_goes_before_its_language() {
        for (html, expected) in [
            // Systems declare the language that they came with.
            ("<html lang=en-US><p>Call 020 7946 0000, London W1J 7BU</p>", vec!["+442079460000"]),
            ("<html lang=en-GB><p>Phone: (212) 736-5000</p>", vec!["+12127365000"]),
            ("<html lang=pl><p>1.800.201.7935</p>", vec!["+18002017935"]),
            ("<html lang=en><p>SOC 2 report 2023-0117-22</p>", vec![]),
            ("<html lang=en-US><p>0771 - 2443238 / 28</p>", vec![]),
            ("<html lang=nl-NL><p>Di - Vr 09.00 - 16.00 uur</p>", vec![]),
            ("<p>0031-115-491511</p>", vec!["+31115491511"]),
            (
                "<html lang=de><a href='tel:+41448267675'>x</a><p>Tel. 044 826 76 76</p>",
                vec!["+41448267675", "+41448267676"],
            ),
            ("<html lang=de><p>Tel. 01 7126590, A-1010 Wien</p>", vec!["+4317126590"]),
            (
                "<html lang=en-US><a href='tel:9320141586'>x</a><p>Call +91-22-2266 1234 / 9320 141 586</p>",
                vec!["+919320141586", "+912222661234"],
            ),
            (
                "<html lang=de><a href='tel:+4917667700118'>x</a><p>0176 677 00 118</p>",
                vec!["+4917667700118"],
            ),
            (
                "<html lang=en-GB><p>New York: +1 212 736 5000</p><p>London: 020 7946 0000</p>",
                vec!["+12127365000", "+442079460000"],
            ),
        ] {
            assert_eq!(facts_at("https://a.com/", html).facts.phone_numbers, expected, "{html}");
        }
    }

    #[test]
    fn without_a_region_a_declared_number_stays_as_written() {
        let html = "<a href='tel:030-901820'>x</a><p>Tel. 030-901821</p>";
        assert_eq!(facts_at("https://a.io/", html).facts.phone_numbers, ["030-901820"]);
    }

    #[test]
    fn a_number_is_counted_once_however_often_it_is_written() {
        let html = "<a href='tel:+493090182000'>030 90182000</a><p>Tel: 030-90 18 20 00</p>";
        let facts = facts_of(&format!("<html lang=de>{html}")).facts;
        assert_eq!(facts.phone_numbers, ["+493090182000"]);
        assert_eq!(facts.contacts[0].method, ContactMethod::Tel);
    }
}
