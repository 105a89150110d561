//! Email addresses: links, Cloudflare's encoding, structured data, and the text of the page, hidden forms
//! (`info [at] firma [dot] de`) included.

use std::collections::HashSet;

use super::{clean, obfuscated, structured::Structured, view::View};
use crate::model::{Contact, ContactKind, ContactMethod};

/// The most addresses of one page.
const MAX_EMAILS: usize = 50;
/// The greatest length of the part before the `@` (RFC 5321, section 4.5.3.1.1).
const MAX_LOCAL: usize = 64;
/// The greatest length of a whole address.
const MAX_ADDRESS: usize = 254;

/// All addresses of a page: those of the site's own domain first, else in the order of how they were found.
pub(super) fn find(view: &View<'_>, structured: &Structured) -> Vec<Contact> {
    let own = view.url.host_str().and_then(psl::domain_str).unwrap_or_default();
    let mut emails = Emails { source: view.url.as_str(), own, seen: HashSet::new(), found: Vec::new() };
    for anchor in &view.found.anchors {
        emails.add_link(anchor.href);
    }
    for code in &view.found.cfemails {
        emails.add_cfemail(code);
    }
    for raw in &structured.emails {
        emails.add(strip_scheme(raw.trim()), ContactMethod::JsonLd);
    }
    for prop in view.found.itemprops.iter().filter(|prop| prop.name == "email") {
        if let Some(value) = prop.value {
            emails.add(strip_scheme(value.trim()), ContactMethod::JsonLd);
        }
    }
    for name in ["business:contact_data:email", "og:email", "reply-to"] {
        for raw in view.metas(name) {
            emails.add(raw, ContactMethod::Text);
        }
    }
    emails.add_text(&view.found.text, &view.found.seams);
    for raw in obfuscated::find(&view.found.text) {
        emails.add_as(&raw.address, &raw.raw, ContactMethod::Text);
    }
    emails.found.sort_by_key(|contact| !is_of(&contact.value, own));
    emails.found
}

/// Whether an address is of the registrable domain.
fn is_of(address: &str, domain: &str) -> bool {
    let host = address.rsplit('@').next().unwrap_or_default();
    !domain.is_empty() && host.strip_suffix(domain).is_some_and(|sub| sub.is_empty() || sub.ends_with('.'))
}

struct Emails<'a> {
    source: &'a str,
    /// The registrable domain of the site.
    own: &'a str,
    seen: HashSet<String>,
    found: Vec<Contact>,
}

impl Emails<'_> {
    fn add(&mut self, raw: &str, method: ContactMethod) {
        self.add_as(raw, raw, method);
    }

    fn add_as(&mut self, text: &str, raw: &str, method: ContactMethod) {
        let Some(value) = address_on(self.own, text) else { return };
        if self.found.len() >= MAX_EMAILS || !self.seen.insert(value.clone()) {
            return;
        }
        self.found.push(Contact {
            kind: ContactKind::Email,
            role: is_role(&value),
            value,
            raw: clean::line(raw, MAX_ADDRESS).unwrap_or_default(),
            method,
            source_url: self.source.to_owned(),
        });
    }

    /// `mailto:` with one or more addresses (RFC 6068), and Cloudflare's protected links.
    fn add_link(&mut self, href: &str) {
        let href = href.trim();
        if let Some((_, code)) = href.split_once("/cdn-cgi/l/email-protection#") {
            self.add_cfemail(code);
        } else if has_mailto(href) {
            let (to, query) = href["mailto:".len()..].split_once('?').unwrap_or((&href[7..], ""));
            for part in to.split([',', ';']) {
                self.add(
                    clean::percent_decoded(part).trim_matches(['<', '>', '"', ' ', '/']),
                    ContactMethod::Mailto,
                );
            }
            // A share link has no receiver; its subject and body say nothing about the site.
            let others = query.split('&').filter_map(|pair| pair.split_once('='));
            for (_, value) in others.filter(|(key, _)| key.eq_ignore_ascii_case("to")) {
                self.add(&clean::percent_decoded(value), ContactMethod::Mailto);
            }
        }
    }

    fn add_cfemail(&mut self, code: &str) {
        if let Some(address) = decode_cfemail(code) {
            self.add(&address, ContactMethod::Cfemail);
        }
    }

    fn add_text(&mut self, text: &str, seams: &[usize]) {
        for at in memchr::memchr_iter(b'@', text.as_bytes()) {
            if let Some(raw) = around(text, seams, at, self.own) {
                self.add(raw, ContactMethod::Text);
            }
        }
    }
}

fn has_mailto(href: &str) -> bool {
    href.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("mailto:"))
}

fn strip_scheme(text: &str) -> &str {
    if has_mailto(text) { &text[7..] } else { text }
}

