//! What a document's bytes tell before it is parsed.
//!
//! The parser calls itself once for every bracket that is open, without a bound for values, so a document of a few kilobytes
//! of `[` would overflow the stack and end the process. This pass is run first, over every document.

/// The size of a document, measured over its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Measure {
    /// The most brackets (`(`, `[`, `{`) open at one place.
    pub(crate) nesting: usize,
    /// Names, numbers, strings and punctuators, as the GraphQL specification (§2.1.6) counts them.
    pub(crate) tokens: usize,
}

/// A string that has no end. The parser reads `"""` without its end as an empty string and one more quote, where the
/// specification sees an error; what follows would be within brackets for one and within a string for the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unterminated {
    /// Where the string begins, in bytes.
    pub(crate) at: usize,
}

/// Measures a document in one pass; strings, block strings and comments are stepped over.
pub(crate) fn measure(document: &[u8]) -> Result<Measure, Unterminated> {
    let mut measure = Measure::default();
    let mut open: usize = 0;
    let mut at = 0;
    while let Some(&byte) = document.get(at) {
        at = match byte {
            b'"' => {
                measure.tokens += 1;
                string_end(document, at)?
            }
            b'#' => line_end(document, at),
            b' ' | b',' | b'\t' | b'\n' | b'\r' | 0xEF | 0xBB | 0xBF => at + 1,
            _ => {
                match byte {
                    b'(' | b'[' | b'{' => open += 1,
                    b')' | b']' | b'}' => open = open.saturating_sub(1),
                    _ => {}
                }
                measure.nesting = measure.nesting.max(open);
                measure.tokens += 1;
                token_end(document, at)
            }
        };
    }
    Ok(measure)
}

/// The end of a name, a number or a spread; any other token is one byte.
fn token_end(document: &[u8], start: usize) -> usize {
    let belongs: fn(u8) -> bool = match document[start] {
        b'.' => |byte| byte == b'.',
        b'-' | b'0'..=b'9' => |byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+'),
        b'_' | b'a'..=b'z' | b'A'..=b'Z' => |byte| byte == b'_' || byte.is_ascii_alphanumeric(),
        _ => return start + 1,
    };
    end_of_run(document, start + 1, belongs)
}

fn line_end(document: &[u8], start: usize) -> usize {
    end_of_run(document, start, |byte| byte != b'\n' && byte != b'\r')
}

fn end_of_run(document: &[u8], start: usize, belongs: fn(u8) -> bool) -> usize {
    document[start..].iter().position(|&byte| !belongs(byte)).map_or(document.len(), |run| start + run)
}

fn string_end(document: &[u8], start: usize) -> Result<usize, Unterminated> {
    let end = if document[start..].starts_with(b"\"\"\"") {
        block_string_end(document, start + 3)
    } else {
        line_string_end(document, start + 1)
    };
    end.ok_or(Unterminated { at: start })
}

fn block_string_end(document: &[u8], mut at: usize) -> Option<usize> {
    while at < document.len() {
        let rest = &document[at..];
        if rest.starts_with(b"\"\"\"") {
            return Some(at + 3);
        }
        at += if rest.starts_with(b"\\\"\"\"") { 4 } else { 1 };
    }
    None
}

fn line_string_end(document: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match document.get(at)? {
            b'"' => return Some(at + 1),
            b'\n' | b'\r' => return None,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn nesting(document: &str) -> usize {
        measure(document.as_bytes()).expect("strings end").nesting
    }

    #[test]
    fn brackets_of_every_kind_count() {
        assert_eq!(nesting("{ a(b: [{c: 1}]) { d } }"), 4);
        assert_eq!(nesting("query ($a: [[Int]]) { a }"), 3);
        assert_eq!(nesting(""), 0);
        assert_eq!(nesting("]]]["), 1);
    }

    #[test]
    fn brackets_in_strings_and_comments_do_not_count() {
        assert_eq!(nesting(r#"{ a(b: "[[[[ \" [[[") }"#), 2);
        assert_eq!(nesting("{ a(b: \"\"\"[[ \\\"\"\" \" [[\n[\"\"\") }"), 2);
        assert_eq!(nesting("# [[[[\r{ a # [[[\n }"), 1);
        assert_eq!(nesting(r#"{ a(b: "", c: "\\") [ }"#), 2);
        assert_eq!(nesting("{ a(b: \"\"\"\"\"\", c: [1]) }"), 3);
    }

    #[test]
    fn brackets_after_what_the_parser_takes_for_two_strings_are_not_missed() {
        let document = format!("{{ a(b: [\"\"\" x \" {}", "[".repeat(2_000));
        assert_eq!(measure(document.as_bytes()), Err(Unterminated { at: 8 }));
        assert_eq!(measure(b"{ a(b: \"x\n\") }"), Err(Unterminated { at: 7 }));
    }

    #[test]
    fn tokens_are_counted_as_the_specification_does() {
        let tokens = |document: &str| measure(document.as_bytes()).expect("strings end").tokens;
        assert_eq!(tokens("{ a, b: c(d: -1.5) ...F @x }"), 15);
        assert_eq!(tokens("\u{feff}{ a } # comment"), 3);
        assert_eq!(tokens("{ a(b: \"one two\") }"), 8);
        assert_eq!(tokens("-1-1-1 a1 1a"), 6);
    }

    proptest! {
        #[test]
        fn any_bytes_are_measured(document in proptest::collection::vec(any::<u8>(), 0..512)) {
            if let Ok(measure) = measure(&document) {
                prop_assert!(measure.nesting <= measure.tokens && measure.tokens <= document.len());
            }
        }

        #[test]
        fn deep_values_are_found_whatever_stands_before(
            before in "[ a-z#\"\\\\\n\r,\\[\\](){}:$]{0,40}",
            depth in 300_usize..400,
        ) {
            // A document that hides its depth must at least be one that the parser cannot enter.
            let document = format!("{{ a(b: {before} {}", "[".repeat(depth));
            let hidden = measure(document.as_bytes()).is_ok_and(|measure| measure.nesting < depth);
            if hidden {
                let closed = format!("{document}{}) }}", "]".repeat(depth));
                if let Ok(parsed) = std::thread::Builder::new()
                    .stack_size(64 << 20)
                    .spawn(move || async_graphql::parser::parse_query(closed))
                    .expect("a thread")
                    .join()
                    .expect("no panic")
                {
                    let value = format!("{:?}", parsed.operations.iter().next());
                    prop_assert!(value.matches("List(").count() < depth);
                }
            }
        }
    }
}
