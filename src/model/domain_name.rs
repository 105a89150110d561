//! Domain names as people write them, made one and the same.

use std::fmt;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use super::status::named_enum;

named_enum! {
    /// Why a name was not accepted.
    RejectReason, "reject reason" {
        /// Nothing but white space.
        Empty = "empty",
        /// Longer than a name or an address can be.
        TooLong = "too_long",
        /// White space inside the name.
        HasSpace = "has_space",
        /// A port: scans use the standard ports only.
        HasPort = "has_port",
        /// An IP address, in whatever spelling.
        IpAddress = "ip_address",
        /// A name that has a meaning only on one machine or network, such as `localhost`.
        LocalName = "local_name",
        /// A single label, such as `example`.
        NotQualified = "not_qualified",
        /// A character that domain names cannot have, such as an emoji.
        InvalidCharacter = "invalid_character",
        /// A label that is empty, too long, or begins or ends with a hyphen, or ill-formed punycode.
        InvalidLabel = "invalid_label",
        /// An address whose scheme is neither http nor https.
        UnsupportedScheme = "unsupported_scheme",
    }
}

/// A name that was not accepted, with the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameError {
    /// What was given, shortened to 100 characters.
    pub input: String,
    /// The cause.
    pub reason: RejectReason,
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let input = &self.input;
        match self.reason {
            RejectReason::Empty => write!(f, "the name is empty; expected a domain name such as example.com"),
            RejectReason::TooLong => write!(
                f,
                "`{input}` is too long: a domain name has at most {} characters, an address {}",
                DomainName::MAX_LENGTH,
                DomainName::MAX_INPUT_BYTES
            ),
            RejectReason::HasSpace => write!(f, "`{input}` has white space inside; give one name at a time"),
            RejectReason::HasPort => {
                write!(f, "`{input}` has a port; only the standard ports of http and https are scanned")
            }
            RejectReason::IpAddress => write!(f, "`{input}` is an IP address; expected a domain name"),
            RejectReason::LocalName => {
                write!(f, "`{input}` is a local name; expected a name of the public domain name system")
            }
            RejectReason::NotQualified => {
                write!(f, "`{input}` is a single label; expected a full name such as example.com")
            }
            RejectReason::InvalidCharacter => {
                write!(
                    f,
                    "`{input}` has a character that domain names cannot have; letters, digits and hyphens are allowed"
                )
            }
            RejectReason::InvalidLabel => write!(
                f,
                "`{input}` has an invalid part between its dots: each is 1 to 63 letters, digits and inner hyphens, \
                 and the last is not a number"
            ),
            RejectReason::UnsupportedScheme => {
                write!(
                    f,
                    "`{input}` is neither an http nor an https address; expected a domain name or such an address"
                )
            }
        }
    }
}

impl std::error::Error for NameError {}

/// A domain name of the public DNS in its one normal form: lower case, punycode (UTS 46, with the symbols that
/// RFC 5892 disallows refused), without scheme, path, trailing dot or a leading `www.`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DomainName(String);

impl DomainName {
    /// The greatest length of a name in characters of its ASCII form (RFC 1035, without the root).
    pub const MAX_LENGTH: usize = 253;
    /// The greatest length of an input in bytes; addresses are reduced to their host.
    pub const MAX_INPUT_BYTES: usize = 2_048;

    /// Reads a domain name, or an http or https address of which only the host counts.
    pub fn parse(input: &str) -> Result<Self, NameError> {
        normalise(input).map(Self).map_err(|reason| NameError { input: shortened(input.trim()), reason })
    }

    /// The name in ASCII.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as people write it, internationalised labels decoded.
    pub fn to_unicode(&self) -> String {
        unicode(&self.0)
    }
}

/// The form of a normalised name that people write; the name itself where it cannot be decoded.
fn unicode(name: &str) -> String {
    let (decoded, outcome) = idna::domain_to_unicode(name);
    if outcome.is_ok() { decoded } else { name.to_owned() }
}

fn normalise(input: &str) -> Result<String, RejectReason> {
    let text = input.trim();
    if text.is_empty() {
        return Err(RejectReason::Empty);
    }
    if text.len() > DomainName::MAX_INPUT_BYTES {
        return Err(RejectReason::TooLong);
    }
    let host = host_part(text)?;
    if host.chars().any(char::is_whitespace) {
        return Err(RejectReason::HasSpace);
    }
    let host = host.strip_suffix(['.', '。', '．', '｡']).unwrap_or(host);
    if host.starts_with('[') {
        return Err(RejectReason::IpAddress);
    }
    let ascii = to_ascii(host)?;
    check_labels(&ascii)?;
    Ok(without_www(&ascii).to_owned())
}

