//! Each rule against a page that has the technology and pages that only look like it.

use std::{collections::BTreeMap, fs, path::PathBuf};

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use url::Url;

use super::Fingerprints;
use crate::{
    model::DomainName,
    scanner::extract::{PageSource, extract},
};

/// The names of what one line of a page shows. A line that is no markup is a header.
fn technologies(fingerprints: &Fingerprints, line: &str) -> Vec<String> {
    let mut headers = HeaderMap::new();
    let mut body = "<!doctype html><title>A page</title><p>Text</p>".to_owned();
    match line.split_once(": ").filter(|_| !line.starts_with('<')) {
        Some((name, value)) => {
            let name: HeaderName = name.parse().unwrap();
            headers.append(name, HeaderValue::from_str(value).unwrap());
        }
        None if line.starts_with("<html") || line.starts_with("<body") => {
            body = format!("<!doctype html>{line}");
        }
        None => body.push_str(line),
    }
    let url = Url::parse("https://www.firma.de/").unwrap();
    let site = DomainName::parse("firma.de").unwrap();
    let page = PageSource { url: &url, headers: &headers, body: body.as_bytes() };
    let facts = extract(&page, fingerprints, &site).facts;
    facts.technologies.into_iter().map(|technology| technology.name).collect()
}

/// The lines of `technologies.txt` for one technology.
#[derive(Default)]
struct Lines<'t> {
    positive: Vec<&'t str>,
    negative: Vec<&'t str>,
}

/// `= name`, then `+` lines that show the technology and `-` lines that only look like it.
fn read_lines(text: &str) -> BTreeMap<&str, Lines<'_>> {
    let mut all: BTreeMap<&str, Lines<'_>> = BTreeMap::new();
    let mut name = "";
    for line in text.lines() {
        match line.split_once(' ').unwrap() {
            ("=", rest) => name = rest,
            ("+", rest) => all.entry(name).or_default().positive.push(rest),
            (_, rest) => all.entry(name).or_default().negative.push(rest),
        }
    }
    all
}

#[test]
fn each_rule_knows_its_technology_and_is_not_misled_by_what_looks_like_it() {
    let fingerprints = Fingerprints::builtin().unwrap();
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/technologies.txt");
    let text = fs::read_to_string(path).unwrap();
    let all = read_lines(&text);
    let mut wrong = Vec::new();
    for (name, lines) in &all {
        let shows = |line: &str| technologies(&fingerprints, line).iter().any(|own| own == name);
        wrong.extend(
            lines.positive.iter().filter(|line| !shows(line)).map(|line| format!("{name}: + {line}")),
        );
        // Markup is tried together first: nearly all of it shows nothing.
        let (markup, others): (Vec<&str>, Vec<&str>) = lines.negative.iter().partition(|line| {
            line.starts_with('<') && !line.starts_with("<html") && !line.starts_with("<body")
        });
        let suspects =
            if markup.is_empty() || !shows(&markup.concat()) { others } else { lines.negative.clone() };
        wrong.extend(suspects.iter().filter(|line| shows(line)).map(|line| format!("{name}: - {line}")));
    }
    assert!(wrong.is_empty(), "{} lines:\n{}", wrong.len(), wrong.join("\n"));
    for rule in fingerprints.rules.iter().filter(|rule| rule.has_patterns()) {
        let lines = all.get(rule.name.as_str());
        let has_both = lines.is_some_and(|lines| !lines.positive.is_empty() && !lines.negative.is_empty());
        assert!(has_both, "{} lacks a page or a look-alike", rule.name);
    }
}

#[test]
fn what_rules_say_of_others_names_rules_that_exist() {
    let fingerprints = Fingerprints::builtin().unwrap();
    for rule in &fingerprints.rules {
        for name in rule.implies.iter().map(|(name, _)| name).chain(&rule.requires).chain(&rule.excludes) {
            assert!(fingerprints.names.contains_key(name), "{} names {name}", rule.name);
        }
        assert!(!rule.categories.is_empty(), "{} has no category", rule.name);
        for category in &rule.categories {
            assert!(
                fingerprints.categories.name(*category).is_some(),
                "{} has category {category}",
                rule.name
            );
        }
    }
}
