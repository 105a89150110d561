//! Structured data: JSON-LD (schema.org), with the organisation behind the site told apart from what else a page
//! describes.

use serde_json::{Map, Value, json};

use super::{
    clean,
    organization::{country, image_url, is_organization, organization, texts},
    view::View,
};
use crate::model::JsonObject;

/// The most JSON-LD values that are looked at.
const MAX_NODES: usize = 5_000;
/// The most entries of a list.
pub(super) const MAX_LIST: usize = 50;
/// The most bytes of one JSON-LD script.
const MAX_SCRIPT: usize = 512 << 10;

/// What the structured data of a page says about the site.
#[derive(Debug, Default)]
pub(super) struct Structured {
    /// The types of all things described, in the order of the page.
    types: Vec<String>,
    organization: JsonObject,
    /// How well the organisation found so far fits.
    rank: usize,
    /// The address of the logo, as written.
    pub(super) logo: Option<String>,
    /// The country, as written: a code or a name.
    pub(super) country: Option<String>,
    pub(super) emails: Vec<String>,
    /// Addresses of others that the page describes: its authors among them.
    pub(super) emails_of_others: Vec<String>,
    pub(super) phones: Vec<String>,
    /// The profiles that the organisation calls its own, as written.
    pub(super) same_as: Vec<String>,
    /// Those of a person where there is an organisation as well: an author, or who the site is about.
    pub(super) same_as_of_person: Vec<String>,
}

/// Reads all JSON-LD of a page.
pub(super) fn read(view: &View<'_>) -> Structured {
    let mut structured = Structured::default();
    let mut budget = MAX_NODES;
    for script in &view.found.json_ld {
        if let Some(value) = parse(script) {
            structured.visit(&value, &mut budget);
        }
    }
    if structured.organization.is_empty() {
        structured.same_as.append(&mut structured.same_as_of_person);
    }
    structured
}

/// Parses leniently: raw line breaks inside strings, comment marks around, a semicolon at the end.
fn parse(script: &str) -> Option<Value> {
    let script = script.trim().trim_end_matches(';');
    let script = ["<!--", "//<![CDATA[", "/*<![CDATA[*/", "<![CDATA["]
        .iter()
        .fold(script, |text, mark| text.strip_prefix(mark).unwrap_or(text));
    let script = ["-->", "//]]>", "/*]]>*/", "]]>"]
        .iter()
        .fold(script, |text, mark| text.strip_suffix(mark).unwrap_or(text));
    if script.len() > MAX_SCRIPT {
        return None;
    }
    serde_json::from_str(script).ok().or_else(|| {
        let plain: String = script.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        serde_json::from_str(&plain).ok()
    })
}

impl Structured {
    /// Looks at a value and what is in it, in order. JSON of more than 128 levels was refused by the parser.
    fn visit(&mut self, value: &Value, budget: &mut usize) {
        let mut open = vec![(value, true)];
        while let Some((value, own)) = open.pop() {
            if *budget == 0 {
                return;
            }
            *budget -= 1;
            match value {
                Value::Array(values) => open.extend(values.iter().rev().map(|value| (value, own))),
                Value::Object(node) => {
                    self.node(node, own);
                    let inner = node.iter().rev().filter(|(_, value)| value.is_object() || value.is_array());
                    open.extend(inner.map(|(key, value)| (value, own && !is_about_others(key))));
                }
                _ => {}
            }
        }
    }

    /// Takes what one described thing says. What belongs to others (reviewers, event venues) only counts as a type.
    fn node(&mut self, node: &Map<String, Value>, own: bool) {
        let types: Vec<&str> = texts(node.get("@type"))
            .map(|name| name.rsplit(['/', '#', ':']).next().unwrap_or(name))
            .collect();
        for name in &types {
            if self.types.len() < MAX_LIST && !self.types.iter().any(|known| known == name) {
                self.types.extend(clean::line(name, 100));
            }
        }
        if !own || types.iter().any(|name| NOT_THE_SITE.contains(name)) {
            keep(&mut self.emails_of_others, addresses(node));
            return;
        }
        keep(&mut self.emails, addresses(node));
        keep(&mut self.phones, texts(node.get("telephone")));
        let is_organization = types.iter().any(|name| is_organization(name, node));
        if is_organization || types.contains(&"Brand") {
            self.logo = self.logo.take().or_else(|| image_url(node.get("logo")));
        }
        if is_organization {
            keep(&mut self.same_as, texts(node.get("sameAs")));
        } else if types.contains(&"Person") {
            keep(&mut self.same_as_of_person, texts(node.get("sameAs")));
        }
        if is_organization {
            self.consider(&types, node);
        }
    }