/// The host of an address, or the text before path, query and fragment.
fn host_part(text: &str) -> Result<&str, RejectReason> {
    let rest = match text.split_once("://") {
        Some((scheme, rest)) if is_web(scheme) => rest,
        Some((scheme, _)) if is_scheme(scheme) => return Err(RejectReason::UnsupportedScheme),
        Some(_) => text,
        None => text.strip_prefix("//").unwrap_or(text),
    };
    if let Some((scheme, _)) = text.split_once(':')
        && ["mailto", "javascript", "data", "tel", "file"]
            .iter()
            .any(|known| scheme.eq_ignore_ascii_case(known))
    {
        return Err(RejectReason::UnsupportedScheme);
    }
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    without_port(text, host)
}

fn is_web(scheme: &str) -> bool {
    scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")
}

/// RFC 3986, section 3.1.
fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
}

/// Takes the port off where it is the standard one of the address's own scheme, and refuses any other.
fn without_port<'a>(text: &str, host: &'a str) -> Result<&'a str, RejectReason> {
    if host.starts_with('[') {
        return Ok(host);
    }
    let Some((name, port)) = host.rsplit_once(':') else { return Ok(host) };
    if name.contains(':') {
        return Err(RejectReason::IpAddress);
    }
    let is_standard = Url::parse(text).is_ok_and(|url| is_web(url.scheme()) && url.port().is_none());
    if is_standard || port.is_empty() { Ok(name) } else { Err(RejectReason::HasPort) }
}

fn to_ascii(host: &str) -> Result<String, RejectReason> {
    if host.split(['.', '。', '．', '｡']).any(str::is_empty) {
        return Err(RejectReason::InvalidLabel);
    }
    match Host::parse(host) {
        Ok(Host::Domain(name)) => Ok(name),
        Ok(Host::Ipv4(_) | Host::Ipv6(_)) | Err(url::ParseError::InvalidIpv4Address) => {
            Err(RejectReason::IpAddress)
        }
        Err(url::ParseError::IdnaError) if host.split('.').any(|label| label.len() > 63) => {
            Err(RejectReason::InvalidLabel)
        }
        Err(url::ParseError::IdnaError) if host.to_ascii_lowercase().contains("xn--") => {
            Err(RejectReason::InvalidLabel)
        }
        Err(_) => Err(RejectReason::InvalidCharacter),
    }
}

fn check_labels(name: &str) -> Result<(), RejectReason> {
    if name.len() > DomainName::MAX_LENGTH {
        return Err(RejectReason::TooLong);
    }
    let labels: Vec<&str> = name.split('.').collect();
    if labels.iter().any(|label| label.is_empty() || label.len() > 63) {
        return Err(RejectReason::InvalidLabel);
    }
    if is_local(&labels) {
        return Err(RejectReason::LocalName);
    }
    if labels.len() < 2 {
        let lawful = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        return Err(if lawful { RejectReason::NotQualified } else { RejectReason::InvalidCharacter });
    }
    for (place_from_right, label) in labels.iter().rev().enumerate() {
        check_label(label, place_from_right)?;
    }
    Ok(())
}

/// One label: letters, digits and inner hyphens (RFC 1123); an underscore only left of the registrable part.
fn check_label(label: &str, place_from_right: usize) -> Result<(), RejectReason> {
    let lawful = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || (b == b'_' && place_from_right > 1);
    if !label.bytes().all(lawful) {
        return Err(RejectReason::InvalidCharacter);
    }
    if label.starts_with('-') || label.ends_with('-') {
        return Err(RejectReason::InvalidLabel);
    }
    if place_from_right == 0 && label.bytes().all(|b| b.is_ascii_digit()) {
        return Err(RejectReason::InvalidLabel);
    }
    if label.starts_with("xn--") && unicode(label).chars().any(is_symbol) {
        return Err(RejectReason::InvalidCharacter);
    }
    Ok(())
}

/// Whether a character is neither letter, digit, mark nor one of the joining signs that RFC 5892 lets stand.
fn is_symbol(c: char) -> bool {
    const JOINING: &[char] = &['-', '·', '͵', '׳', '״', '・', '\u{200c}', '\u{200d}'];
    !(c.is_alphanumeric() || JOINING.contains(&c) || is_mark(c))
}

/// Combining marks that are not counted as alphabetic, such as the virama of the Indic scripts.
fn is_mark(c: char) -> bool {
    use regex::Regex;
    use std::sync::LazyLock;
    static MARK: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^\p{M}$").ok());
    let mut buffer = [0; 4];
    MARK.as_ref().is_some_and(|mark| mark.is_match(c.encode_utf8(&mut buffer)))
}

