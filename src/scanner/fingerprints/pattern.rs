//! One pattern of the Wappalyzer format: a regular expression with tags for version and confidence.

use std::sync::OnceLock;

use regex::bytes::{Captures, Regex, RegexBuilder};

use super::literal;

/// The greatest compiled size of one expression in bytes.
const SIZE_LIMIT: usize = 4 << 20;
/// The most characters of a version.
const MAX_VERSION: usize = 30;

/// A pattern, compiled when it is first needed.
#[derive(Debug)]
pub(super) struct Pattern {
    expression: String,
    /// Texts of which at least one is in whatever matches, whatever the case; empty when none is known.
    pub(super) literals: Vec<Vec<u8>>,
    /// Whether the presence of a literal is already the match.
    pub(super) is_literal: bool,
    version: Option<String>,
    /// How sure a match makes, from 0 to 100.
    pub(super) confidence: u8,
    regex: OnceLock<Option<Regex>>,
}

/// A text that is no pattern, or one that this engine cannot match.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum PatternError {
    /// Look-around and back-references cannot be matched in linear time.
    Unsupported(String),
    /// Anything else.
    Malformed(String),
}

/// What a match tells.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Match {
    pub(super) confidence: u8,
    pub(super) version: Option<String>,
}

impl Pattern {
    /// Reads `expression\;version:\1\;confidence:50`.
    pub(super) fn parse(text: &str) -> Result<Self, PatternError> {
        let mut parts = text.split("\\;");
        let expression = from_javascript(parts.next().unwrap_or_default());
        let (mut version, mut confidence) = (None, 100);
        for part in parts {
            match part.split_once(':') {
                Some(("version", value)) => version = Some(value.to_owned()),
                Some(("confidence", value)) => {
                    let number = value.trim().parse::<u8>().ok().filter(|number| *number <= 100);
                    confidence = number.ok_or_else(|| {
                        PatternError::Malformed(format!("confidence is `{value}`; it must be from 0 to 100"))
                    })?;
                }
                _ => {}
            }
        }
        let required = literal::required(&expression)?;
        let is_literal = required.is_exact && version.is_none();
        Ok(Self {
            expression,
            literals: required.literals,
            is_literal,
            version,
            confidence,
            regex: OnceLock::new(),
        })
    }

    /// Whether the mere presence of the field is the match.
    pub(super) fn is_anything(&self) -> bool {
        self.expression.is_empty()
    }

    /// Looks for the pattern in a text.
    pub(super) fn find(&self, text: &str) -> Option<Match> {
        let found = |version| Match { confidence: self.confidence, version };
        if self.is_anything() {
            return Some(found(self.version.as_deref().and_then(constant)));
        }
        let regex = self.regex.get_or_init(|| compile(&self.expression)).as_ref()?;
        match &self.version {
            Some(template) => {
                regex.captures(text.as_bytes()).map(|captures| found(fill(template, &captures)))
            }
            None => regex.is_match(text.as_bytes()).then(|| found(None)),
        }
    }
}

/// The syntax was proven sound when the pattern was read; only its size can still be too great.
fn compile(expression: &str) -> Option<Regex> {
    let mut builder = RegexBuilder::new(expression);
    builder.case_insensitive(true).unicode(false).size_limit(SIZE_LIMIT).build().ok()
}

/// Rewrites what JavaScript writes otherwise: `[^]`, `\<`, and brackets that need no escape there.
fn from_javascript(expression: &str) -> String {
    let mut out = String::with_capacity(expression.len());
    let mut chars = expression.char_indices().peekable();
    let mut in_class = false;
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => {
                let next = chars.next().map(|(_, next)| next);
                match next {
                    Some(next @ ('<' | '>' | '/')) => out.push(next),
                    Some(next) => out.extend(['\\', next]),
                    None => out.push_str("\\\\"),
                }
            }
            '[' if in_class => out.push_str("\\["),
            '[' if expression[at..].starts_with("[^]") => {
                out.push_str("[\\s\\S]");
                chars.next();
                chars.next();
            }
            '[' => {
                in_class = true;
                out.push('[');
            }
            ']' if in_class => {
                in_class = false;
                out.push(']');
            }
            '&' | '~' if in_class && chars.peek().is_some_and(|(_, next)| *next == c) => {
                out.extend(['\\', c]);
            }
            '{' if !in_class && !is_repetition(&expression[at + 1..]) => out.push_str("\\{"),
            _ => out.push(c),
        }
    }
    out
}

