//! Matching all rules against one page.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
};

use memchr::memmem;

use super::{
    Evidence, FingerprintError, Fingerprints,
    dom::{self, DomRule},
    pattern::{Match, Pattern},
    prefilter::Prefilter,
    rule::Rule,
};
use crate::model::Technology;

/// The most pieces of evidence that are kept of one technology.
const MAX_EVIDENCE: usize = 10;

/// Where a pattern stands: the rule, and its place in the list of the field.
type Place = (u32, u32);

/// The patterns of one field of all rules.
#[derive(Debug)]
struct Field {
    name: &'static str,
    places: Vec<Place>,
    prefilter: Prefilter,
    list: fn(&Rule) -> &[Pattern],
}

/// All rules, indexed for matching.
#[derive(Debug)]
pub(super) struct Matchers {
    headers: HashMap<String, Vec<Place>>,
    cookies: HashMap<String, Vec<Place>>,
    /// Cookies whose names are known only by their beginnings.
    cookie_prefixes: Vec<(String, Place)>,
    metas: HashMap<String, Vec<Place>>,
    script_src: Field,
    scripts: Field,
    css: Field,
    text: Field,
    url: Field,
    /// The patterns for the source, then the rules for elements: one pass over the source finds the candidates of both.
    source: Prefilter,
    html_places: Vec<Place>,
    dom_places: Vec<Place>,
}

impl Matchers {
    pub(super) fn new(rules: &[Rule]) -> Result<Self, FingerprintError> {
        let (cookie_prefixes, _): (Vec<_>, Vec<_>) = places(rules, |rule| &rule.cookies)
            .map(|(place, (name, _))| (name.clone(), place))
            .partition(|(name, _)| name.ends_with('*'));
        let html: Vec<(Place, &Pattern)> = places(rules, |rule| &rule.html).collect();
        let dom: Vec<(Place, &DomRule)> = places(rules, |rule| &rule.dom).collect();
        let literals = html.iter().map(|(_, pattern)| pattern.literals.as_slice());
        let source = Prefilter::new(literals.chain(dom.iter().map(|(_, rule)| rule.literals.as_slice())))?;
        Ok(Self {
            headers: by_name(rules, |rule| &rule.headers),
            cookies: by_name(rules, |rule| &rule.cookies),
            cookie_prefixes: cookie_prefixes
                .into_iter()
                .map(|(name, place)| (name.trim_end_matches('*').to_owned(), place))
                .collect(),
            metas: by_name(rules, |rule| &rule.metas),
            script_src: Field::new("scriptSrc", rules, |rule| &rule.script_src)?,
            scripts: Field::new("scripts", rules, |rule| &rule.scripts)?,
            css: Field::new("css", rules, |rule| &rule.css)?,
            text: Field::new("text", rules, |rule| &rule.text)?,
            url: Field::new("url", rules, |rule| &rule.url)?,
            source,
            html_places: html.iter().map(|(place, _)| *place).collect(),
            dom_places: dom.iter().map(|(place, _)| *place).collect(),
        })
    }
}

impl Field {
    fn new(
        name: &'static str,
        rules: &[Rule],
        list: fn(&Rule) -> &[Pattern],
    ) -> Result<Self, FingerprintError> {
        let all: Vec<(Place, &Pattern)> = places(rules, list).collect();
        let prefilter = Prefilter::new(all.iter().map(|(_, pattern)| pattern.literals.as_slice()))?;
        Ok(Self { name, places: all.into_iter().map(|(place, _)| place).collect(), prefilter, list })
    }
}

/// All entries of a field, each with its place.
fn places<T: 'static>(rules: &[Rule], list: fn(&Rule) -> &[T]) -> impl Iterator<Item = (Place, &T)> {
    (0_u32..).zip(rules).flat_map(move |(rule, fields)| {
        (0_u32..).zip(list(fields)).map(move |(entry, value)| ((rule, entry), value))
    })
}

fn by_name(rules: &[Rule], list: fn(&Rule) -> &[(String, Pattern)]) -> HashMap<String, Vec<Place>> {
    let mut map: HashMap<String, Vec<Place>> = HashMap::new();
    for (place, (name, _)) in places(rules, list) {
        map.entry(name.clone()).or_default().push(place);
    }
    map
}

/// What was found of one technology.
#[derive(Debug, Default)]
struct Finding {
    confidence: u8,
    version: Option<String>,
    evidence: Vec<String>,
}

