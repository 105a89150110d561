//! Rules that look for elements.

use scraper::{Html, Selector};

use super::pattern::{Match, Pattern};

/// A selector, and what an element that it selects must have.
#[derive(Debug)]
pub(super) struct DomRule {
    selector: Selector,
    /// The attribute that must match; `text()` for the text; none when the element alone is the match.
    what: Option<String>,
    pattern: Pattern,
    /// Texts of which one is in the source of each page that has such an element.
    pub(super) literals: Vec<Vec<u8>>,
}

impl DomRule {
    pub(super) fn new(selector: &str, what: Option<String>, pattern: Pattern) -> Result<Self, String> {
        let parsed = Selector::parse(selector).map_err(|error| error.to_string())?;
        Ok(Self { selector: parsed, what, pattern, literals: literals(selector) })
    }

    /// Looks for the element on a page.
    pub(super) fn find(&self, html: &Html) -> Option<Match> {
        html.select(&self.selector).find_map(|element| match self.what.as_deref() {
            None => self.pattern.find(""),
            Some("text()") => self.pattern.find(&element.text().collect::<String>()),
            Some(attribute) => self.pattern.find(element.attr(attribute)?),
        })
    }
}

/// For each selector of a list, the longest name or value that it demands.
fn literals(selector: &str) -> Vec<Vec<u8>> {
    let parts = selector.split(',').map(|part| longest_token(part).map(<[u8]>::to_vec));
    parts.collect::<Option<Vec<_>>>().unwrap_or_default()
}

/// The longest run of characters that stand for themselves in the source. What stands in `:not(…)` is forbidden, not
/// demanded.
fn longest_token(part: &str) -> Option<&[u8]> {
    let demanded = part.split(":not").next().unwrap_or_default();
    let tokens = demanded.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '/' | '.')));
    let tokens = tokens.flat_map(|token| token.split('.').chain(token.contains('/').then_some(token)));
    tokens.map(str::as_bytes).filter(|token| token.len() >= 3).max_by_key(|token| token.len())
}
