//! Results as comma-separated values (RFC 4180) that are safe to open in a spreadsheet.

use super::{Scanned, output::status};
use crate::{commands::text, model::ScanReport};

/// The signs that make a spreadsheet take a cell for a formula, in both widths.
const FORMULA_SIGNS: &[char] = &['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// A column of a report: its heading, and what it shows.
type Column = (&'static str, fn(&ScanReport) -> String);

const COLUMNS: &[Column] = &[
    ("url", |report| report.url.clone()),
    ("title", |report| optional(report.facts.title.as_ref())),
    ("description", |report| optional(report.facts.description.as_ref())),
    ("language", |report| optional(report.facts.language.as_ref())),
    ("emailAddresses", |report| report.facts.email_addresses.join("; ")),
    ("phoneNumbers", |report| report.facts.phone_numbers.join("; ")),
    ("isWordpress", |report| report.facts.is_wordpress.to_string()),
    ("wordpressVersion", |report| optional(report.facts.wordpress_version.as_ref())),
    ("hasElementor", |report| report.facts.has_elementor.to_string()),
    ("elementorVersion", |report| optional(report.facts.elementor_version.as_ref())),
    ("technologies", technologies),
    ("facebookUrl", |report| optional(report.facts.facebook_url.as_ref())),
    ("twitterUrl", |report| optional(report.facts.twitter_url.as_ref())),
    ("linkedinUrl", |report| optional(report.facts.linkedin_url.as_ref())),
    ("instagramUrl", |report| optional(report.facts.instagram_url.as_ref())),
    ("youtubeUrl", |report| optional(report.facts.youtube_url.as_ref())),
    ("faviconUrl", |report| optional(report.facts.favicon_url.as_ref())),
    ("logoUrl", |report| optional(report.facts.logo_url.as_ref())),
    ("totalSitemaps", |report| report.total_sitemaps.to_string()),
    ("sitemapUrls", |report| report.sitemap_urls.to_string()),
];

fn optional(text: Option<&String>) -> String {
    text.cloned().unwrap_or_default()
}

fn technologies(report: &ScanReport) -> String {
    let names: Vec<&str> =
        report.facts.technologies.iter().map(|technology| technology.name.as_str()).collect();
    names.join("; ")
}

/// The names of the columns.
pub(super) fn heading() -> String {
    let mut names = vec!["name", "status", "errorCode", "errorMessage"];
    names.extend(COLUMNS.iter().map(|(name, _)| *name));
    names.join(",") + "\r\n"
}

/// One result.
pub(super) fn row(scanned: &Scanned) -> String {
    let status = format!("{:?}", status(scanned)).to_uppercase();
    let (code, message) = match &scanned.outcome {
        Ok(_) => (String::new(), String::new()),
        Err(error) => (error.code.to_string().to_uppercase(), error.message.clone()),
    };
    let mut cells = vec![scanned.name.to_string(), status, code, message];
    let report = scanned.outcome.as_ref().ok();
    cells.extend(COLUMNS.iter().map(|(_, show)| report.map(show).unwrap_or_default()));
    let cells: Vec<String> = cells.iter().map(|value| cell(value)).collect();
    cells.join(",") + "\r\n"
}

/// A cell on one line, quoted where that is needed; what looks like a formula becomes text.
fn cell(value: &str) -> String {
    let mut value = text::one_line(value);
    if value.trim_start().starts_with(FORMULA_SIGNS) {
        value.insert(0, '\'');
    }
    if value.contains([',', '"', ';']) { format!("\"{}\"", value.replace('"', "\"\"")) } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{DomainName, ScanError, ScanErrorCode};

    #[test]
    fn a_cell_is_one_cell_and_never_a_formula() {
        for (value, expected) in [
            ("plain", "plain"),
            ("a,b", "\"a,b\""),
            ("a \"b\"", "\"a \"\"b\"\"\""),
            ("two\r\nlines", "two  lines"),
            ("=1+1", "'=1+1"),
            ("+49 30 1", "'+49 30 1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "' =1"),
            ("＝1", "'＝1"),
            ("=HYPERLINK(\"http://x\",\"y\")", "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\""),
        ] {
            assert_eq!(cell(value), expected);
        }
    }

    #[test]
    fn every_row_has_as_many_cells_as_the_heading() {
        let name = DomainName::parse("a.test").unwrap();
        let failed =
            Scanned { name: name.clone(), outcome: Err(ScanError::new(ScanErrorCode::Timeout, "Too slow")) };
        let scanned = Scanned { name, outcome: Ok(ScanReport::default()) };
        let columns = heading().split(',').count();
        assert_eq!(row(&failed).split(',').count(), columns);
        assert_eq!(row(&scanned).split(',').count(), columns);
        assert!(row(&failed).starts_with("a.test,FAILED,TIMEOUT,Too slow,"));
    }
}
