//! Counts the addresses of a plain text sitemap: one a line.

use super::fault::Fault;
use crate::model::SitemapKind;

/// The longest beginning of a line that is kept; an address shows within it.
const MAX_LINE_BYTES: usize = 4_096;

/// Reads a plain text sitemap as it arrives.
#[derive(Debug, Default)]
pub(super) struct LineCounter {
    /// The line that has not ended yet.
    pending: String,
    pub(super) count: u64,
}

impl LineCounter {
    /// Reads on. The first line that is not empty decides whether this is a list of addresses at all.
    pub(super) fn push(&mut self, text: &str) -> Result<(), Fault> {
        let mut lines = text.split(['\n', '\r']);
        if let Some(first) = lines.next() {
            self.keep(first);
        }
        for line in lines {
            self.end_line()?;
            self.keep(line);
        }
        Ok(())
    }

    /// Ends the file.
    pub(super) fn finish(&mut self) -> Result<(), Fault> {
        self.end_line()?;
        if self.count == 0 { Err(Fault::Unknown) } else { Ok(()) }
    }

    /// The format, once an address has been seen.
    pub(super) fn kind(&self) -> SitemapKind {
        if self.count == 0 { SitemapKind::Unknown } else { SitemapKind::Text }
    }

    fn keep(&mut self, text: &str) {
        let room = MAX_LINE_BYTES.saturating_sub(self.pending.len());
        self.pending.push_str(&text[..text.floor_char_boundary(room)]);
    }

    fn end_line(&mut self) -> Result<(), Fault> {
        let line = self.pending.trim();
        if is_address(line) {
            self.count += 1;
        } else if !line.is_empty() && self.count == 0 {
            return Err(Fault::Unknown);
        }
        self.pending.clear();
        Ok(())
    }
}

fn is_address(line: &str) -> bool {
    ["http://", "https://"].iter().any(|scheme| {
        line.len() > scheme.len()
            && line.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    })
}