    /// Keeps the organisation that says most; the first of equals.
    fn consider(&mut self, types: &[&str], node: &Map<String, Value>) {
        let facts = organization(types, node);
        if facts.len() > self.rank {
            self.rank = facts.len();
            self.country = country(node).or_else(|| self.country.take());
            self.organization = facts;
        }
    }

    /// As `metadata.structuredData`.
    pub(super) fn into_json(self) -> JsonObject {
        let mut topics = JsonObject::new();
        if !self.types.is_empty() {
            topics.insert("types".to_owned(), json!(self.types));
        }
        if !self.organization.is_empty() {
            topics.insert("organization".to_owned(), self.organization.into());
        }
        topics
    }
}

/// Adds short values to a list of bounded length.
fn keep<'v>(list: &mut Vec<String>, values: impl Iterator<Item = &'v str>) {
    let values = values.filter(|value| value.len() < 200);
    list.extend(values.map(str::to_owned).take((2 * MAX_LIST).saturating_sub(list.len())));
}

/// The addresses of a described thing; some stand among its profiles.
fn addresses(node: &Map<String, Value>) -> impl Iterator<Item = &str> {
    let among_profiles = texts(node.get("sameAs")).filter(|text| text.contains('@') && !text.contains('/'));
    texts(node.get("email")).chain(among_profiles)
}

/// Things with a name, a phone or profiles that are not the site's own.
const NOT_THE_SITE: [&str; 12] = [
    "Review",
    "Event",
    "MusicEvent",
    "JobPosting",
    "Comment",
    "Recipe",
    "Movie",
    "Book",
    "Rating",
    "AggregateRating",
    "Question",
    "Answer",
];

/// Properties under which others are described.
fn is_about_others(key: &str) -> bool {
    const OTHERS: &str = "review reviews performer organizer location author hiringOrganization memberOf alumniOf worksFor \
        sponsor funder itemReviewed mentions citation seller provider";
    OTHERS.split(' ').any(|other| other == key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn structured(scripts: &[&str]) -> Structured {
        let mut structured = Structured::default();
        for script in scripts {
            structured.visit(&parse(script).unwrap(), &mut MAX_NODES.clone());
        }
        structured
    }

    #[test]
    fn an_organisation_inside_a_graph_is_found() {
        let found = structured(&[r#"{"@context":"https://schema.org","@graph":[
            {"@type":"WebSite","name":"Site","publisher":{"@id":"/o"}},
            {"@type":["Organization","Brand"],"@id":"/o","name":"Muster GmbH","logo":{"@type":"ImageObject","url":"/l.png"},
             "sameAs":["https://www.facebook.com/muster"],"contactPoint":{"@type":"ContactPoint","telephone":"+49 30 1234567"},
             "address":{"@type":"PostalAddress","streetAddress":"Weg 1","addressCountry":{"@type":"Country","name":"DE"}}}]}"#]);
        assert_eq!(found.logo.as_deref(), Some("/l.png"));
        assert_eq!(found.country.as_deref(), Some("DE"));
        assert_eq!(found.phones, ["+49 30 1234567"]);
        assert_eq!(found.organization["name"], "Muster GmbH");
        assert_eq!(found.organization["address"]["street"], "Weg 1");
    }

    #[test]
    fn what_belongs_to_reviewers_and_venues_is_not_the_sites() {
        let found = structured(&[
            r#"{"@type":"LocalBusiness","name":"Inn","address":"Main St 1",
            "review":{"@type":"Review","author":{"@type":"Person","email":"guest@mail.org","sameAs":"https://x.com/guest"}}}"#,
            r#"{"@type":"Event","location":{"@type":"Place","name":"Hall","telephone":"030 555"}}"#,
        ]);
        assert!(found.emails.is_empty() && found.phones.is_empty() && found.same_as.is_empty());
        assert_eq!(found.organization["address"]["text"], "Main St 1");
    }

    #[test]
    fn opening_hours_of_both_forms_become_lines() {
        let found = structured(&[
            r#"{"@type":"Bakery","name":"B","telephone":"1","openingHours":"Mo-Fr 07:00-18:00",
            "openingHoursSpecification":[{"dayOfWeek":["https://schema.org/Saturday","Sunday"],"opens":"08:00","closes":"12:00"}]}"#,
        ]);
        assert_eq!(found.organization["openingHours"], json!(["Mo-Fr 07:00-18:00", "Sa,Su 08:00-12:00"]));
    }

    #[test]
    fn sloppy_json_is_read_and_broken_json_is_left() {
        assert!(
            parse("<!-- {\"@type\":\"Organization\",\n\"name\":\"two\nlines\"}; -->")
                .is_none_or(|v| v.is_object())
        );
        assert_eq!(parse("{\"name\":\"two\nlines\"};").unwrap()["name"], "two lines");
        assert!(parse("{\"name\":").is_none());
        assert!(parse(&format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000))).is_none());
    }
}