/// Names that RFC 6761, RFC 6762, RFC 7686, RFC 8375 and ICANN keep out of the public DNS.
fn is_local(labels: &[&str]) -> bool {
    matches!(
        labels,
        [.., "localhost" | "local" | "localdomain" | "internal" | "onion" | "lan" | "intranet"]
            | [.., "home", "arpa"]
    )
}

/// The name without a leading `www.`, unless a single label would be left.
fn without_www(name: &str) -> &str {
    name.strip_prefix("www.").filter(|rest| rest.contains('.')).unwrap_or(name)
}

fn shortened(input: &str) -> String {
    const LIMIT: usize = 100;
    let mut short: String =
        input.chars().take(LIMIT).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if input.chars().nth(LIMIT).is_some() {
        short.push('…');
    }
    short
}

impl fmt::Display for DomainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for DomainName {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        Self::parse(&text)
    }
}

impl From<DomainName> for String {
    fn from(name: DomainName) -> Self {
        name.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_name_becomes_one() {
        for (input, name) in [
            ("Example.COM", "example.com"),
            ("  www.example.com.  ", "example.com"),
            ("https://user:pw@www.Example.com:443/a/b?c#d", "example.com"),
            ("http://example.com:80", "example.com"),
            ("//example.com/x", "example.com"),
            ("example.com/path", "example.com"),
            ("www.co.uk", "co.uk"),
            ("www.com", "www.com"),
            ("Bücher.de", "xn--bcher-kva.de"),
            ("xn--bcher-kva.de", "xn--bcher-kva.de"),
            ("ｅｘａｍｐｌｅ．ｃｏｍ", "example.com"),
            ("例え。テスト", "xn--r8jz45g.xn--zckzah"),
            ("हिन्दी.भारत", "xn--j2bd4cyah0f.xn--h2brj9c"),
            ("my_shop.example.com", "my_shop.example.com"),
            ("1and1.com", "1and1.com"),
        ] {
            assert_eq!(DomainName::parse(input).map(String::from), Ok(name.to_owned()), "{input}");
        }
        assert_eq!(DomainName::parse("xn--bcher-kva.de").unwrap().to_unicode(), "bücher.de");
    }

    #[test]
    fn what_is_no_public_name_is_refused_with_its_reason() {
        use RejectReason::*;
        for (input, reason) in [
            ("", Empty),
            (" \t\n", Empty),
            ("exam ple.com", HasSpace),
            ("a.com b.com", HasSpace),
            ("example.com:8080", HasPort),
            ("https://example.com:8443/", HasPort),
            ("example.com:80", HasPort),
            ("💩.la", InvalidCharacter),
            ("xn--ls8h.la", InvalidCharacter),
            ("exa!mple.com", InvalidCharacter),
            ("my_shop.com", InvalidCharacter),
            ("127.0.0.1", IpAddress),
            ("2130706433", IpAddress),
            ("0x7f.1", IpAddress),
            ("0177.0.0.1", IpAddress),
            ("127.1", IpAddress),
            ("１２７.０.０.１", IpAddress),
            ("127.0.0.1.", IpAddress),
            ("[::1]", IpAddress),
            ("::1", IpAddress),
            ("http://[::ffff:127.0.0.1]/", IpAddress),
            ("1.2.3.4.5", IpAddress),
            ("localhost", LocalName),
            ("www.LOCALHOST.", LocalName),
            ("printer.local", LocalName),
            ("example", NotQualified),
            ("-a.com", InvalidLabel),
            ("a..com", InvalidLabel),
            (".com", InvalidLabel),
            ("xn--a.com", InvalidLabel),
            ("ftp://example.com", UnsupportedScheme),
            ("mailto:a@example.com", UnsupportedScheme),
        ] {
            let error = DomainName::parse(input).expect_err(input);
            assert_eq!(error.reason, reason, "{input}: {error}");
        }
        assert_eq!(DomainName::parse(&"a".repeat(1 << 20)).unwrap_err().reason, TooLong);
        assert_eq!(DomainName::parse(&format!("{}.com", "a".repeat(64))).unwrap_err().reason, InvalidLabel);
        assert_eq!(DomainName::parse(&format!("{}com", "ab.".repeat(100))).unwrap_err().reason, TooLong);
    }

    #[test]
    fn an_error_names_the_input_shortened() {
        let error = DomainName::parse(&"x".repeat(1 << 20)).unwrap_err();
        assert_eq!(error.input.chars().count(), 101);
        assert!(error.to_string().contains(&error.input));
    }
}
