//! Email addresses: links, Cloudflare's encoding, structured data, and the text of the page, hidden forms
//! (`info [at] firma [dot] de`) included.

use std::collections::HashSet;

use super::{
    clean,
    email_address::{MAX_ADDRESS, MAX_LOCAL, address_on, is_host, is_local, is_of, is_role},
    obfuscated,
    structured::Structured,
    view::View,
};
use crate::model::{Contact, ContactKind, ContactMethod};

/// The most addresses of one page.
const MAX_EMAILS: usize = 50;

/// All addresses of a page: those of the site's own domain first, else in the order of how they were found.
pub(super) fn find(view: &View<'_>, structured: &Structured) -> Vec<Contact> {
    let own = view.url.host_str().and_then(psl::domain_str).unwrap_or_default();
    let mut emails = Emails { source: view.url.as_str(), own, seen: HashSet::new(), found: Vec::new() };
    let links = view.found.anchors.iter().map(|anchor| anchor.href);
    for href in links.chain(view.found.form_actions.iter().copied()) {
        emails.add_link(href);
    }
    for token in &view.found.mailto_tokens {
        emails.add_shifted(token);
    }
    for (first, last) in &view.found.joomla_mails {
        if let (Some(local), Some(host)) = (obfuscated::base64(first), obfuscated::base64(last)) {
            emails.add(&format!("{local}@{host}"), ContactMethod::Mailto);
        }
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
    for raw in structured.emails_of_others.iter().filter(|raw| is_of(raw.trim(), own)) {
        emails.add(strip_scheme(raw.trim()), ContactMethod::JsonLd);
    }
    for name in ["business:contact_data:email", "og:email", "email", "reply-to", "author"] {
        for raw in view.metas(name) {
            emails.add(strip_scheme(raw), ContactMethod::Text);
        }
    }
    for raw in &view.found.mails {
        emails.add(strip_scheme(raw), ContactMethod::Text);
    }
    emails.add_text(&view.found.text, &view.found.seams);
    for text in view.metas("description").chain(view.metas("og:description")).chain(view.metas("contact")) {
        emails.add_text(text, &[]);
    }
    for text in &view.found.hints {
        emails.add_own_of(text);
    }
    for raw in obfuscated::find(&view.found.text) {
        emails.add_as(&raw.address, &raw.raw, ContactMethod::Text);
    }
    emails.found.sort_by_key(|contact| !is_of(&contact.value, own));
    emails.found
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
            raw: clean::line(raw.trim_end_matches(['.', '-']), MAX_ADDRESS).unwrap_or_default(),
            method,
            source_url: self.source.to_owned(),
        });
    }

    /// `mailto:` with one or more addresses (RFC 6068), and Cloudflare's protected links.
    fn add_link(&mut self, href: &str) {
        let href = href.trim();
        if let Some(call) = after(href, b'(', "linkTo_UnCryptMailto(") {
            let call = clean::percent_decoded(call);
            self.add_shifted(&call.split(['\'', '"']).nth(1).unwrap_or_default().replace("\\/", "/"));
        } else if let Some(code) = after(href, b'#', "/cdn-cgi/l/email-protection#") {
            self.add_cfemail(code);
        } else if has_mailto(href) {
            let (to, query) = href["mailto:".len()..].split_once('?').unwrap_or((&href[7..], ""));
            for part in to.split([',', ';']) {
                let part = clean::percent_decoded(part);
                self.add(without_name(strip_scheme(part.trim())), ContactMethod::Mailto);
            }
            // A share link has no receiver; its subject and body say nothing about the site.
            let others = query.split('&').filter_map(|pair| pair.split_once('='));
            for (_, value) in others.filter(|(key, _)| key.eq_ignore_ascii_case("to")) {
                self.add(&clean::percent_decoded(value), ContactMethod::Mailto);
            }
        }
    }

    fn add_shifted(&mut self, token: &str) {
        if let Some(link) = obfuscated::unshifted(token) {
            self.add_link(&link);
        }
    }

    fn add_cfemail(&mut self, code: &str) {
        if let Some(address) = decode_cfemail(code) {
            self.add(&address, ContactMethod::Cfemail);
        }
    }

    /// Adds the site's own addresses of a text that is not shown as such; others there are those of visitors.
    fn add_own_of(&mut self, text: &str) {
        for at in memchr::memchr_iter(b'@', text.as_bytes()) {
            let raw = around(text, &[], at, self.own);
            if let Some(raw) =
                raw.filter(|raw| address_on(self.own, raw).is_some_and(|own| is_of(&own, self.own)))
            {
                self.add(raw, ContactMethod::Text);
            }
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

/// What follows the mark in a text. Most have not even its last character, which is sooner known.
fn after<'t>(text: &'t str, last: u8, mark: &str) -> Option<&'t str> {
    memchr::memchr(last, text.as_bytes())?;
    text.split_once(mark).map(|(_, rest)| rest)
}

