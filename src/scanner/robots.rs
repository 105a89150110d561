//! robots.txt as RFC 9309 and Google's documentation define it: a pure parser and matcher.

use std::time::Duration;

use url::Url;

/// The most bytes of a robots.txt that count; RFC 9309, section 2.5, asks for at least 500 KiB.
pub const MAX_ROBOTS_BYTES: usize = 500 << 10;

/// The most sitemap lines that are kept.
const MAX_SITEMAPS: usize = 10_000;

/// A longer line is cut, as Google's parser does.
const MAX_LINE_BYTES: usize = 16_664;

/// The longest pause between requests that is understood.
const MAX_CRAWL_DELAY: f64 = 3_600.0;

/// What a robots.txt says to one crawler.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Robots {
    rules: Vec<Rule>,
    crawl_delay: Option<Duration>,
    sitemaps: Vec<String>,
}

#[derive(Debug, Clone, PartialEq)]
struct Rule {
    allow: bool,
    /// The pattern with its percent-encoding in one form, as Google compares it.
    pattern: String,
    /// The pattern with encoded letters, digits and marks decoded (RFC 9309, section 2.2.2), where it differs.
    decoded: Option<String>,
}

/// The rules and pause of the groups that were found for one kind of user agent.
#[derive(Default)]
struct Group {
    seen: bool,
    rules: Vec<Rule>,
    crawl_delay: Option<Duration>,
}

impl Robots {
    /// The rules when there is no robots.txt: everything is allowed.
    pub fn allow_all() -> Self {
        Self::default()
    }

    /// Reads a robots.txt for the crawler with this product token, such as `ScraperSky`.
    pub fn parse(text: &[u8], product: &str) -> Self {
        let mut parser = Parser { product, ..Parser::default() };
        for line in lines(text) {
            parser.line(&String::from_utf8_lossy(line));
        }
        let Parser { specific, global, sitemaps, .. } = parser;
        let group = if specific.seen { specific } else { global };
        Self { rules: group.rules, crawl_delay: group.crawl_delay, sitemaps }
    }

    /// Whether a URL may be visited. The longest matching rule decides; of two equally long ones, the allowing.
    pub fn allows(&self, url: &Url) -> bool {
        let mut target = url.path().to_owned();
        if let Some(query) = url.query() {
            target.push('?');
            target.push_str(query);
        }
        target == "/robots.txt" || self.allows_target(&target)
    }

    fn allows_target(&self, target: &str) -> bool {
        let target = one_form(target.as_bytes());
        let decoded = decode_unreserved(&target);
        let longest = |allow: bool| {
            let rules = self.rules.iter().filter(|rule| rule.allow == allow);
            rules.filter_map(|rule| rule.weight(&target, &decoded)).max().unwrap_or(0)
        };
        longest(true) >= longest(false)
    }

    /// The pause that the site asks for between two requests.
    pub fn crawl_delay(&self) -> Option<Duration> {
        self.crawl_delay
    }

    /// The sitemaps it names, resolved against its own address; what is no address is left out.
    pub fn sitemaps<'a>(&'a self, base: &'a Url) -> impl Iterator<Item = Url> + 'a {
        self.sitemaps.iter().filter_map(|line| base.join(line).ok())
    }
}

impl Rule {
    fn new(allow: bool, value: &str) -> Self {
        let pattern = one_form(value.as_bytes());
        let decoded = decode_unreserved(&pattern);
        let decoded = (decoded != pattern).then_some(decoded);
        Self { allow, pattern, decoded }
    }

    /// How much the rule weighs for a target: the length of its pattern, `None` when it does not match.
    ///
    /// Google's parser compares `%62` and `b` as different, RFC 9309 as equal. A prohibition counts in either
    /// reading, a permission only in the narrower one.
    fn weight(&self, target: &str, decoded_target: &str) -> Option<usize> {
        if matches(&self.pattern, target) {
            return Some(self.pattern.len());
        }
        if self.allow {
            return self.weight_as_directory(target);
        }
        let decoded = self.decoded.as_ref().unwrap_or(&self.pattern);
        matches(decoded, decoded_target).then_some(self.pattern.len())
    }

    /// A permission for `/dir/index.html` holds for `/dir/` too.
    fn weight_as_directory(&self, target: &str) -> Option<usize> {
        let slash = self.pattern.rfind('/')?;
        self.pattern[slash..].starts_with("/index.htm").then_some(())?;
        let directory = format!("{}$", &self.pattern[..=slash]);
        matches(&directory, target).then_some(directory.len())
    }
}

#[derive(Default)]
struct Parser<'a> {
    product: &'a str,
    specific: Group,
    global: Group,
    sitemaps: Vec<String>,
    /// Whether the lines now are for us by name, or for everybody.
    in_specific: bool,
    in_global: bool,
    /// Whether a rule has ended the list of user agents that began the group.
    in_rules: bool,
}

