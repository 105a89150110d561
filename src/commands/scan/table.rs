//! Results as lines for people.

use super::Scanned;
use crate::{commands::text, model::ScanReport};

/// The widths of the columns; the last takes what it needs.
const WIDTHS: &[usize] = &[28, 34, 30, 26];

/// The names of the columns.
pub(super) fn heading() -> String {
    line(&["DOMAIN", "TITLE", "BUILT WITH", "CONTACT", "PAGES IN SITEMAPS"].map(str::to_owned))
}

/// One result.
pub(super) fn row(scanned: &Scanned) -> String {
    let name = scanned.name.to_unicode();
    match &scanned.outcome {
        Ok(report) => line(&cells(name, report)),
        Err(error) => format!("{} failed: {}\n", fitted(&name, WIDTHS[0]), text::one_line(&error.message)),
    }
}

fn cells(name: String, report: &ScanReport) -> [String; 5] {
    let facts = &report.facts;
    let technologies: Vec<&str> =
        facts.technologies.iter().map(|technology| technology.name.as_str()).collect();
    let contact = facts.email_addresses.first().or(facts.phone_numbers.first());
    [
        name,
        facts.title.clone().unwrap_or_default(),
        technologies.join(", "),
        contact.cloned().unwrap_or_default(),
        report.sitemap_urls.to_string(),
    ]
}

fn line(cells: &[String; 5]) -> String {
    let mut parts: Vec<String> = cells.iter().zip(WIDTHS).map(|(cell, width)| fitted(cell, *width)).collect();
    parts.push(text::one_line(&cells[4]));
    parts.join(" ").trim_end().to_owned() + "\n"
}

/// A text cut or filled to a width.
fn fitted(text: &str, width: usize) -> String {
    let text = text::one_line(text);
    if text.chars().count() > width {
        let cut: String = text.chars().take(width - 1).collect();
        return cut + "…";
    }
    format!("{text:width$}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{DomainName, ScanError, ScanErrorCode, SiteFacts};

    #[test]
    fn a_row_is_one_line_without_control_characters_whatever_the_site_says() {
        let facts = SiteFacts { title: Some("Title\u{1b}[2J\n\u{9b}x".repeat(20)), ..SiteFacts::default() };
        let name = DomainName::parse("a.test").unwrap();
        let good = Scanned { name: name.clone(), outcome: Ok(ScanReport { facts, ..ScanReport::default() }) };
        let bad = Scanned { name, outcome: Err(ScanError::new(ScanErrorCode::Internal, "a\u{1b}b\nc")) };
        for text in [row(&good), row(&bad)] {
            assert!(text.ends_with('\n') && !text.trim_end().contains(text::is_unsafe), "{text:?}");
        }
    }
}
