//! The runs of digits in a text that may be phone numbers.

use super::phone_context::phone_sign;

/// The most runs of digits that are searched for numbers.
const MAX_RUNS: usize = 1_000;
/// The longest run in bytes; more is data, not text.
pub(super) const MAX_RUN: usize = 150;
/// The fewest digits a number in a text has.
pub(super) const MIN_DIGITS: usize = 7;

/// A part of a line that is made of digits and what stands between the digits of numbers.
pub(super) struct Run<'t> {
    pub(super) line: &'t str,
    /// The line before, which may hold a label.
    pub(super) previous: &'t str,
    /// Where the line begins in the text.
    pub(super) offset: usize,
    pub(super) start: usize,
    pub(super) end: usize,
}

impl<'t> Run<'t> {
    pub(super) fn text(&self) -> &'t str {
        &self.line[self.start..self.end]
    }
}

/// The runs of a text that are worth a closer look.
pub(super) fn runs(text: &str) -> Vec<Run<'_>> {
    let mut found = Vec::new();
    let mut previous = "";
    let mut offset = 0;
    for line in text.split('\n') {
        if digits(line) >= MIN_DIGITS {
            let mut rest = 0;
            while let Some((start, end)) = next_run(line, rest)
                && found.len() < MAX_RUNS
            {
                rest = end;
                let fits = end - start <= MAX_RUN && digits(&line[start..end]) >= MIN_DIGITS;
                if fits && phone_sign(line, previous, start, end).is_some() {
                    found.push(Run { line, previous, offset, start, end });
                }
            }
        }
        previous = line;
        offset += line.len() + 1;
    }
    found
}

/// The next run of a line from a place on: from a digit, plus or bracket to the last digit before other text.
fn next_run(line: &str, from: usize) -> Option<(usize, usize)> {
    let start = from + line[from..].find(|c| is_digit(c) || matches!(c, '+' | '＋' | '(' | '（'))?;
    let mut end = start;
    for (at, c) in line[start..].char_indices() {
        if is_digit(c) {
            end = start + at + c.len_utf8();
        } else if !is_between(c) {
            break;
        }
    }
    let skipped = start + line[start..].chars().next().map_or(1, char::len_utf8);
    Some((start, end.max(skipped)))
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit() || ('０'..='９').contains(&c)
}

/// What stands between the digits of a number.
fn is_between(c: char) -> bool {
    matches!(
        c,
        ' ' | '\u{a0}' | '\u{202f}' | '+' | '(' | ')' | '[' | ']' | '-' | '.' | '/' | '~' | '\u{2010}'
            ..='\u{2015}' | '\u{2212}' | '－' | '（' | '）' | '．' | '／' | '＋' | '　' | 'ー' | '·'
    )
}

/// How many digits a text has, those of East Asian width included.
pub(super) fn digits(text: &str) -> usize {
    text.chars().filter(|c| is_digit(*c)).count()
}
