//! The pages of a site: its data poured into a layout.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{
    site::{FoundBy, Icon, Logo, Mail, MailForm, Marks, Site, TableError, Words},
    template::{Values, escape},
};

/// The layouts of homepages by name.
const LAYOUTS: [(&str, &str); 10] = [
    ("app", include_str!("templates/app.html")),
    ("blog", include_str!("templates/blog.html")),
    ("builder", include_str!("templates/builder.html")),
    ("classic", include_str!("templates/classic.html")),
    ("council", include_str!("templates/council.html")),
    ("elementor", include_str!("templates/elementor.html")),
    ("menu", include_str!("templates/menu.html")),
    ("shop", include_str!("templates/shop.html")),
    ("table", include_str!("templates/table.html")),
    ("wordpress", include_str!("templates/wordpress.html")),
];
const CONTACT_PAGE: &str = include_str!("templates/contact.html");

/// A site with all that its pages are made of.
pub(super) struct SiteView<'a> {
    pub(super) site: &'a Site,
    /// The name in ASCII.
    pub(super) host: String,
    /// Where the site lives, without a final slash.
    pub(super) root: String,
    pub(super) words: &'a Words,
    pub(super) marks: Vec<&'a Marks>,
}

impl SiteView<'_> {
    pub(super) fn homepage(&self) -> Result<String, TableError> {
        let layout = LAYOUTS.iter().find(|(name, _)| *name == self.site.layout);
        let (_, template) = layout.ok_or_else(|| self.site.missing("the layout", &self.site.layout))?;
        Ok(self.values(false).fill(template))
    }

    pub(super) fn contact_page(&self) -> String {
        self.values(true).fill(CONTACT_PAGE)
    }

    fn values(&self, is_contact: bool) -> Values {
        let (site, words) = (self.site, self.words);
        let mut values = Values::default();
        for (key, text) in [
            ("about", &words.about),
            ("about_path", &words.about_path),
            ("color", &site.color),
            ("company", &site.company),
            ("contact", &words.contact),
            ("contact_path", &words.contact_path),
            ("headline", &site.headline),
            ("host", &self.host),
            ("kind", &site.kind),
            ("language", &site.language),
            ("root", &self.root),
        ] {
            values.texts.insert(key, escape(text));
        }
        let foot: String = self.marks.iter().map(|marks| marks.foot.as_str()).collect();
        values.texts.insert("foot", foot);
        values.texts.insert("head", self.head());
        values.texts.insert("logo", self.logo());
        values.texts.insert("address", self.address());
        let mail = site.mail.iter().filter(|mail| is_contact || !mail.inside);
        let mail = mail.filter_map(|mail| self.mail(mail));
        values.lists.insert("contacts", self.phone().into_iter().chain(mail).collect());
        values.lists.insert("items", site.items.iter().map(|item| escape(item)).collect());
        values.lists.insert("legal", site.legal.iter().map(|line| escape(line)).collect());
        values.lists.insert("social", site.social.iter().map(|url| escape(url)).collect());
        values.lists.insert("text", site.text.iter().map(|line| escape(line)).collect());
        values
    }

    /// What every head holds: charset, title, description, icon, structured data, and the marks of technologies.
    fn head(&self) -> String {
        let site = self.site;
        let charset = site.charset.as_deref().unwrap_or("utf-8");
        let (title, description) = (escape(&site.title), escape(&site.description));
        let mut lines = vec![
            format!("<meta charset=\"{charset}\">"),
            format!("<title>{title}</title>"),
            format!("<meta name=\"description\" content=\"{description}\">"),
            format!("<link rel=\"canonical\" href=\"{}/\">", self.root),
            format!("<meta property=\"og:title\" content=\"{title}\">"),
            format!("<meta property=\"og:site_name\" content=\"{}\">", escape(&site.company)),
        ];
        lines.extend(self.icon().map(str::to_owned));
        if site.logo == Logo::Meta {
            lines.push(format!("<meta property=\"og:logo\" content=\"{}/logo.svg\">", self.root));
        }
        if let Some(plan) = site.sitemap.as_ref().filter(|plan| plan.found == FoundBy::Link) {
            lines.push(format!("<link rel=\"sitemap\" type=\"application/xml\" href=\"{}\">", plan.path));
        }
        if site.structured {
            lines.push(format!("<script type=\"application/ld+json\">{}</script>", self.json_ld()));
        }
        lines.extend(self.marks.iter().map(|marks| marks.head.clone()).filter(|head| !head.is_empty()));
        lines.join("\n")
    }

    fn icon(&self) -> Option<&'static str> {
        match self.site.icon {
            Icon::Png => Some("<link rel=\"icon\" type=\"image/png\" sizes=\"32x32\" href=\"/icon-32.png\">"),
            Icon::Svg => Some("<link rel=\"icon\" type=\"image/svg+xml\" href=\"/icon.svg\">"),
            Icon::Ico | Icon::None => None,
        }
    }

    fn logo(&self) -> String {
        let company = escape(&self.site.company);
        if self.site.logo == Logo::Image {
            format!("<a href=\"/\"><img class=\"logo\" src=\"/logo.svg\" alt=\"{company}\"></a>")
        } else {
            format!("<a href=\"/\">{company}</a>")
        }
    }

    fn address(&self) -> String {
        let Some(own) = &self.site.address else { return String::new() };
        escape(&format!("{}, {} {}", own.street, own.code, own.town))
    }

    fn phone(&self) -> Option<String> {
        let number = escape(self.site.phone.as_ref()?);
        let label = &self.words.phone;
        Some(match &self.site.dial {
            Some(dial) => format!("{label}: <a href=\"tel:{dial}\">{number}</a>"),
            None => format!("{label}: {number}"),
        })
    }

    fn mail(&self, mail: &Mail) -> Option<String> {
        let (to, host) = (&mail.to, &self.host);
        Some(match mail.form {
            MailForm::Mailto => format!("<a href=\"mailto:{to}@{host}\">{to}@{host}</a>"),
            MailForm::Text => format!("{to}@{host}"),
            MailForm::Cfemail => cfemail(&format!("{to}@{host}")),
            MailForm::At => format!("{to} (at) {host}"),
            MailForm::JsonLd => return None,
        })
    }

    fn json_ld(&self) -> Value {
        let site = self.site;
        let address = site.address.as_ref().map(|own| {
            json!({
                "@type": "PostalAddress",
                "streetAddress": own.street,
                "postalCode": own.code,
                "addressLocality": own.town,
                "addressCountry": own.country,
            })
        });
        let mail = site.mail.iter().find(|mail| mail.form == MailForm::JsonLd);
        let fields = [
            ("logo", (site.logo != Logo::None).then(|| json!(format!("{}/logo.svg", self.root)))),
            ("telephone", site.phone.as_ref().map(|number| json!(number))),
            ("email", mail.map(|mail| json!(format!("{}@{}", mail.to, self.host)))),
            ("address", address),
            ("sameAs", (!site.social.is_empty()).then(|| json!(site.social))),
        ];
        let mut value = json!({
            "@context": "https://schema.org",
            "@type": site.kind,
            "name": site.company,
            "url": format!("{}/", self.root),
        });
        for (key, field) in fields {
            if let Some(field) = field {
                value[key] = field;
            }
        }
        value
    }
}

/// An address as Cloudflare hides it: hexadecimal, a key and then each byte with the key by exclusive or.
fn cfemail(address: &str) -> String {
    const KEY: u8 = 0x5a;
    let mut code = String::new();
    for byte in std::iter::once(KEY).chain(address.bytes().map(|byte| byte ^ KEY)) {
        let _ = write!(code, "{byte:02x}");
    }
    format!(
        "<a href=\"/cdn-cgi/l/email-protection\" class=\"__cf_email__\" data-cfemail=\"{code}\">[email&#160;protected]</a>"
    )
}
