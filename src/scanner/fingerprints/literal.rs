//! The texts that whatever matches an expression must have, so that one pass over a page rules most patterns out.

use regex_syntax::{
    ast,
    hir::{Hir, HirKind},
};

use super::{
    literal_set::{LONG, is_usual},
    pattern::PatternError,
};

/// The most alternatives of which one must be there.
const MAX_ALTERNATIVES: usize = 24;
/// The shortest text worth looking for.
const MIN_LENGTH: usize = 2;

/// What must be there for an expression to match.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Required {
    /// One of these is in each match, whatever the case; empty when nothing is known.
    pub(super) literals: Vec<Vec<u8>>,
    /// Whether one of these is itself a match.
    pub(super) is_exact: bool,
}

/// Parses an expression and finds what it requires.
pub(super) fn required(expression: &str) -> Result<Required, PatternError> {
    let hir = regex_syntax::ParserBuilder::new()
        .unicode(false)
        .utf8(false)
        .build()
        .parse(expression)
        .map_err(|error| describe(&error))?;
    let literals = best(&hir).unwrap_or_default();
    if literals.iter().any(|literal| literal.len() < MIN_LENGTH) {
        return Ok(Required::default());
    }
    let is_exact = !literals.is_empty() && is_exact(&hir);
    Ok(Required { literals, is_exact })
}

fn describe(error: &regex_syntax::Error) -> PatternError {
    match error {
        regex_syntax::Error::Parse(error) => match error.kind() {
            ast::ErrorKind::UnsupportedLookAround | ast::ErrorKind::UnsupportedBackreference => {
                PatternError::Unsupported(error.kind().to_string())
            }
            kind => PatternError::Malformed(kind.to_string()),
        },
        regex_syntax::Error::Translate(error) => PatternError::Malformed(error.kind().to_string()),
        error => PatternError::Malformed(error.to_string()),
    }
}

/// The alternatives of which one must be there; none where the expression requires nothing.
fn best(hir: &Hir) -> Option<Vec<Vec<u8>>> {
    match hir.kind() {
        HirKind::Literal(literal) => Some(vec![literal.0.to_vec()]),
        HirKind::Capture(capture) => best(&capture.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => best(&repetition.sub),
        HirKind::Concat(parts) => parts.iter().filter_map(best).max_by_key(|set| selectivity(set)),
        HirKind::Alternation(parts) => {
            let sets: Option<Vec<_>> = parts.iter().map(best).collect();
            let all: Vec<_> = sets?.into_iter().flatten().collect();
            (all.len() <= MAX_ALTERNATIVES).then_some(all)
        }
        _ => None,
    }
}

/// How few pages a set lets pass: the length of its shortest text counts, after whether some text is on every page.
fn selectivity(set: &[Vec<u8>]) -> (bool, usize) {
    let shortest = set.iter().map(Vec::len).min().unwrap_or_default();
    (shortest >= LONG && !set.iter().any(|text| is_usual(text)), shortest)
}

/// Whether an expression is nothing but texts.
fn is_exact(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Literal(_) => true,
        HirKind::Capture(capture) => is_exact(&capture.sub),
        HirKind::Alternation(parts) => parts.iter().all(is_exact),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn literals(expression: &str) -> Vec<String> {
        let required = required(expression).unwrap();
        required.literals.into_iter().map(|literal| String::from_utf8(literal).unwrap()).collect()
    }

    #[test]
    fn the_longest_text_that_must_be_there_is_chosen() {
        assert_eq!(literals(r"/wp-content/themes/([^/]+)/style"), ["/wp-content/themes/"]);
        assert_eq!(literals(r"(?:foo|barbaz)-\d+"), ["foo", "barbaz"]);
        assert_eq!(literals(r"(?:analytics)+\.js"), ["analytics"]);
        assert_eq!(literals(r#"CLASS="[^"]*\b(?:ant-btn|ant-row)\b"#), ["ant-btn", "ant-row"]);
    }

    #[test]
    fn an_optional_text_is_not_required() {
        assert!(literals(r"(?:jquery)?").is_empty());
        assert!(literals(r"^[\d.]+$").is_empty());
        assert!(literals(r"abc|\d").is_empty());
    }

    #[test]
    fn only_plain_texts_are_exact() {
        assert!(required("cdn\\.shopify\\.com").unwrap().is_exact);
        assert!(required("a1b2|c3d4").unwrap().is_exact);
        assert!(!required("^shopify").unwrap().is_exact);
        assert!(!required("shopify.*js").unwrap().is_exact);
    }
}
