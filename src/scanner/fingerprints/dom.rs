//! Rules that look for elements.
//!
//! Nearly all selectors of rules are lists of a tag with attributes: those are matched for all rules together in one
//! pass over the page. Others are left to the selector engine.

use scraper::{ElementRef, Html, Selector, node::Element};

use super::{
    compound::Compound,
    pattern::{Match, Pattern},
};

/// A selector, and what an element that it selects must have.
#[derive(Debug)]
pub(super) struct DomRule {
    selector: Selected,
    what: What,
    pattern: Pattern,
    /// Texts of which one is in the source of each page that has such an element.
    pub(super) literals: Vec<Vec<u8>>,
}

/// What of an element the pattern is matched against.
#[derive(Debug)]
pub(super) enum What {
    /// Nothing: the element alone is the match.
    Presence,
    /// Its text.
    Text,
    /// An attribute.
    Attribute(String),
}

#[derive(Debug)]
enum Selected {
    Compounds(Vec<Compound>),
    General(Selector),
}

impl DomRule {
    pub(super) fn new(selector: &str, what: What, pattern: Pattern) -> Result<Self, String> {
        let compounds: Option<Vec<_>> = selector.split(',').map(Compound::parse).collect();
        let (selected, literals) = match compounds {
            Some(compounds) => {
                let literals = compounds.iter().map(Compound::literal).collect::<Option<Vec<_>>>();
                (Selected::Compounds(compounds), literals)
            }
            None => (
                Selected::General(Selector::parse(selector).map_err(|error| error.to_string())?),
                literals(selector),
            ),
        };
        Ok(Self { selector: selected, what, pattern, literals: literals.unwrap_or_default() })
    }

    fn test(&self, element: ElementRef<'_>) -> Option<Match> {
        match &self.what {
            What::Presence => self.pattern.find(""),
            What::Text => self.pattern.find(&element.text().collect::<String>()),
            What::Attribute(name) => self.pattern.find(attribute(element.value(), name)?),
        }
    }
}

/// The value of an attribute, whose name is given in lower case.
pub(super) fn attribute<'e>(element: &'e Element, name: &str) -> Option<&'e str> {
    element.attrs().find(|(own, _)| *own == name).map(|(_, value)| value)
}

/// Candidates whose selector begins with one tag; an empty one stands for any.
struct Group<'r> {
    tag: &'r str,
    compounds: Vec<(usize, &'r Compound)>,
}

/// Looks for the elements of several rules at once, and reports each rule that has one with its place in the list.
pub(super) fn find_all(html: &Html, rules: &[&DomRule], mut report: impl FnMut(usize, Match)) {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for (index, rule) in rules.iter().enumerate() {
        match &rule.selector {
            Selected::General(selector) => {
                if let Some(found) = html.select(selector).find_map(|element| rule.test(element)) {
                    report(index, found);
                }
            }
            Selected::Compounds(compounds) => {
                for compound in compounds {
                    match groups.iter_mut().find(|group| group.tag == compound.tag) {
                        Some(group) => group.compounds.push((index, compound)),
                        None => groups.push(Group { tag: &compound.tag, compounds: vec![(index, compound)] }),
                    }
                }
            }
        }
    }
    if !groups.is_empty() {
        pass(html, rules, &mut groups, report);
    }
}

/// The one pass over all elements. A compound that matched is not looked for again.
fn pass(html: &Html, rules: &[&DomRule], groups: &mut [Group<'_>], mut report: impl FnMut(usize, Match)) {
    for element in html.tree.nodes().filter_map(ElementRef::wrap) {
        let name = element.value().name();
        for group in groups.iter_mut().filter(|group| group.tag.is_empty() || group.tag == name) {
            group.compounds.retain(|(index, compound)| {
                let found = compound.matches(element.value()).then(|| rules[*index].test(element)).flatten();
                let is_open = found.is_none();
                if let Some(found) = found {
                    report(*index, found);
                }
                is_open
            });
        }
    }
}

/// For each selector of a list, the longest name or value that it demands.
fn literals(selector: &str) -> Option<Vec<Vec<u8>>> {
    selector.split(',').map(|part| longest_token(part).map(<[u8]>::to_vec)).collect()
}

/// The longest run of characters that stand for themselves in the source. What stands in `:not(…)` is forbidden, not
/// demanded.
fn longest_token(part: &str) -> Option<&[u8]> {
    let demanded = part.split(":not").next().unwrap_or_default();
    let tokens = demanded.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_')));
    tokens.map(str::as_bytes).filter(|token| token.len() >= 3).max_by_key(|token| token.len())
}