impl Parser<'_> {
    fn line(&mut self, line: &str) {
        let Some((key, value)) = key_and_value(line) else { return };
        match key.to_ascii_lowercase().as_str() {
            "user-agent" | "useragent" | "user agent" => self.user_agent(value),
            "allow" => self.rule(true, value),
            "disallow" | "dissallow" | "dissalow" | "disalow" | "diasllow" | "disallaw" => {
                self.rule(false, value);
            }
            "crawl-delay" | "crawldelay" => self.delay(value),
            "sitemap" | "site-map" if self.sitemaps.len() < MAX_SITEMAPS && !value.is_empty() => {
                self.sitemaps.push(value.to_owned());
            }
            _ => {}
        }
    }

    fn user_agent(&mut self, value: &str) {
        if self.in_rules {
            (self.in_specific, self.in_global, self.in_rules) = (false, false, false);
        }
        let is_global =
            value.strip_prefix('*').is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t']));
        if is_global {
            self.in_global = true;
            self.global.seen = true;
        } else if !self.product.is_empty() && product_token(value).eq_ignore_ascii_case(self.product) {
            self.in_specific = true;
            self.specific.seen = true;
        }
    }

    fn rule(&mut self, allow: bool, value: &str) {
        self.in_rules = true;
        if !value.is_empty() {
            self.each_group(|group| group.rules.push(Rule::new(allow, value)));
        }
    }

    fn delay(&mut self, value: &str) {
        let seconds = value.parse::<f64>().ok().filter(|seconds| *seconds >= 0.0);
        if let Some(seconds) = seconds {
            let delay = Duration::from_secs_f64(seconds.min(MAX_CRAWL_DELAY));
            self.each_group(|group| group.crawl_delay = group.crawl_delay.max(Some(delay)));
        }
    }

    fn each_group(&mut self, change: impl Fn(&mut Group)) {
        if self.in_specific {
            change(&mut self.specific);
        }
        if self.in_global {
            change(&mut self.global);
        }
    }
}

/// The product token at the start of a text (RFC 9309, section 2.2.1).
pub fn product_token(text: &str) -> &str {
    let end = text.find(|c: char| !(c.is_ascii_alphabetic() || c == '-' || c == '_'));
    &text[..end.unwrap_or(text.len())]
}

/// The lines of a robots.txt without byte order mark, each cut to a sane length. A line that the limit of the whole
/// file cuts through is left out, since half a rule would forbid more than was meant.
fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let text = if text.len() > MAX_ROBOTS_BYTES {
        let whole = &text[..MAX_ROBOTS_BYTES];
        &whole[..memchr::memrchr2(b'\n', b'\r', whole).unwrap_or(0)]
    } else {
        text
    };
    text.split(|&byte| byte == b'\n' || byte == b'\r').map(|line| &line[..line.len().min(MAX_LINE_BYTES)])
}

/// A line's key and value without comment. Where the colon is missing, white space between exactly two words is
/// taken for it.
fn key_and_value(line: &str) -> Option<(&str, &str)> {
    let line = line.split('#').next().unwrap_or_default().trim();
    if let Some((key, value)) = line.split_once(':') {
        return (!key.trim().is_empty()).then(|| (key.trim(), value.trim()));
    }
    let mut words = line.split_ascii_whitespace();
    match (words.next(), words.next(), words.next()) {
        (Some(key), Some(value), None) => Some((key, value)),
        _ => None,
    }
}

/// Percent-encodes what is not ASCII, and writes existing escapes in capitals.
fn one_form(text: &[u8]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        match byte {
            b'%' if tail.len() >= 2 && tail[..2].iter().all(u8::is_ascii_hexdigit) => {
                out.push('%');
                out.extend(tail[..2].iter().map(|&digit| char::from(digit.to_ascii_uppercase())));
                rest = &tail[2..];
            }
            0x80.. => push_escape(&mut out, byte),
            _ => out.push(char::from(byte)),
        }
    }
    out
}

fn push_escape(out: &mut String, byte: u8) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    out.push('%');
    out.push(char::from(HEX[usize::from(byte >> 4)]));
    out.push(char::from(HEX[usize::from(byte & 15)]));
}

/// Decodes escapes of letters, digits and the marks that mean nothing in a URL (RFC 3986, section 2.3).
fn decode_unreserved(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        let byte = rest.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        if let Some(byte) = byte.filter(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(byte)) {
            out.push(char::from(byte));
            rest = &rest[at + 3..];
        } else {
            out.push('%');
            rest = &rest[at + 1..];
        }
    }
    out.push_str(rest);
    out
}

/// Whether a pattern with `*` and a final `$` matches the beginning of a path. Takes time linear in the path for
/// each `*`: after one, the earliest place where the next part fits is as good as any.
fn matches(pattern: &str, path: &str) -> bool {
    let (pattern, anchored) = pattern.strip_suffix('$').map_or((pattern, false), |pattern| (pattern, true));
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = path.strip_prefix(first) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return !anchored || rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if anchored && parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match memchr::memmem::find(rest.as_bytes(), part.as_bytes()) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests;
