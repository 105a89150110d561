//! The newest of many dates.

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, Utc};

/// Where the time zone begins in `2024-05-06T07:08:09+02:00`.
const ZONE_AT: usize = 19;

/// Keeps the newest of the dates it is offered. A sitemap may hold millions, so most are passed over by their text.
#[derive(Debug, Default)]
pub(super) struct Newest {
    date: Option<DateTime<Utc>>,
    /// The newest date as it was written.
    text: String,
    /// A day that is certainly before the newest date in every time zone.
    earlier_day: String,
}

impl Newest {
    /// Considers a date; what is none is passed over.
    pub(super) fn offer(&mut self, text: &str) {
        let text = text.trim();
        if text.is_empty() || self.is_surely_older(text.as_bytes()) {
            return;
        }
        let Some(date) = parse(text) else { return };
        if self.date.is_none_or(|newest| newest < date) {
            self.date = Some(date);
            text.clone_into(&mut self.text);
            let earlier = date.checked_sub_signed(TimeDelta::days(1)).unwrap_or(date);
            self.earlier_day = earlier.format("%Y-%m-%d").to_string();
        }
    }

    /// Whether the text alone shows that a date is not newer: it names an earlier day, or has the same form and
    /// time zone and sorts no later.
    fn is_surely_older(&self, text: &[u8]) -> bool {
        if text.len() >= 10 && &text[..10] < self.earlier_day.as_bytes() {
            return true;
        }
        let newest = self.text.as_bytes();
        text.len() == newest.len()
            && text[0].is_ascii_digit()
            && text.get(ZONE_AT..) == newest.get(ZONE_AT..)
            && text <= newest
    }

    /// The newest date so far.
    pub(super) fn date(&self) -> Option<DateTime<Utc>> {
        self.date
    }
}

/// A date in one of the forms of W3C Datetime (whole or in part), or of RFC 2822 as feeds have it.
fn parse(text: &str) -> Option<DateTime<Utc>> {
    if text.len() <= 10 {
        return parse_day(text);
    }
    if let Ok(date) = DateTime::parse_from_rfc3339(text) {
        return Some(date.to_utc());
    }
    if !text.starts_with(|c: char| c.is_ascii_digit()) {
        return Some(DateTime::parse_from_rfc2822(text).ok()?.to_utc());
    }
    for format in ["%Y-%m-%dT%H:%M%:z", "%Y-%m-%dT%H:%M:%S%.f%z", "%Y-%m-%d %H:%M:%S%.f %z"] {
        if let Ok(date) = DateTime::parse_from_str(text, format) {
            return Some(date.to_utc());
        }
    }
    for format in [
        "%Y-%m-%dT%H:%MZ",
        "%Y-%m-%dT%H:%M:%S%.f",
        "%Y-%m-%d %H:%M:%S%.f",
        "%Y-%m-%dT%H:%M",
        "%Y-%m-%d %H:%M",
    ] {
        if let Ok(date) = NaiveDateTime::parse_from_str(text, format) {
            return Some(date.and_utc());
        }
    }
    None
}

/// A day, or the first day of a month or year.
fn parse_day(text: &str) -> Option<DateTime<Utc>> {
    let mut parts = text.split('-');
    let year = parts.next().filter(|year| year.len() == 4)?.parse().ok()?;
    let month = parts.next().map_or(Some(1), |month| month.parse().ok())?;
    let day = parts.next().map_or(Some(1), |day| day.parse().ok())?;
    Some(NaiveDate::from_ymd_opt(year, month, day)?.and_hms_opt(0, 0, 0)?.and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_date_is_read() {
        for (text, expected) in [
            ("2024", "2024-01-01T00:00:00Z"),
            ("2024-05", "2024-05-01T00:00:00Z"),
            ("2024-05-06", "2024-05-06T00:00:00Z"),
            ("2024-05-06T07:08+02:00", "2024-05-06T05:08:00Z"),
            ("2024-05-06T07:08Z", "2024-05-06T07:08:00Z"),
            ("2024-05-06T07:08:09Z", "2024-05-06T07:08:09Z"),
            ("2024-05-06T07:08:09.5+0200", "2024-05-06T05:08:09.500Z"),
            ("2024-05-06T07:08:09", "2024-05-06T07:08:09Z"),
            ("2024-05-06 07:08:09", "2024-05-06T07:08:09Z"),
            ("Mon, 06 May 2024 07:08:09 GMT", "2024-05-06T07:08:09Z"),
        ] {
            let expected = DateTime::parse_from_rfc3339(expected).unwrap().to_utc();
            assert_eq!(parse(text), Some(expected), "{text}");
        }
        for text in ["", "yesterday", "2024-13-01", "2024-", "0", "06/05/2024", "2024-05-06 or so"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_newest_wins_across_time_zones() {
        let mut newest = Newest::default();
        for text in
            ["2024-05-06T23:00:00-05:00", "2024-05-07T01:00:00+02:00", "2020-01-01", "nonsense", "2024-05-06"]
        {
            newest.offer(text);
        }
        assert_eq!(newest.date().unwrap().to_rfc3339(), "2024-05-07T04:00:00+00:00");
    }
}
