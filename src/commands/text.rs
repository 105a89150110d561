//! Text from sites on its way to terminals and files.

use std::{fmt::Write, process::ExitCode};

use serde::Serialize;

/// Whether a character could steer a terminal or hide what is written: control characters, and the signs that
/// change the direction of text.
pub(super) fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
}

/// The exit code when the command could not be understood.
const BAD_USAGE: u8 = 2;

/// Says something to the person at the terminal, beside the results.
#[expect(clippy::print_stderr, reason = "this is what the standard error is for")]
pub(super) fn say(sentence: &str) {
    eprintln!("{}", one_line(sentence));
}

/// Says why a command cannot be carried out as it was given.
pub(super) fn refuse(sentence: &str) -> ExitCode {
    say(&format!("error: {sentence}"));
    ExitCode::from(BAD_USAGE)
}

/// Text on one line that a terminal shows as it is.
pub(super) fn one_line(text: &str) -> String {
    text.chars().map(|c| if is_unsafe(c) { ' ' } else { c }).collect()
}

/// JSON in which every unsafe character is written as an escape.
pub(super) fn json(value: &impl Serialize, is_pretty: bool) -> serde_json::Result<String> {
    let text = if is_pretty { serde_json::to_string_pretty(value)? } else { serde_json::to_string(value)? };
    // Outside of strings, JSON has no unsafe characters but the line breaks of the pretty form.
    if !text.chars().any(|c| c != '\n' && is_unsafe(c)) {
        return Ok(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if c != '\n' && is_unsafe(c) {
            // All of them lie in the basic plane, so that one escape is enough.
            let _ = write!(escaped, "\\u{:04x}", u32::from(c));
        } else {
            escaped.push(c);
        }
    }
    Ok(escaped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_keeps_its_meaning_and_holds_nothing_that_steers_a_terminal() {
        let value = serde_json::json!({ "title": "a\u{1b}[31m\u{9b}\u{7f}\u{202e}\n\"ü\u{85}" });
        for is_pretty in [false, true] {
            let text = json(&value, is_pretty).unwrap();
            assert!(!text.chars().any(|c| c != '\n' && is_unsafe(c)), "{text:?}");
            assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
        }
    }

    #[test]
    fn a_line_stays_one_line() {
        assert_eq!(one_line("a\r\nb\u{1b}c\u{202e}"), "a  b c ");
    }
}
