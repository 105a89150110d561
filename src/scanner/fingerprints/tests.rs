//! Each rule against a page that has the technology and pages that only look like it.

use std::{collections::BTreeMap, fs, path::PathBuf};

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use url::Url;

use super::{BUILTIN, Fingerprints};
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

/// The lines for one technology.
#[derive(Default)]
struct Lines<'t> {
    positive: Vec<&'t str>,
    negative: Vec<&'t str>,
}

/// The lines for the rules of one file.
fn lines_of(file: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/technologies");
    fs::read_to_string(folder.join(file).with_extension("txt")).unwrap()
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
    let text: String = BUILTIN.iter().map(|(file, _)| lines_of(file)).collect();
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

/// A folder of rule files.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

/// What a page shows to the rules of one file, together with the built-in ones.
fn shown(rules: &str, page: &str) -> Vec<String> {
    let folder = folder(&[("own.json", rules)]);
    technologies(&Fingerprints::with_directory(folder.path()).unwrap(), page)
}

#[test]
fn a_folder_adds_rules_and_replaces_those_of_the_same_name() {
    let folder = folder(&[
        (
            "own.json",
            r#"{"Own System": {"cats": [901], "meta": {"generator": "^Own ([\\d.]+)\\;version:\\1"}}, "Ghost": {"cats": [1], "html": "ghostly"}}"#,
        ),
        ("technologies/o.json", r#"{"Other System": {"cats": [1], "scriptSrc": "other\\.js"}}"#),
        ("categories.json", r#"{"901": {"name": "Own category", "priority": 1}}"#),
        ("notes.txt", "no rules"),
    ]);
    let fingerprints = Fingerprints::with_directory(folder.path()).unwrap();
    assert_eq!(fingerprints.len(), Fingerprints::builtin().unwrap().len() + 2);
    assert_eq!(technologies(&fingerprints, "<script src='/other.js'></script>"), ["Other System"]);
    assert_eq!(
        technologies(&fingerprints, "<meta name=generator content='Ghost 5'><p>x"),
        Vec::<String>::new()
    );
    let own = fingerprints.rules.iter().find(|rule| rule.name == "Own System").unwrap();
    assert_eq!(fingerprints.categories.name(own.categories[0]), Some("Own category"));
}

#[test]
fn what_is_wrong_with_a_rule_is_said_with_its_file_rule_and_field() {
    for (rules, expected) in [
        (r#"{"A": {"cats": [1], "html": "(a"}}"#, "own.json: rule `A`, `html`: `(a`: unclosed group"),
        (r#"{"A": {"cats": ["x"]}}"#, "own.json: rule `A`, `cats`: expected a number or a list of numbers"),
        (r#"{"A": {"headers": "x"}}"#, "own.json: rule `A`, `headers`: expected an object"),
        (r#"{"A": {"url": [1]}}"#, "own.json: rule `A`, `url`: expected a text or a list of texts"),
        (r#"{"A": 1}"#, "own.json: rule `A` is no object"),
        ("{", "own.json: EOF while parsing an object at line 1 column 1"),
    ] {
        let folder = folder(&[("own.json", rules)]);
        let message = Fingerprints::with_directory(folder.path()).unwrap_err().to_string();
        assert!(message.ends_with(expected), "{message}");
        assert!(message.starts_with(&folder.path().display().to_string()), "{message}");
    }
    let missing = Fingerprints::with_directory(&PathBuf::from("/no/such/folder")).unwrap_err().to_string();
    assert!(missing.starts_with("/no/such/folder: cannot be read"), "{missing}");
}

#[test]
fn what_cannot_be_matched_in_linear_time_is_left_out_and_named() {
    let folder = folder(&[(
        "own.json",
        r#"{"A": {"cats": [1], "html": ["a(?!b)", "plain"], "dom": "a:has-no-such-thing"}}"#,
    )]);
    let fingerprints = Fingerprints::with_directory(folder.path()).unwrap();
    assert_eq!(fingerprints.skipped().len(), 2, "{:?}", fingerprints.skipped());
    assert!(fingerprints.skipped().iter().all(|text| text.contains("own.json: rule `A`")));
    assert_eq!(technologies(&fingerprints, "<p>plain</p>"), ["A"]);
    assert!(Fingerprints::builtin().unwrap().skipped().is_empty());
}

#[test]
fn every_matcher_of_the_format_works() {
    for (rule, page) in [
        (r#""headers": {"X-Own": "^1"}"#, "X-Own: 1"),
        (r#""cookies": {"own": "^1"}"#, "Set-Cookie: own=1; path=/"),
        (r#""meta": {"Own": ["^0", "^1"]}"#, "<meta name=own content=1>"),
        (r#""html": "<b id=own>""#, "<b id=own></b>"),
        (r#""scriptSrc": "own\\.js""#, "<script src=/own.js></script>"),
        (r#""scripts": "own\\(\\)""#, "<script>own()</script>"),
        (r#""css": "\\.own\\s*\\{""#, "<style>.own {}</style>"),
        (r#""text": "\\bown text\\b""#, "<p>own <b>text</b></p>"),
        (r#""url": "^https://www\\.firma\\.de""#, "<p>x"),
        (r#""dom": "b#own""#, "<b id=own></b>"),
        (r#""dom": ["u", "div > b#own"]"#, "<div><b id=own></b></div>"),
        (r#""dom": {"b": {"text": "^own$"}}"#, "<b>no</b><b>own</b>"),
        (r#""dom": {"b": {"attributes": {"data-own": "^1"}}}"#, "<b data-own=10></b>"),
        (r#""dom": {"b.own": {"exists": ""}}"#, "<b class='x own'></b>"),
    ] {
        assert_eq!(shown(&format!(r#"{{"A": {{"cats": [1], {rule}}}}}"#), page), ["A"], "{rule}");
        assert!(
            shown(
                &format!(r#"{{"A": {{"cats": [1], {}}}}}"#, rule.replace("firma", "other")),
                "<p>other</p>"
            )
            .is_empty(),
            "{rule}"
        );
    }
}

#[test]
fn what_only_old_browsers_read_is_not_on_the_page() {
    let rule = r#"{"A": {"cats": [1], "html": "<b id=own>", "scriptSrc": "own\\.js"}}"#;
    let inside = "<b id=own></b><script src=/own.js></script>";
    assert!(shown(rule, &format!("<p>x</p><!--[if lt IE 9]>{inside}<![endif]-->")).is_empty());
    assert_eq!(shown(rule, &format!("<p>x</p><!--[if !IE]><!-->{inside}<!--<![endif]-->")), ["A"]);
    assert_eq!(shown(rule, "<p>x</p><!-- signed <b id=own> -->"), ["A"]);
}

#[test]
fn rules_speak_of_one_another() {
    let base = r#""B": {"cats": [1], "html": "has-b"}"#;
    for (rule, page, expected) in [
        (r#""implies": "B""#, "<p>has-a", vec!["A", "B"]),
        (r#""implies": ["B\\;confidence:50"]"#, "<p>has-a", vec!["A", "B"]),
        (r#""requires": "B""#, "<p>has-a", vec![]),
        (r#""requires": "B""#, "<p>has-a has-b", vec!["A", "B"]),
        (r#""requiresCategory": 6"#, "<p>has-a has-b", vec!["B"]),
        (r#""excludes": "B""#, "<p>has-a has-b", vec!["A"]),
    ] {
        let rules = format!(r#"{{"A": {{"cats": [1], "html": "has-a", {rule}}}, {base}}}"#);
        assert_eq!(shown(&rules, page), expected, "{rule}");
    }
}
