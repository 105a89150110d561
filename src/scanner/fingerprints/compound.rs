//! Compound selectors: a tag with attributes, classes and an id.

use scraper::node::Element;

use super::dom::attribute;

/// A selector without combinators and pseudo-classes, such as `link[href*='/plugins/']`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Compound {
    /// The tag in lower case; empty for any.
    pub(super) tag: String,
    tests: Vec<Test>,
}

/// What an attribute must be.
#[derive(Debug, PartialEq, Eq)]
struct Test {
    name: String,
    operator: Operator,
    value: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Exists,
    Equals,
    Contains,
    StartsWith,
    EndsWith,
    HasWord,
}

impl Compound {
    /// Reads a selector; none when it is of another kind.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (tag, mut rest) = name(text);
        let mut tests = Vec::new();
        while let Some(first) = rest.chars().next() {
            let next = match first {
                '.' | '#' => {
                    let (value, after) = name(&rest[1..]);
                    rest = after;
                    let (attribute, operator) =
                        if first == '.' { ("class", Operator::HasWord) } else { ("id", Operator::Equals) };
                    (!value.is_empty()).then(|| Test {
                        name: attribute.to_owned(),
                        operator,
                        value: value.to_owned(),
                    })?
                }
                '[' => {
                    let (inner, after) = rest[1..].split_once(']')?;
                    rest = after;
                    bracket(inner)?
                }
                _ => return None,
            };
            tests.push(next);
        }
        let fits = !tag.is_empty() || !tests.is_empty();
        fits.then(|| Self { tag: tag.to_ascii_lowercase(), tests })
    }

    /// The longest text that the source of such an element must have; none where it costs more to look for the text than
    /// at the elements.
    pub(super) fn literal(&self) -> Option<Vec<u8>> {
        let least = if self.tag.is_empty() { 3 } else { 5 };
        let values = self.tests.iter().flat_map(|test| [test.name.as_str(), test.value.as_str()]);
        // An ampersand may be written as an entity, as may quotes.
        let parts = values.chain([self.tag.as_str()]).flat_map(|text| text.split(['&', '"', '\'', '<', '>']));
        parts
            .filter(|part| part.len() >= least)
            .max_by_key(|part| part.len())
            .map(|part| part.as_bytes().to_vec())
    }

    /// Whether an element of the right tag matches.
    pub(super) fn matches(&self, element: &Element) -> bool {
        self.tests.iter().all(|test| attribute(element, &test.name).is_some_and(|value| test.fits(value)))
    }
}

impl Test {
    fn fits(&self, value: &str) -> bool {
        let own = self.value.as_str();
        match self.operator {
            Operator::Exists => true,
            Operator::Equals => value == own,
            Operator::Contains => value.contains(own),
            Operator::StartsWith => value.starts_with(own),
            Operator::EndsWith => value.ends_with(own),
            Operator::HasWord => value.split_ascii_whitespace().any(|word| word == own),
        }
    }
}

/// A name at the start of a text, and what follows.
fn name(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_'))).unwrap_or(text.len());
    text.split_at(end)
}

/// What stands in square brackets.
fn bracket(inner: &str) -> Option<Test> {
    let (attribute, rest) = name(inner.trim());
    let rest = rest.trim();
    let test = |operator, value: &str| Test {
        name: attribute.to_ascii_lowercase(),
        operator,
        value: value.to_owned(),
    };
    if attribute.is_empty() {
        return None;
    }
    if rest.is_empty() {
        return Some(test(Operator::Exists, ""));
    }
    let (sign, value) = rest.split_once('=')?;
    let operator = match sign {
        "" => Operator::Equals,
        "*" => Operator::Contains,
        "^" => Operator::StartsWith,
        "$" => Operator::EndsWith,
        "~" => Operator::HasWord,
        _ => return None,
    };
    let value = unquoted(value.trim())?;
    (!value.is_empty()).then(|| test(operator, value))
}

/// A value without its quotes; none when something follows them or an escape is inside.
fn unquoted(value: &str) -> Option<&str> {
    let plain = ['"', '\'']
        .iter()
        .find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote))
        .or_else(|| {
            let (plain, rest) = name(value);
            rest.is_empty().then_some(plain)
        })?;
    (!plain.contains(['\\', '"', '\''])).then_some(plain)
}

#[cfg(test)]
mod tests {
    use scraper::{Html, Selector};

    use super::*;

    #[test]
    fn compounds_select_what_the_selector_engine_selects() {
        let html = Html::parse_document(
            "<link rel='a b' href='/wp-content/x/'><div id=app class='one two' data-page='{}'></div><DIV class=three></DIV>\
             <form netlify></form><p class='one-two'></p>",
        );
        for selector in [
            "link[href*='/wp-content/']",
            "link[rel~=b]",
            "[rel=\"a b\"]",
            "#app",
            ".one",
            "div.one.two",
            "div",
            "[data-page]",
            "#app[data-page]",
            "[class^=one]",
            "[class$='two']",
            "form[netlify]",
            ".two",
            "p.one",
        ] {
            let all = Selector::parse("*").unwrap();
            let compound = Compound::parse(selector).unwrap();
            let general = Selector::parse(selector).unwrap();
            let elements = html.select(&all).filter(|element| {
                (compound.tag.is_empty() || compound.tag == element.value().name())
                    && compound.matches(element.value())
            });
            assert!(elements.eq(html.select(&general)), "{selector}");
        }
    }

    #[test]
    fn other_selectors_are_left_to_the_engine() {
        for selector in ["a b", "a > b", "a:not(.b)", "[a='x' i]", "*", "", "[a|=x]", "a, b"] {
            assert_eq!(Compound::parse(selector), None, "{selector}");
        }
    }

    #[test]
    fn the_longest_demanded_text_is_the_literal() {
        let literal = |selector| Compound::parse(selector).unwrap().literal();
        assert_eq!(literal("link[href*='//use.typekit.net/']"), Some(b"//use.typekit.net/".to_vec()));
        assert_eq!(literal("astro-island"), Some(b"astro-island".to_vec()));
        assert_eq!(literal("#a"), None);
        assert_eq!(literal("link[href*='font']"), None);
    }
}
