//! The text of a page as people see it: white space collapsed, a line feed between blocks.

use super::clean;

/// Visible text in the making.
#[derive(Default)]
pub(super) struct VisibleText {
    text: String,
    /// Where an inline element begins or ends with no white space there, ascending.
    seams: Vec<usize>,
    /// Whether white space is due before the next visible character.
    gap: bool,
}

impl VisibleText {
    /// The bytes so far.
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    /// The text and its seams.
    pub(super) fn into_parts(self) -> (String, Vec<usize>) {
        (self.text, self.seams)
    }

    /// Adds the text of a node.
    pub(super) fn add(&mut self, text: &str) {
        self.part_at_seam(text);
        let mut rest = text;
        while let Some(first) = rest.bytes().next() {
            // Most text is made of runs that need no look at each character, and of plain spaces.
            let run = rest.bytes().position(|byte| !byte.is_ascii_graphic()).unwrap_or(rest.len());
            let length = if run > 0 {
                self.visible(&rest[..run]);
                run
            } else if first == b' ' || first == b'\n' {
                self.gap = true;
                1
            } else {
                self.unusual(rest)
            };
            rest = &rest[length..];
        }
    }

    /// Adds the first character of a text, which is not ASCII or not visible; tells its length.
    fn unusual(&mut self, text: &str) -> usize {
        let Some(c) = text.chars().next() else { return 0 };
        if clean::is_space(c) {
            self.gap = true;
        } else if !c.is_control() && !clean::is_invisible(c) {
            self.visible(if c == '＠' { "@" } else { &text[..c.len_utf8()] });
        }
        c.len_utf8()
    }

    /// Adds visible characters, after the white space that is due.
    fn visible(&mut self, text: &str) {
        if self.gap && self.is_in_line() {
            self.text.push(' ');
        }
        self.gap = false;
        self.text.push_str(text);
    }

    /// Whether the text has something in its last line.
    fn is_in_line(&self) -> bool {
        self.text.as_bytes().last().is_some_and(|last| *last != b'\n')
    }

    /// A label and a number that touch only because elements do are read as apart.
    fn part_at_seam(&mut self, text: &str) {
        if self.gap || self.seams.last() != Some(&self.text.len()) {
            return;
        }
        let last = self.text.chars().next_back();
        let kinds = (last.map(char::is_alphabetic), last.map(|c| c.is_ascii_digit()), text.chars().next());
        self.gap = match kinds {
            (Some(true), _, Some(next)) => next.is_ascii_digit() || next == '+',
            (_, Some(true), Some(next)) => next.is_alphanumeric(),
            _ => false,
        };
    }

    /// Begins a new line.
    pub(super) fn line_break(&mut self) {
        self.gap = false;
        if self.is_in_line() {
            self.text.push('\n');
        }
    }

    /// Takes note that an inline element begins or ends here.
    pub(super) fn seam(&mut self) {
        let at = self.text.len();
        if !self.gap && at > 0 && self.seams.last() != Some(&at) {
            self.seams.push(at);
        }
    }
}