/// `Firma <info@firma.de>` without the name.
fn without_name(text: &str) -> &str {
    let inner = text.rsplit('<').next().unwrap_or(text);
    inner.split('>').next().unwrap_or(inner).trim_matches(['"', ' ', '/'])
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
    let starts =
        seams_between(seams, start, at).iter().rev().copied().find(|seam| *seam < at).unwrap_or(start);
    if text[..starts].ends_with(['@', '/', '=']) || is_password(&text[..starts]) {
        return None;
    }
    let starts = starts + digits_of_number(&text[..starts], &text[starts..at]);
    let ends = seams_between(seams, at + 2, end).iter().copied().chain([end]);
    ends.filter_map(|end| text.get(starts..end)).find(|raw| address_on(own, raw).is_some())
}

/// How many digits at the start of an address end the number before it: `030 1234 7770info@firma.de`.
fn digits_of_number(before: &str, address: &str) -> usize {
    let digits = address.bytes().take_while(u8::is_ascii_digit).count();
    let is_number = before.strip_suffix(' ').is_some_and(|rest| rest.ends_with(|c: char| c.is_ascii_digit()));
    let is_glued =
        is_number && digits >= 2 && address[digits..].starts_with(|c: char| c.is_ascii_alphabetic());
    if is_glued { digits } else { 0 }
}

/// Whether what precedes is the user of an address such as `https://user:password@host/`.
fn is_password(before: &str) -> bool {
    let word = before.rsplit(char::is_whitespace).next().unwrap_or_default();
    word.ends_with(':') && word.contains("//")
}

