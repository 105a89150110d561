//! Profiles in social networks, in one canonical form; never share buttons, posts, widgets or tags.

use std::collections::{HashMap, HashSet};

use url::Url;

use super::{
    MAX_SOCIAL_LINKS, clean,
    profile_owner::{Owner, bears_name, owner},
    social_networks::canonical,
    structured::Structured,
    view::View,
};
use crate::model::SocialLink;

/// The profiles of the site that the page links to, those of its structured data included, in the order of the page.
pub(super) fn find(view: &View<'_>, structured: &Structured) -> Vec<SocialLink> {
    let anchors = view.found.anchors.iter().map(|anchor| (anchor.href, Some(anchor)));
    let related = view.links("me").map(|link| link.href);
    let publishers = view.metas("article:publisher");
    let declared = structured.same_as.iter().map(String::as_str);
    let declared = related.chain(publishers).chain(declared).map(|href| (href, None));
    let of_person =
        structured.same_as_of_person.iter().map(String::as_str).filter(|href| bears_name(view, href));
    let declared = declared.chain(of_person.map(|href| (href, None)));
    let mut profiles = Profiles::default();
    for (href, anchor) in anchors.chain(declared) {
        if let Some(profile) = profile(href)
            && !is_of_platform(&profile.url, view.url)
        {
            profiles.add(profile, |url| anchor.map_or(Owner::Site, |anchor| owner(view, anchor, url)));
        }
    }
    profiles.of_site()
}

/// The profiles found so far, each once, with whether it is doubtful that they are the site's.
#[derive(Default)]
struct Profiles {
    places: HashMap<(String, String), usize>,
    found: Vec<(SocialLink, bool)>,
}

impl Profiles {
    /// Adds a profile unless it is that of somebody else.
    fn add(&mut self, profile: SocialLink, owner: impl FnOnce(&str) -> Owner) {
        let key = (profile.network.clone(), profile.url.to_lowercase());
        let known = self.places.get(&key).copied();
        let is_settled = known.is_some_and(|at| !self.found[at].1);
        if is_settled || (known.is_none() && self.found.len() >= MAX_SOCIAL_LINKS) {
            return;
        }
        match (owner(&profile.url), known) {
            (Owner::Site, Some(at)) => self.found[at].1 = false,
            (owner @ (Owner::Site | Owner::Author), None) => {
                self.places.insert(key, self.found.len());
                self.found.push((profile, owner == Owner::Author));
            }
            _ => {}
        }
    }

    /// The site's own; those of authors only on networks where the site itself has none.
    fn of_site(self) -> Vec<SocialLink> {
        let networks: HashSet<String> = self
            .found
            .iter()
            .filter(|(_, of_author)| !of_author)
            .map(|(own, _)| own.network.clone())
            .collect();
        let kept = self
            .found
            .into_iter()
            .filter(|(profile, of_author)| !of_author || !networks.contains(&profile.network));
        kept.map(|(profile, _)| profile).collect()
    }
}

/// Whether a profile is that of a system that sites are built with, as its templates leave it behind, and the site
/// is not that system's own.
fn is_of_platform(profile: &str, page: &Url) -> bool {
    const PLATFORMS: [&str; 14] = [
        "elegantthemes",
        "elementor",
        "envato",
        "facebook",
        "godaddy",
        "instagram",
        "jimdo",
        "shopify",
        "squarespace",
        "twitter",
        "webflow",
        "weebly",
        "wix",
        "wordpress",
    ];
    let name = profile.trim_end_matches('/').rsplit('/').next().unwrap_or_default().trim_start_matches('@');
    let name = name.to_ascii_lowercase();
    let name = name.strip_suffix("dotcom").or_else(|| name.strip_suffix("com")).unwrap_or(&name);
    PLATFORMS.contains(&name) && !is_site_of(page, name)
}

/// Whether a page is of the site that bears a name, such as `en.blog.wordpress.com`; the sites that it hosts for others
/// have names of their own before it.
fn is_site_of(page: &Url, name: &str) -> bool {
    const OWN: &str = "www blog de en es fr help it support pt nl ja";
    let labels: Vec<&str> = page.host_str().unwrap_or_default().split('.').collect();
    let at = labels.iter().position(|label| *label == name);
    at.is_some_and(|at| labels[..at].iter().all(|label| OWN.split(' ').any(|own| own == *label)))
}

/// The profile that a link leads to.
pub(super) fn profile(href: &str) -> Option<SocialLink> {
    let href = href.trim();
    if href.len() > clean::MAX_URL_BYTES || !(href.contains("//") || href.starts_with("www.")) {
        return None;
    }
    let url =
        if href.starts_with("//") { Url::parse(&format!("https:{href}")) } else { Url::parse(href) }.ok()?;
    if !matches!(url.scheme(), "http" | "https") {
        return None;
    }
    let host = url.host_str()?.trim_end_matches('.').to_ascii_lowercase();
    let host = without_view(&host).to_owned();
    let url = without_hash_bang(url);
    let segments: Vec<String> = url
        .path_segments()?
        .map(|segment| clean::percent_decoded(segment).trim().to_owned())
        .filter(|segment| !segment.is_empty())
        .collect();
    let parts: Vec<&str> = segments.iter().map(String::as_str).collect();
    let (network, path) = canonical(&host, &parts, &url)?;
    Some(SocialLink { network: network.to_owned(), url: Url::parse(&path).ok()?.to_string() })
}