impl Finding {
    fn add(&mut self, found: Match, evidence: String) {
        self.confidence = self.confidence.saturating_add(found.confidence).min(100);
        if let Some(version) = found.version
            && self.version.as_ref().is_none_or(|own| own.len() < version.len())
        {
            self.version = Some(version);
        }
        if self.evidence.len() < MAX_EVIDENCE && !self.evidence.contains(&evidence) {
            self.evidence.push(evidence);
        }
    }
}

/// What was found, by rule.
struct Findings<'f> {
    rules: &'f [Rule],
    found: BTreeMap<u32, Finding>,
}

impl Findings<'_> {
    fn add(&mut self, rule: u32, found: Option<Match>, evidence: impl FnOnce() -> String) {
        if let Some(found) = found {
            self.found.entry(rule).or_default().add(found, evidence());
        }
    }

    /// Matches the patterns of a field against several texts.
    fn field<'t>(&mut self, field: &Field, texts: impl Iterator<Item = &'t str>) {
        self.field_as(field.name, field, texts);
    }

    /// Matches them against texts of another kind, which the evidence names.
    fn field_as<'t>(&mut self, name: &str, field: &Field, texts: impl Iterator<Item = &'t str>) {
        if field.places.is_empty() {
            return;
        }
        let mut candidates = Vec::new();
        let mut marks = vec![false; field.prefilter.len()];
        for text in texts {
            field.prefilter.mark(text, &mut marks, &mut candidates);
            for candidate in candidates.drain(..) {
                marks[candidate as usize] = false;
                let (rule, entry) = field.places[candidate as usize];
                let pattern = &(field.list)(&self.rules[rule as usize])[entry as usize];
                let found = if pattern.is_literal {
                    Some(Match { confidence: pattern.confidence, version: None })
                } else {
                    pattern.find(text)
                };
                self.add(rule, found, || name.to_owned());
            }
        }
    }
}

/// The source without what only old versions of Internet Explorer read. Other comments stay: some tools sign there.
fn without_conditional_comments(source: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut rest = source;
    while let Some(at) = memmem::find(rest.as_bytes(), b"<!--[if") {
        out.push_str(&rest[..at]);
        let end = memmem::find(&rest.as_bytes()[at..], b"-->").map_or(rest.len(), |end| at + end + 3);
        rest = &rest[end..];
    }
    if out.is_empty() && rest.len() == source.len() { Cow::Borrowed(source) } else { Cow::Owned(out + rest) }
}

impl Fingerprints {
    /// The technologies that a page shows, by name.
    pub fn detect(&self, page: &Evidence<'_>) -> Vec<Technology> {
        let mut findings = Findings { rules: &self.rules, found: BTreeMap::new() };
        self.detect_transport(page, &mut findings);
        self.detect_metas(page, &mut findings);
        let matchers = &self.matchers;
        findings.field(&matchers.url, std::iter::once(page.url.as_str()));
        findings.field(&matchers.script_src, page.script_urls.iter().copied());
        findings.field_as("folder", &matchers.script_src, page.folders.iter().map(String::as_str));
        findings.field(&matchers.scripts, page.scripts.iter().copied());
        findings.field(&matchers.css, page.styles.iter().copied());
        findings.field(&matchers.text, std::iter::once(page.text));
        self.detect_source(page, &mut findings);
        self.conclude(findings.found)
    }

    fn detect_transport(&self, page: &Evidence<'_>, findings: &mut Findings<'_>) {
        for (name, value) in page.headers {
            let text = String::from_utf8_lossy(value.as_bytes());
            for &(rule, entry) in self.matchers.headers.get(name.as_str()).into_iter().flatten() {
                let (_, pattern) = &self.rules[rule as usize].headers[entry as usize];
                findings.add(rule, pattern.find(&text), || format!("header {name}"));
            }
        }
        for value in page.headers.get_all("set-cookie") {
            let text = String::from_utf8_lossy(value.as_bytes());
            let pair = text.split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = name.trim().to_ascii_lowercase();
            let exact = self.matchers.cookies.get(&name).into_iter().flatten();
            let prefixed =
                self.matchers.cookie_prefixes.iter().filter(|(prefix, _)| name.starts_with(prefix));
            for &(rule, entry) in exact.chain(prefixed.map(|(_, place)| place)) {
                let (_, pattern) = &self.rules[rule as usize].cookies[entry as usize];
                findings.add(rule, pattern.find(value.trim()), || format!("cookie {name}"));
            }
        }
    }

    fn detect_metas(&self, page: &Evidence<'_>, findings: &mut Findings<'_>) {
        for (name, content) in page.metas {
            let name = name.to_ascii_lowercase();
            for &(rule, entry) in self.matchers.metas.get(&name).into_iter().flatten() {
                let (_, pattern) = &self.rules[rule as usize].metas[entry as usize];
                findings.add(rule, pattern.find(content), || format!("meta {name}"));
            }
        }
    }