/// The seams strictly between two places.
fn seams_between(seams: &[usize], start: usize, end: usize) -> &[usize] {
    let from = seams.partition_point(|seam| *seam <= start);
    let to = seams.partition_point(|seam| *seam < end);
    seams.get(from..to).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use crate::{
        model::ContactMethod,
        scanner::extract::tests::{facts_of, numbered},
    };

    fn emails(html: &str) -> Vec<String> {
        facts_of(html).facts.email_addresses
    }

    #[test]
    fn every_usual_way_of_writing_an_address_is_read() {
        for html in [
            "<a href='mailto:Info@Firma.de?subject=Hallo'>Mail</a>",
            "<a href='mailto:%20info%40firma.de'>Mail</a>",
            "<a href='MAILTO:Firma GmbH <info@firma.de>'>Mail</a>",
            "<p>info@firma.de</p>",
            "<form action='mailto:info@firma.de'></form>",
            "<meta name=description content='Write to info@firma.de for a quote.'>",
            "<joomla-hidden-mail is-link=1 is-email=1 first='aW5mbw==' last='ZmlybWEuZGU=' text='x'>hidden</joomla-hidden-mail>",
            "<p>&#105;nfo&#64;firma&#46;de</p>",
            "<p>Schreiben Sie an <b>info</b>@firma.de.</p>",
            "<p>E-Mail:info@firma.de, Tel. 1</p>",
            "<p>&lt;info@firma.de&gt;</p>",
            "<p>info [at] firma [dot] de</p>",
            "<p>info<span>(at)</span>firma.de</p>",
            "<a href='/cdn-cgi/l/email-protection#432a2d252c03252a312e226d2726'>[email&#160;protected]</a>",
            "<span class='__cf_email__' data-cfemail='432a2d252c03252a312e226d2726'>[email&#160;protected]</span>",
            "<a href=\"javascript:linkTo_UnCryptMailto('ocknvq,kphqBhktoc0fg');\">info(at)firma.de</a>",
            "<a href=\"javascript:linkTo_UnCryptMailto(%27ocknvq,kphqBhktoc0fg%27,-2);\">Mail</a>",
            "<a href='#' data-mailto-token='jxfiql7fkclXcfojx+ab' data-mailto-vector='-3'>Mail</a>",
            "<script type='application/ld+json'>{\"@type\":\"Organization\",\"email\":\"mailto:info@firma.de\"}</script>",
            "<meta itemprop='email' content='info@firma.de'>",
            "<meta name=author content='info@firma.de'>",
            "<meta property='og:description' content='Anfragen an info@firma.de oder am Telefon'>",
            "<a href='mailto:mailto: info@firma.de'>Mail</a>",
            "<a href=# data-author-email='info@firma.de'>Autorin</a>",
            "<span title='Datenschutz: info@firma.de'>i</span>",
            "<button aria-label='Mail an info@firma.de'></button>",
            "<template><p>Mo bis Fr: <a href='mailto:info@firma.de'>Mail</a></p></template>",
            "<script type='application/ld+json'>{\"@type\":\"NewsArticle\",\"author\":{\"@type\":\"Person\",\"email\":\"info@firma.de\"}}</script>",
            "<script type='application/ld+json'>{\"@type\":\"Person\",\"name\":\"Jo\",\"sameAs\":[\"https://jo.de/\",\"info@firma.de\"]}</script>",
            "<meta itemprop='email' content='info@firma.de'><span itemprop='email' content='info@firma.de'></span>",
        ] {
            assert_eq!(emails(html), ["info@firma.de"], "{html}");
        }
    }

    #[test]
    fn neighbours_that_touch_are_told_apart() {
        for (html, expected) in [
            ("<span>@firma_shop</span><span>info@firma.de</span>", vec!["info@firma.de"]),
            ("<span>E-Mail</span><span>info@firma.de</span><span>Telefon</span>", vec!["info@firma.de"]),
            ("<b>a@firma.de</b><b>b@firma.de</b>", vec!["a@firma.de", "b@firma.de"]),
            ("<p>info@firma.deTelefon 030</p>", vec!["info@firma.de"]),
            ("<p>u003einfo@firma.de</p>", vec!["info@firma.de"]),
            ("<p>0301234567info@firma.de</p>", vec!["info@firma.de"]),
            ("<meta name=description content='Tel. 030 9018 7770info@firma.de'>", vec!["info@firma.de"]),
            (
                "<p>Raum 7 24info@firma.de und Club 24info@firma.de</p>",
                vec!["info@firma.de", "24info@firma.de"],
            ),
            ("<p>@handleinfo@firma.de</p>", vec![]),
        ] {
            assert_eq!(emails(html), expected, "{html}");
        }
    }

    #[test]
    fn what_only_looks_like_an_address_is_left() {
        for html in [
            "<p>logo@2x.png and hero@3x.webp</p>",
            "<p>npm i script@0.0.11.js core@3.2.1</p>",
            "<p>Follow @firma on x.com/@firma</p>",
            "<p>jane@example.com info@xyz.com contact@demo.com demo@gmail.com you@domain.com name@yourcompany.com</p>",
            "<p>name@email.com, your.name@gmail.com</p>",
            "<script>var x = 'code@firma.de';</script>",
            "<script>Sentry.init({dsn:'https://0123456789abcdef0123456789abcdef@o1.ingest.sentry.io/1'})</script>",
            "<p>0123456789abcdef0123456789abcdef@sentry.wixpress.com</p>",
            "<p>git@github.com:firma/repo.git</p>",
            "<a href='mailto:?subject=Look'>Share</a>",
            "<p>a@b @ c@d user@localhost x@firma.internalx</p>",
            "<p>https://medium.com/@firma.de</p>",
            "<p>curl https://user:pass@api.firma.de/v1</p>",
            "<textarea>info@firma.de</textarea>",
            "<input placeholder='info@firma.de'><input value='info@firma.de'>",
            "<img alt='besucher@web.de'><a title='besucher@web.de schrieb dies'>Beitrag</a>",
            "<body data-sentry-dsn='https://0123456789abcdef@sentry.anderswo.de/1'>",
            "<div data-mail='ja' data-email='bild@2x.png'></div>",
            "<img srcset='foto@300.jpg 300w, foto-185x255@1.5x.jpg 1.5x'>",
            "<meta name=author content='Jo Muster'><meta name='twitter:creator' content='@firma.de'>",
            "<script type='application/ld+json'>{\"@type\":\"NewsArticle\",\"author\":{\"@type\":\"Person\",\"email\":\"gast@web.de\"}}</script>",
        ] {
            assert!(emails(html).is_empty(), "{html}: {:?}", emails(html));
        }
    }

    #[test]
    fn the_sites_own_domain_comes_first_and_duplicates_are_folded() {
        let html = "<p>agentur@anderswo.de Info@firma.de</p><a href='mailto:info@firma.de'>x</a>";
        let facts = facts_of(html).facts;
        assert_eq!(facts.email_addresses, ["info@firma.de", "agentur@anderswo.de"]);
        assert_eq!(facts.contacts[0].method, ContactMethod::Mailto);
        assert!(facts.contacts[0].role && !facts.contacts[1].role);
        assert_eq!(facts.contacts[0].source_url, "https://www.firma.de/");
    }

    #[test]
    fn a_page_of_addresses_gives_a_bounded_list() {
        let html = numbered(5_000, |i| format!("<p>person{i}@firma.de</p>"));
        assert_eq!(emails(&html).len(), super::MAX_EMAILS);
    }
}