/// Cloudflare's encoding: hexadecimal, the first byte is the key, by exclusive or, of all others.
fn decode_cfemail(code: &str) -> Option<String> {
    let code = code.split(['?', '&']).next()?.trim().as_bytes();
    if code.len() < 8 || code.len() > 2 * MAX_ADDRESS || !code.len().is_multiple_of(2) {
        return None;
    }
    let mut bytes = code.chunks(2).map(clean::hex_byte);
    let key = bytes.next()??;
    let plain: Option<Vec<u8>> = bytes.map(|byte| byte.map(|byte| byte ^ key)).collect();
    let text = String::from_utf8(plain?).ok()?;
    Some(text.split('?').next().unwrap_or_default().to_owned())
}

/// The address around the `@` at this place of the text. Elements that touch (a label and an address, two
/// addresses) are told apart at their seams, unless the address itself is pieced together from several.
fn around<'t>(text: &'t str, seams: &[usize], at: usize, own: &str) -> Option<&'t str> {
    let before = &text[..at];
    let start = before.char_indices().rev().take(MAX_LOCAL + 1).take_while(|(_, c)| is_local(*c)).last()?.0;
    let after = &text[at + 1..];
    let end = at + 1 + after.find(|c| !is_host(c)).unwrap_or(after.len()).min(MAX_ADDRESS);
    if text[..start].ends_with(['@', '/', '=']) {
        return None;
    }
    let starts =
        seams_between(seams, start, at).iter().rev().copied().find(|seam| *seam < at).unwrap_or(start);
    let ends = seams_between(seams, at + 2, end).iter().copied().chain([end]);
    ends.filter_map(|end| text.get(starts..end)).find(|raw| address_on(own, raw).is_some())
}

/// The seams strictly between two places.
fn seams_between(seams: &[usize], start: usize, end: usize) -> &[usize] {
    let from = seams.partition_point(|seam| *seam <= start);
    let to = seams.partition_point(|seam| *seam < end);
    seams.get(from..to).unwrap_or_default()
}

fn is_local(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '%' | '+' | '-' | '\'' | '&')
}

fn is_host(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '.' | '-')
}

/// The normal form of an address on the site of this registrable domain, if it is one that people can write to. An
/// address of the site's own domain is one even below an ending that the public suffixes do not list.
pub(super) fn address_on(own: &str, text: &str) -> Option<String> {
    let text = text.trim().trim_end_matches(['.', '-', ',', ';', ':']);
    if text.len() > MAX_ADDRESS {
        return None;
    }
    let (local, host) = text.split_once('@')?;
    let local = clean_local(&local.to_ascii_lowercase())?;
    let host = clean_host(host, own)?;
    (!is_junk(&local, &host, own)).then(|| format!("{local}@{host}"))
}

/// The part before the `@`, freed of what scripts and templates leave glued to it.
fn clean_local(local: &str) -> Option<String> {
    let mut local = local;
    for glued in ["u003e", "u003c", "u0022", "u0026", "u002f", "x22", "%20", "mailto:", "nbsp"] {
        local = local.strip_prefix(glued).filter(|rest| !rest.is_empty()).unwrap_or(local);
    }
    let digits = local.bytes().take_while(u8::is_ascii_digit).count();
    if digits >= 7 && local[digits..].starts_with(|c: char| c.is_ascii_alphabetic()) {
        local = &local[digits..];
    }
    let local = local.trim_matches(['.', '-', '\'', '&', '%', '+']);
    let fits = !local.is_empty()
        && local.len() <= MAX_LOCAL
        && local.chars().all(is_local)
        && !local.contains("..")
        && local.bytes().any(|c| c.is_ascii_alphanumeric());
    fits.then(|| local.to_owned())
}

/// The host in ASCII, if it lies below a known public suffix or is the site's own.
fn clean_host(host: &str, own: &str) -> Option<String> {
    let host = host.trim_matches(['.', '-']);
    let known = |host: &str| -> Option<String> {
        let ascii = idna::domain_to_ascii_strict(host).ok()?;
        let domain = psl::domain(ascii.as_bytes())?;
        let labels_fit = ascii.split('.').all(|label| !label.is_empty() && label.len() <= 63);
        let is_real = domain.suffix().is_known() || is_of(&ascii, own);
        (is_real && labels_fit && !is_version(&ascii)).then_some(ascii)
    };
    known(host).or_else(|| known(without_glued_word(host)?))
}

/// `firma.deTel` without the capitalised word that follows the address.
fn without_glued_word(host: &str) -> Option<&str> {
    let last = host.rfind('.')? + 1;
    let label = &host[last..];
    let lower = label.find(|c: char| !c.is_ascii_lowercase())?;
    (lower >= 2 && label[lower..].starts_with(|c: char| c.is_uppercase())).then(|| &host[..last + lower])
}

/// `0.0.11.zip`: a package with its version.
fn is_version(host: &str) -> bool {
    let mut labels = host.split('.').rev().skip(1);
    labels.clone().count() > 0 && labels.all(|label| label.bytes().all(|c| c.is_ascii_digit()))
}