/// `twitter.com/#!/name`, as addresses of old pages are written, in today's form.
fn without_hash_bang(url: Url) -> Url {
    let path = url.fragment().and_then(|fragment| fragment.strip_prefix("!/"));
    path.and_then(|path| url.join(&format!("/{path}")).ok()).unwrap_or(url)
}

/// A host without what only chooses the device or the language: `www.`, `m.`, `de.`, `es-la.`.
fn without_view(host: &str) -> &str {
    const VIEWS: &str = "www m mobile web business touch l";
    let Some((first, rest)) = host.split_once('.').filter(|(_, rest)| rest.contains('.')) else {
        return host;
    };
    let is_letters = |part: &str| part.len() == 2 && part.bytes().all(|c| c.is_ascii_lowercase());
    let is_locale = first.split_once('-').is_some_and(|(one, two)| is_letters(one) && is_letters(two));
    let is_language = is_letters(first) && matches!(rest, "facebook.com" | "linkedin.com" | "pinterest.com");
    if VIEWS.split(' ').any(|view| view == first) || is_locale || is_language { rest } else { host }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scanner::extract::tests::facts_of;

    fn url_of(href: &str) -> Option<String> {
        profile(href).map(|profile| profile.url)
    }

    #[test]
    fn profiles_get_one_canonical_address() {
        for (href, expected) in [
            ("http://m.facebook.com/Muster.Shop/?ref=ts", "https://www.facebook.com/Muster.Shop"),
            (
                "https://www.facebook.com/profile.php?id=1000&ref=x",
                "https://www.facebook.com/profile.php?id=1000",
            ),
            (
                "https://de-de.facebook.com/pages/Muster/123456789",
                "https://www.facebook.com/pages/Muster/123456789",
            ),
            ("https://twitter.com/#!/muster", "https://x.com/muster"),
            ("https://es-la.facebook.com/muster", "https://www.facebook.com/muster"),
            (
                "https://www.facebook.com/pages/Boston-MA/Muster/66459568171/?ref=ts",
                "https://www.facebook.com/pages/Boston-MA/Muster/66459568171",
            ),
            (
                "https://www.linkedin.com/pub/jo-muster/5/a/b1",
                "https://www.linkedin.com/pub/jo-muster/5/a/b1",
            ),
            ("https://www.flickr.com/photos/muster/albums", "https://www.flickr.com/photos/muster/"),
            ("//twitter.com/@muster?lang=de", "https://x.com/muster"),
            ("https://mobile.twitter.com/muster", "https://x.com/muster"),
            ("https://instagram.com/muster.shop?igshid=1", "https://www.instagram.com/muster.shop/"),
            (
                "https://de.linkedin.com/company/muster-gmbh/?originalSubdomain=de",
                "https://www.linkedin.com/company/muster-gmbh",
            ),
            ("https://www.linkedin.com/in/jo-muster-1a2b/de", "https://www.linkedin.com/in/jo-muster-1a2b"),
            (
                "https://www.youtube.com/channel/UCabc_1?sub_confirmation=1",
                "https://www.youtube.com/channel/UCabc_1",
            ),
            ("https://youtube.com/@muster/videos", "https://www.youtube.com/@muster"),
            ("https://www.tiktok.com/@muster?lang=en", "https://www.tiktok.com/@muster"),
            ("https://www.pinterest.de/muster/", "https://www.pinterest.com/muster/"),
            ("https://github.com/muster", "https://github.com/muster"),
            ("https://t.me/muster", "https://t.me/muster"),
            ("https://api.whatsapp.com/send?phone=4930123456&text=hi", "https://wa.me/4930123456"),
            ("https://mastodon.social/@muster", "https://mastodon.social/@muster"),
            ("https://www.xing.com/companies/mustergmbh", "https://www.xing.com/companies/mustergmbh"),
            (
                "https://www.xing.com/news/pages/musterblatt-102?sc=1",
                "https://www.xing.com/news/pages/musterblatt-102",
            ),
            ("https://www.xing.com/net/musterkreis/", "https://www.xing.com/net/musterkreis"),
        ] {
            assert_eq!(url_of(href).as_deref(), Some(expected), "{href}");
        }
    }

    fn urls_of(html: &str) -> Vec<String> {
        facts_of(html).facts.social_links.into_iter().map(|profile| profile.url).collect()
    }

    #[test]
    fn profiles_of_other_people_in_the_text_are_not_the_sites() {
        for (html, expected) in [
            (
                "<p>The recipe comes from <a href='https://www.instagram.com/lena.backt/'>Lena Wolter</a>, who tests it every autumn.</p>\
                 <footer><a href='https://www.instagram.com/firma.shop/'><i></i></a></footer>",
                vec!["https://www.instagram.com/firma.shop/"],
            ),
            (
                "<p>Folgen Sie uns jeden Tag und zu jeder Zeit auf <a href='https://www.facebook.com/muster'>Facebook</a>.</p>",
                vec!["https://www.facebook.com/muster"],
            ),
            (
                "<p>Zeigt her, was ihr genäht habt, und markiert <a href='https://www.instagram.com/firma_naeht/'>@firma_naeht</a> im Bild!</p>",
                vec!["https://www.instagram.com/firma_naeht/"],
            ),
            (
                "<p>Alles über <a href='https://www.facebook.com/pages/Firma-Kleinkunst/175604'>unsere neue Bühne</a>, die Sie im Herbst sehen.</p>",
                vec!["https://www.facebook.com/pages/Firma-Kleinkunst/175604"],
            ),
            ("<blockquote>So gut! <a href='https://x.com/jo_kunde'>Jo</a></blockquote>", vec![]),
            ("<div class=twitter-tweet><a href='https://x.com/jo_kunde'>Jo</a></div>", vec![]),
            (
                "<div class=post-author><a href='https://x.com/jowrites'><i></i></a></div><a href='https://x.com/musterblatt'><i></i></a>",
                vec!["https://x.com/musterblatt"],
            ),
            (
                "<div class=post-author><a href='https://x.com/jowrites'><i></i></a></div>",
                vec!["https://x.com/jowrites"],
            ),
            (
                "<p><a href='https://x.com/jowrites'>Folge @jowrites</a></p><a href='https://x.com/musterblatt'></a>",
                vec!["https://x.com/musterblatt"],
            ),
            (
                "<div><a href='https://www.linkedin.com/in/jo-beispiel'><i></i></a></div><a href='https://www.linkedin.com/company/musterwerk'></a>",
                vec!["https://www.linkedin.com/company/musterwerk"],
            ),
            (
                "<div><a href='https://www.linkedin.com/in/jo-beispiel'><i></i></a></div>",
                vec!["https://www.linkedin.com/in/jo-beispiel"],
            ),
            (
                "<div class=byline><a href='https://x.com/musterblatt'>@musterblatt</a></div><footer><a href='https://x.com/musterblatt'></a><a href='https://x.com/zweites'></a></footer>",
                vec!["https://x.com/musterblatt", "https://x.com/zweites"],
            ),
            (
                "<ul><li><a href='https://www.facebook.com/muster'>Muster auf Facebook</a><li><a href='https://x.com/zettel'></a></ul>",
                vec!["https://www.facebook.com/muster", "https://x.com/zettel"],
            ),
        ] {
            assert_eq!(urls_of(html), expected, "{html}");
        }
    }

    #[test]
    fn a_persons_profiles_count_where_no_organisation_is_described() {
        let person = r#"{"@type":"Person","name":"Jo","sameAs":["https://x.com/jowrites"]}"#;
        let founder = r#"{"@type":"Person","name":"Jo Firma","sameAs":["https://x.com/jo_firma"]}"#;
        let organization = r#"{"@type":"Organization","name":"Muster","url":"https://www.firma.de","sameAs":["https://x.com/musterblatt"]}"#;
        let script = |json: &str| format!("<script type='application/ld+json'>{json}</script>");
        assert_eq!(urls_of(&script(person)), ["https://x.com/jowrites"]);
        assert_eq!(urls_of(&(script(person) + &script(organization))), ["https://x.com/musterblatt"]);
        assert_eq!(
            urls_of(&(script(founder) + &script(organization))),
            ["https://x.com/musterblatt", "https://x.com/jo_firma"]
        );
    }

    #[test]
    fn shares_posts_tools_and_networks_themselves_are_no_profiles() {
        for href in [
            "https://www.facebook.com/sharer/sharer.php?u=x",
            "https://www.facebook.com/share.php?u=x",
            "https://www.facebook.com/tr?id=1&ev=PageView",
            "https://www.facebook.com/plugins/like.php",
            "https://www.facebook.com/muster/posts/123",
            "https://www.facebook.com/wordpresscom",
            "https://www.facebook.com/",
            "https://twitter.com/intent/tweet?text=x",
            "https://twitter.com/muster/status/1",
            "https://x.com/hashtag/sale",
            "https://www.instagram.com/p/Cabc/",
            "https://www.linkedin.com/shareArticle?mini=true",
            "https://www.linkedin.com/pub/dir?firstName=a",
            "https://www.linkedin.com/pub/dir/jo/muster",
            "https://www.youtube.com/watch?v=abc",
            "https://www.youtube.com/embed/abc",
            "https://www.youtube.com/subscription_center?add_user=muster",
            "https://pinterest.com/pin/create/button/",
            "https://github.com/muster/repo",
            "https://github.com/features",
            "https://wa.me/?text=hi",
            "https://www.xing.com/news/articles/muster-123",
            "https://www.flickr.com/photos/muster/123456",
            "https://t.me/share/url?url=x",
            "https://notfacebook.com/muster",
            "https://facebook.com.evil.example/muster",
            "/facebook.com/muster",
            "mailto:a@facebook.com",
        ] {
            assert_eq!(url_of(href), None, "{href}");
        }
    }
}