    fn detect_source(&self, page: &Evidence<'_>, findings: &mut Findings<'_>) {
        let matchers = &self.matchers;
        let mut candidates = Vec::new();
        matchers.source.mark(page.source, &mut vec![false; matchers.source.len()], &mut candidates);
        let source = without_conditional_comments(page.source);
        let mut places = Vec::new();
        for candidate in candidates {
            let candidate = candidate as usize;
            if let Some(&(rule, entry)) = matchers.html_places.get(candidate) {
                let pattern = &self.rules[rule as usize].html[entry as usize];
                findings.add(rule, pattern.find(&source), || "html".to_owned());
            } else {
                places.push(matchers.dom_places[candidate - matchers.html_places.len()]);
            }
        }
        let rules: Vec<&DomRule> =
            places.iter().map(|(rule, entry)| &self.rules[*rule as usize].dom[*entry as usize]).collect();
        dom::find_all(page.html, &rules, |index, found| {
            findings.add(places[index].0, Some(found), || "dom".to_owned());
        });
    }

    /// Applies what the rules say of one another, and names what remains.
    fn conclude(&self, mut found: BTreeMap<u32, Finding>) -> Vec<Technology> {
        found.retain(|_, finding| finding.confidence > 0);
        self.drop_unmet(&mut found);
        self.drop_excluded(&mut found);
        let implied = self.implied(&found);
        let mut technologies: Vec<Technology> =
            found.into_iter().map(|(rule, finding)| self.technology(rule, finding)).collect();
        technologies.extend(implied.into_iter().map(|(rule, finding)| self.technology(rule, finding)));
        technologies.sort_by(|one, other| one.name.cmp(&other.name));
        technologies
    }

    /// Removes what is known only together with something that is not there.
    fn drop_unmet(&self, found: &mut BTreeMap<u32, Finding>) {
        let there = |name: &String| {
            self.names
                .get(name)
                .is_some_and(|rule| found.contains_key(&(u32::try_from(*rule).unwrap_or(u32::MAX))))
        };
        let has_category = |category: &u32| {
            found.keys().any(|rule| self.rules[*rule as usize].categories.contains(category))
        };
        let unmet: Vec<u32> = found
            .keys()
            .copied()
            .filter(|rule| {
                let rule = &self.rules[*rule as usize];
                let needs = !rule.requires.is_empty() && !rule.requires.iter().any(there);
                needs
                    || (!rule.requires_category.is_empty()
                        && !rule.requires_category.iter().any(has_category))
            })
            .collect();
        for rule in unmet {
            found.remove(&rule);
        }
    }

    fn drop_excluded(&self, found: &mut BTreeMap<u32, Finding>) {
        let excluded: Vec<u32> = found
            .keys()
            .flat_map(|rule| &self.rules[*rule as usize].excludes)
            .filter_map(|name| self.index(name))
            .collect();
        for rule in excluded {
            found.remove(&rule);
        }
    }

    /// What comes with what was found, directly or through others.
    fn implied(&self, found: &BTreeMap<u32, Finding>) -> BTreeMap<u32, Finding> {
        let mut implied: BTreeMap<u32, Finding> = BTreeMap::new();
        let mut open: Vec<(u32, u8)> =
            found.iter().map(|(rule, finding)| (*rule, finding.confidence)).collect();
        while let Some((rule, confidence)) = open.pop() {
            let by = &self.rules[rule as usize];
            for (name, share) in &by.implies {
                let Some(index) = self.index(name).filter(|index| !found.contains_key(index)) else {
                    continue;
                };
                if implied.contains_key(&index) {
                    continue;
                }
                let confidence = confidence.min(*share);
                let evidence = vec![format!("implied by {}", by.name)];
                implied.insert(index, Finding { confidence, version: None, evidence });
                open.push((index, confidence));
            }
        }
        implied
    }

    fn index(&self, name: &str) -> Option<u32> {
        self.names.get(name).and_then(|index| u32::try_from(*index).ok())
    }

    fn technology(&self, rule: u32, finding: Finding) -> Technology {
        let rule = &self.rules[rule as usize];
        let categories = rule.categories.iter().filter_map(|number| self.categories.name(*number));
        Technology {
            name: rule.name.clone(),
            version: finding.version,
            categories: categories.map(str::to_owned).collect(),
            confidence: finding.confidence,
            evidence: finding.evidence,
        }
    }
}