/// Whether a `{` begins a repetition such as `{2}` or `{1,}`.
fn is_repetition(rest: &str) -> bool {
    rest.split_once('}').is_some_and(|(count, _)| {
        count.starts_with(|c: char| c.is_ascii_digit())
            && count.chars().all(|c| c.is_ascii_digit() || c == ',')
    })
}

/// A version template without groups.
fn constant(template: &str) -> Option<String> {
    (!template.contains('\\')).then(|| checked(template)).flatten()
}

/// Fills a version template: `\1`, or `\1?a:b` for one thing when the group matched and another when not.
fn fill(template: &str, captures: &Captures<'_>) -> Option<String> {
    let group = |index: usize| {
        captures
            .get(index)
            .map(|found| String::from_utf8_lossy(found.as_bytes()))
            .filter(|text| !text.is_empty())
    };
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        let Some(index) = after.chars().next().and_then(|c| c.to_digit(10)) else {
            rest = after;
            continue;
        };
        let found = group(index as usize);
        rest = &after[1..];
        if let Some((yes, no)) = rest.strip_prefix('?').and_then(|choice| choice.split_once(':')) {
            rest = if found.is_some() { yes } else { no };
        } else {
            out.push_str(&found.unwrap_or_default());
        }
    }
    out.push_str(rest);
    checked(&out)
}

/// A version of sensible length that begins like one.
fn checked(version: &str) -> Option<String> {
    let version = version.trim().trim_end_matches('.');
    let fits =
        !version.is_empty() && version.chars().count() <= MAX_VERSION && !version.contains(char::is_control);
    fits.then(|| version.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(pattern: &str, text: &str) -> Option<String> {
        Pattern::parse(pattern).unwrap().find(text).unwrap().version
    }

    #[test]
    fn a_version_is_taken_from_its_group() {
        assert_eq!(version(r"jquery-([\d.]+)\.js\;version:\1", "/jQuery-3.7.1.js").as_deref(), Some("3.7.1"));
        assert_eq!(version(r"x(\d)?\;version:\1", "x"), None);
    }

    #[test]
    fn a_version_may_depend_on_whether_a_group_matched() {
        let pattern = r"(ga4)?\.js\;version:\1?GA4:UA";
        assert_eq!(version(pattern, "ga4.js").as_deref(), Some("GA4"));
        assert_eq!(version(pattern, "x.js").as_deref(), Some("UA"));
    }

    #[test]
    fn confidence_is_read_and_bounded() {
        assert_eq!(Pattern::parse(r"a\;confidence:50").unwrap().find("xAx").unwrap().confidence, 50);
        assert!(matches!(Pattern::parse(r"a\;confidence:500"), Err(PatternError::Malformed(_))));
    }

    #[test]
    fn an_empty_pattern_matches_any_presence() {
        assert!(Pattern::parse("").unwrap().find("").is_some());
    }

    #[test]
    fn expressions_of_javascript_are_understood() {
        for (pattern, text) in [
            (r"a\/b", "a/b"),
            (r"<link[^>]+\/?\>", "<link rel=x>"),
            ("a[^]b", "a\nb"),
            ("x{y}", "x{y}"),
            ("[[]", "["),
            (r"\d{2,3}a{1}", "12a"),
            (r"__NEXT_DATA__ = \{", "__NEXT_DATA__ = {"),
        ] {
            assert!(Pattern::parse(pattern).unwrap().find(text).is_some(), "{pattern}");
        }
    }

    #[test]
    fn look_around_is_named_as_unsupported_and_nonsense_as_malformed() {
        assert!(matches!(Pattern::parse("a(?!b)"), Err(PatternError::Unsupported(_))));
        assert!(matches!(Pattern::parse(r"(a)\1"), Err(PatternError::Unsupported(_))));
        assert!(matches!(Pattern::parse("(a"), Err(PatternError::Malformed(_))));
    }
}
