//! How right the facts are: pages written for this project, with what a careful reader says of each. The table that
//! the test prints has precision, recall and F1 of every fact over all pages; see `tests/fixtures/labelled/README.md`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    fs,
    path::PathBuf,
};

use scrapersky::{
    model::{DomainName, SiteFacts},
    scanner::{
        extract::{HeaderMap, HeaderName, HeaderValue, PageSource, extract},
        fingerprints::Fingerprints,
    },
};
use serde_json::Value;
use url::Url;

/// The least F1 of each fact.
const BARS: [(&str, f64); 14] = [
    ("title", 0.99),
    ("description", 0.99),
    ("language", 0.99),
    ("favicon", 0.99),
    ("isWordpress", 0.99),
    ("hasElementor", 0.99),
    ("wordpressVersion", 1.0),
    ("themes", 0.95),
    ("plugins", 0.95),
    ("technologies", 0.88),
    ("emails", 0.95),
    ("phones", 0.85),
    ("profiles", 0.92),
    ("logo", 0.80),
];

/// One page and what is true of it, as sets of texts by fact.
struct Labelled {
    name: String,
    found: BTreeMap<&'static str, BTreeSet<String>>,
    truth: BTreeMap<&'static str, BTreeSet<String>>,
}

/// How many values of a fact were right, wrong, and missing over all pages.
#[derive(Default)]
struct Count {
    right: usize,
    wrong: usize,
    missing: usize,
}

impl Count {
    #[expect(clippy::cast_precision_loss, reason = "counts of a few hundred")]
    fn f1(&self) -> f64 {
        let all = 2 * self.right + self.wrong + self.missing;
        if all == 0 { 1.0 } else { 2.0 * self.right as f64 / all as f64 }
    }
}

#[test]
fn the_facts_of_labelled_pages_are_right_as_often_as_they_must_be() {
    let pages = labelled_pages();
    let (mut table, mut below) = (String::new(), Vec::new());
    for (fact, bar) in BARS {
        let (mut count, mut slips) = (Count::default(), String::new());
        for page in &pages {
            compare(page, fact, &mut count, &mut slips);
        }
        let f1 = count.f1();
        let _ = writeln!(
            table,
            "{fact:<17} right {:>3}  wrong {:>2}  missing {:>2}  F1 {f1:.3}  (bar {bar:.2}){slips}",
            count.right, count.wrong, count.missing
        );
        if f1 < bar {
            below.push(fact);
        }
    }
    println!("{} pages\n{table}", pages.len());
    assert!(below.is_empty(), "below the bar: {below:?}\n{table}");
}

fn compare(page: &Labelled, fact: &'static str, count: &mut Count, slips: &mut String) {
    let none = BTreeSet::new();
    let found = page.found.get(fact).unwrap_or(&none);
    let truth = page.truth.get(fact).unwrap_or(&none);
    count.right += found.intersection(truth).count();
    count.wrong += found.difference(truth).count();
    count.missing += truth.difference(found).count();
    for (what, value) in
        found.difference(truth).map(|v| ("wrong", v)).chain(truth.difference(found).map(|v| ("missing", v)))
    {
        let _ = write!(slips, "\n    {}: {what} {value}", page.name);
    }
}

fn labelled_pages() -> Vec<Labelled> {
    let fingerprints = Fingerprints::builtin().unwrap();
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/labelled");
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "http"));
    paths.sort();
    paths.iter().map(|path| read(path, &fingerprints)).collect()
}

fn read(path: &std::path::Path, fingerprints: &Fingerprints) -> Labelled {
    let bytes = fs::read(path).unwrap();
    let labels: Value = serde_json::from_slice(&fs::read(path.with_extension("json")).unwrap()).unwrap();
    let end = bytes.windows(2).position(|pair| pair == b"\n\n").unwrap();
    let mut lines = std::str::from_utf8(&bytes[..end]).unwrap().lines();
    let url = Url::parse(lines.next().unwrap()).unwrap();
    let mut headers = HeaderMap::new();
    for (name, value) in lines.map(|line| line.split_once(": ").unwrap()) {
        headers.append(name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap());
    }
    let site = DomainName::parse(url.host_str().unwrap()).unwrap();
    let page = PageSource { url: &url, headers: &headers, body: &bytes[end + 2..] };
    let facts = extract(&page, fingerprints, &site).facts;
    let name = path.file_stem().unwrap().to_string_lossy().into_owned();
    Labelled { name, found: found(&facts), truth: truth(&labels) }
}

fn set<'t>(values: impl IntoIterator<Item = &'t str>) -> BTreeSet<String> {
    values.into_iter().map(str::to_owned).collect()
}

/// What was extracted.
fn found(facts: &SiteFacts) -> BTreeMap<&'static str, BTreeSet<String>> {
    BTreeMap::from([
        ("title", set(facts.title.as_deref())),
        ("description", set(facts.description.as_deref())),
        ("language", set(facts.language.as_deref())),
        ("favicon", set(facts.favicon_url.as_deref())),
        ("isWordpress", set(facts.is_wordpress.then_some("yes"))),
        ("hasElementor", set(facts.has_elementor.then_some("yes"))),
        ("wordpressVersion", set(facts.wordpress_version.as_deref())),
        ("themes", set(facts.wordpress_themes.iter().map(|theme| theme.slug.as_str()))),
        ("plugins", set(facts.wordpress_plugins.iter().map(|plugin| plugin.slug.as_str()))),
        ("technologies", set(facts.technologies.iter().map(|technology| technology.name.as_str()))),
        ("emails", set(facts.email_addresses.iter().map(String::as_str))),
        ("phones", set(facts.phone_numbers.iter().map(String::as_str))),
        ("profiles", set(facts.social_links.iter().map(|link| link.url.as_str()))),
        ("logo", set(facts.logo_url.as_deref())),
    ])
}

/// What the labels say.
fn truth(labels: &Value) -> BTreeMap<&'static str, BTreeSet<String>> {
    let text = |value: &Value| set(value.as_str());
    let list = |value: &Value| set(value.as_array().into_iter().flatten().filter_map(Value::as_str));
    let wordpress = &labels["wordpress"];
    BTreeMap::from([
        ("title", text(&labels["title"])),
        ("description", text(&labels["description"])),
        ("language", text(&labels["language"])),
        ("favicon", text(&labels["favicon"])),
        ("isWordpress", set(wordpress.is_object().then_some("yes"))),
        ("hasElementor", set(labels["elementor"].as_bool().filter(|has| *has).map(|_| "yes"))),
        ("wordpressVersion", text(&wordpress["version"])),
        ("themes", list(&wordpress["themes"])),
        ("plugins", list(&wordpress["plugins"])),
        ("technologies", list(&labels["technologies"])),
        ("emails", list(&labels["emails"])),
        ("phones", list(&labels["phones"])),
        ("profiles", list(&labels["profiles"])),
        ("logo", text(&labels["logo"])),
    ])
}