/// Addresses that nobody reads: placeholders of templates, error trackers, package names, images.
fn is_junk(local: &str, host: &str, own: &str) -> bool {
    const PLACEHOLDER_HOSTS: [&str; 24] = [
        "address.com",
        "companyname.com",
        "domain.com",
        "domain.de",
        "domain.fr",
        "domain.org",
        "domain.tld",
        "domainname.com",
        "email.tld",
        "example.com",
        "example.de",
        "example.edu",
        "example.net",
        "example.org",
        "mydomain.com",
        "mysite.com",
        "site.com",
        "test.com",
        "website.com",
        "yourcompany.com",
        "yourdomain.com",
        "youremail.com",
        "yoursite.com",
        "yourwebsite.com",
    ];
    const PLACEHOLDER_LOCALS: [&str; 14] = [
        "email",
        "example",
        "firstname.lastname",
        "name",
        "someone",
        "user",
        "username",
        "you",
        "your",
        "your-email",
        "your.email",
        "youremail",
        "yourname",
        "your.name",
    ];
    const SAMPLE_HOSTS: [&str; 6] =
        ["email.com", "mail.com", "company.com", "gmail.com", "provider.com", "host.com"];
    const TRACKERS: [&str; 7] = [
        "sentry.io",
        "wixpress.com",
        "sentry-cdn.com",
        "bugsnag.com",
        "rollbar.com",
        "ingest.io",
        "sentry.dev",
    ];
    let below =
        |domain: &&str| host.strip_suffix(*domain).is_some_and(|sub| sub.is_empty() || sub.ends_with('.'));
    let hex = local.len() >= 20 && local.bytes().all(|c| c.is_ascii_hexdigit());
    PLACEHOLDER_HOSTS.iter().any(below)
        || TRACKERS.iter().any(below)
        || (SAMPLE_HOSTS.contains(&host) && PLACEHOLDER_LOCALS.contains(&local))
        || hex
        || (host.split('.').any(|label| label == "sentry" || label == "example") && !is_of(host, own))
        || (local == "git" && (host.starts_with("git") || host == "bitbucket.org"))
        || (local == "filler" && host == "godaddy.com")
        || is_asset(local, host)
}

/// `logo@2x.png.de`-like names: pixel densities and packages (`script@1.2.min.js.org` is no address either).
fn is_asset(local: &str, host: &str) -> bool {
    let first = host.split('.').next().unwrap_or_default();
    let density =
        first.strip_suffix('x').is_some_and(|n| !n.is_empty() && n.bytes().all(|c| c.is_ascii_digit()));
    density || [".png", ".jpg", ".js", ".css", ".svg", ".webp"].iter().any(|end| local.ends_with(end))
}

/// Names of roles, in the languages that are common in addresses.
const ROLES: [&str; 104] = [
    "abuse",
    "accounting",
    "accounts",
    "admin",
    "administration",
    "amministrazione",
    "anfrage",
    "bestellung",
    "billing",
    "biuro",
    "booking",
    "bookings",
    "buchhaltung",
    "buero",
    "business",
    "career",
    "careers",
    "comercial",
    "commercial",
    "compliance",
    "contact",
    "contacto",
    "contactus",
    "contatti",
    "contato",
    "customer",
    "customercare",
    "customerservice",
    "datenschutz",
    "direction",
    "dpo",
    "editor",
    "empfang",
    "enquiries",
    "enquiry",
    "events",
    "export",
    "feedback",
    "finance",
    "geral",
    "hallo",
    "hello",
    "help",
    "helpdesk",
    "hi",
    "hola",
    "hostmaster",
    "hr",
    "info",
    "infos",
    "inquiries",
    "inquiry",
    "investor",
    "investors",
    "it",
    "jobs",
    "karriere",
    "kontakt",
    "kundenservice",
    "legal",
    "mail",
    "marketing",
    "media",
    "news",
    "newsletter",
    "noreply",
    "no-reply",
    "office",
    "order",
    "orders",
    "partner",
    "partners",
    "personal",
    "post",
    "postmaster",
    "pr",
    "praxis",
    "presse",
    "press",
    "privacy",
    "rechnung",
    "recruiting",
    "redaktion",
    "reception",
    "rezeption",
    "reservation",
    "reservations",
    "rgpd",
    "sales",
    "security",
    "sekretariat",
    "service",
    "services",
    "shop",
    "studio",
    "support",
    "team",
    "termine",
    "ventas",
    "verkauf",
    "vertrieb",
    "verwaltung",
    "web",
    "webmaster",
];

/// Whether an address is that of a role and not of a person.
pub(super) fn is_role(address: &str) -> bool {
    let local = address.split('@').next().unwrap_or_default();
    let first = local.split(['.', '_', '+']).next().unwrap_or_default();
    ROLES.contains(&local) || ROLES.contains(&first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_below_an_unknown_ending_counts_on_its_own_site_only() {
        for text in ["Info@shop.test", "info@mail.shop.test"] {
            assert_eq!(address_on("shop.test", text), Some(text.to_lowercase()));
            assert_eq!(address_on("other.test", text), None);
        }
        assert_eq!(
            address_on("bakery.example", "hello@bakery.example").as_deref(),
            Some("hello@bakery.example")
        );
        assert_eq!(address_on("bakery.example", "you@yours.example"), None);
        assert_eq!(address_on("example.com", "you@example.com"), None, "a placeholder stays one");
    }
}
