//! What is an email address that people can write to, in its normal form.

/// The greatest length of the part before the `@` (RFC 5321, section 4.5.3.1.1).
pub(super) const MAX_LOCAL: usize = 64;
/// The greatest length of a whole address.
pub(super) const MAX_ADDRESS: usize = 254;

/// Characters that stand before the `@` of real addresses.
pub(super) fn is_local(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '%' | '+' | '-' | '\'' | '&')
}

/// Characters of a host name, internationalised ones included.
pub(super) fn is_host(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '.' | '-')
}

/// Whether an address or host is of the registrable domain.
pub(super) fn is_of(address: &str, domain: &str) -> bool {
    let host = address.rsplit('@').next().unwrap_or_default();
    !domain.is_empty() && host.strip_suffix(domain).is_some_and(|sub| sub.is_empty() || sub.ends_with('.'))
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
    const PLACEHOLDER_HOSTS: [&str; 26] = [
        "address.com",
        "companyname.com",
        "demo.com",
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
        "xyz.com",
        "yourcompany.com",
        "yourdomain.com",
        "youremail.com",
        "yoursite.com",
        "yourwebsite.com",
    ];
    const PLACEHOLDER_LOCALS: [&str; 15] = [
        "demo",
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
const ROLES: &str = "abuse accounting accounts accueil admin administracion administration ads advertising \
    amministrazione anfrage atencion ausbildung bestellung bestellungen bewerbung billing biuro bonjour \
    booking bookings buchhaltung buchung buero business career careers ciao clientes comercial commande \
    commandes commercial compliance contact contacto contactus contato contatti cotizaciones customer \
    customercare customerservice datenschutz devis direction dispatch donate dpo editor editorial \
    einkauf empfang enquiries enquiry events export feedback finance frontdesk geral gruss guest hallo \
    hei hej hello help helpdesk hi hola hostmaster hr info infos inkoop inquiries inquiry investor \
    investors it jobs kanzlei karriere klantenservice kontakt kontor kundendienst kundenservice leasing \
    legal mail marketing media members membership moin myynti news newsletter no-reply noc noreply \
    notdienst office onlineshop order orders ordini partner partners parts pedidos personal post posta \
    postmaster pr praxis prenotazioni press presse privacy recepcion receptie reception rechnung \
    recruiting redaktion rentals reservas reservation reservations reservierung retail returns rezeption \
    rgpd sales salg secretariat secretary security segreteria sekretariat service services shop studio \
    support team technik termine ticket tickets ventas verkauf verkoop vertrieb verwaltung volunteer web \
    webmaster webshop welcome werkstatt wholesale zakaz zentrale";

/// Whether an address is that of a role and not of a person.
pub(super) fn is_role(address: &str) -> bool {
    let local = address.split('@').next().unwrap_or_default();
    let first = local.split(['.', '_', '+']).next().unwrap_or_default();
    ROLES.split(' ').any(|role| role == local || role == first)
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
