//! What a server's certificate says: who issued it and how long it holds (RFC 5280, section 4.1).

use chrono::{DateTime, NaiveDateTime, Utc};

const INTEGER: u8 = 0x02;
const OBJECT_IDENTIFIER: u8 = 0x06;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const EXPLICIT_VERSION: u8 = 0xa0;

/// The identifiers of the parts of a name: organisation, then common name.
const NAME_PARTS: &[&[u8]] = &[&[0x55, 0x04, 0x0a], &[0x55, 0x04, 0x03]];

/// The facts of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CertificateFacts {
    /// Organisation and common name of the issuer, as far as it gives them.
    pub issuer: String,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
}

/// Reads a certificate in DER; `None` for what is none.
pub(super) fn read(der: &[u8]) -> Option<CertificateFacts> {
    let mut outer = Der(der);
    let mut certificate = Der(outer.take(SEQUENCE)?);
    let mut signed = Der(certificate.take(SEQUENCE)?);
    if signed.next_tag() == Some(EXPLICIT_VERSION) {
        signed.take(EXPLICIT_VERSION)?;
    }
    signed.take(INTEGER)?;
    signed.take(SEQUENCE)?;
    let issuer = name(signed.take(SEQUENCE)?)?;
    let mut validity = Der(signed.take(SEQUENCE)?);
    validity.any()?;
    let expires_at = time(validity.any()?)?;
    Some(CertificateFacts { issuer, expires_at })
}

/// Elements of DER, one after the other.
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    fn next_tag(&self) -> Option<u8> {
        self.0.first().copied()
    }

    /// The content of the next element, which must have this tag.
    fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.any().filter(|(found, _)| *found == tag).map(|(_, content)| content)
    }

    fn any(&mut self) -> Option<(u8, &'a [u8])> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, mut rest) = rest.split_first()?;
        let mut length = usize::from(first);
        if first >= 0x80 {
            let (bytes, after) = rest.split_at_checked(usize::from(first & 0x7f))?;
            if bytes.is_empty() || bytes.len() > 4 {
                return None;
            }
            length = bytes.iter().fold(0, |length, &byte| length << 8 | usize::from(byte));
            rest = after;
        }
        let (content, after) = rest.split_at_checked(length)?;
        self.0 = after;
        Some((tag, content))
    }
}

/// A name, written as its organisation and common name.
fn name(content: &[u8]) -> Option<String> {
    let mut sets = Der(content);
    let mut found = vec![None; NAME_PARTS.len()];
    while sets.next_tag().is_some() {
        let mut pairs = Der(sets.take(SET)?);
        while pairs.next_tag().is_some() {
            let mut pair = Der(pairs.take(SEQUENCE)?);
            let identifier = pair.take(OBJECT_IDENTIFIER)?;
            let (_, text) = pair.any()?;
            if let Some(place) = NAME_PARTS.iter().position(|part| *part == identifier) {
                found[place] = Some(String::from_utf8_lossy(text).into_owned());
            }
        }
    }
    Some(found.into_iter().flatten().collect::<Vec<_>>().join(" "))
}

/// A time in either form. Two digits of a year up to 49 belong to this century.
fn time((tag, content): (u8, &[u8])) -> Option<DateTime<Utc>> {
    let text = str::from_utf8(content).ok()?;
    let text = match tag {
        UTC_TIME => format!("{}{text}", if text.get(..2)? < "50" { "20" } else { "19" }),
        GENERALIZED_TIME => text.to_owned(),
        _ => return None,
    };
    Some(NaiveDateTime::parse_from_str(&text, "%Y%m%d%H%M%SZ").ok()?.and_utc())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

    use super::*;

    fn certificate(year: i32) -> Vec<u8> {
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.distinguished_name.push(DnType::CommonName, "R1");
        authority.distinguished_name.push(DnType::OrganizationName, "Sehr Grün GmbH");
        let issuer = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
        let mut params = CertificateParams::new(vec!["shop.test".to_owned()]).unwrap();
        params.not_after = rcgen::date_time_ymd(year, 3, 4);
        params.signed_by(&KeyPair::generate().unwrap(), &issuer).unwrap().der().to_vec()
    }

    #[test]
    fn issuer_and_end_are_read_in_both_forms_of_time() {
        for year in [2031, 2060] {
            let facts = read(&certificate(year)).unwrap();
            assert_eq!(facts.issuer, "Sehr Grün GmbH R1");
            assert_eq!(facts.expires_at.to_rfc3339(), format!("{year}-03-04T00:00:00+00:00"));
        }
    }

    #[test]
    fn no_part_of_a_certificate_makes_the_reader_fail() {
        let whole = certificate(2031);
        for end in 0..whole.len() {
            read(&whole[..end]);
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_fail(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            read(&bytes);
        }
    }
}
