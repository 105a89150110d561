//! Profiles in social networks, in one canonical form; never share buttons, posts, widgets or tags.

use std::collections::HashSet;

use url::Url;

use super::{MAX_SOCIAL_LINKS, clean, structured::Structured, view::View};
use crate::model::SocialLink;

/// The profiles that the page links to, those of its structured data included, in the order of the page.
pub(super) fn find(view: &View<'_>, structured: &Structured) -> Vec<SocialLink> {
    let anchors = view.found.anchors.iter().map(|anchor| anchor.href);
    let related = view.links("me").map(|link| link.href);
    let publishers = view.metas("article:publisher");
    let declared = structured.same_as.iter().map(String::as_str);
    let mut seen = HashSet::new();
    let mut profiles = Vec::new();
    for href in anchors.chain(related).chain(publishers).chain(declared) {
        if let Some(profile) = profile(href)
            && profiles.len() < MAX_SOCIAL_LINKS
            && seen.insert((profile.network.clone(), profile.url.to_lowercase()))
        {
            profiles.push(profile);
        }
    }
    profiles
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
    let host =
        ["www.", "m.", "mobile.", "web.", "en.", "de.", "fr.", "en-gb.", "de-de.", "fr-fr.", "business."]
            .iter()
            .find_map(|prefix| host.strip_prefix(prefix))
            .unwrap_or(&host)
            .to_owned();
    let segments: Vec<String> = url
        .path_segments()?
        .map(|segment| clean::percent_decoded(segment).trim().to_owned())
        .filter(|segment| !segment.is_empty())
        .collect();
    let parts: Vec<&str> = segments.iter().map(String::as_str).collect();
    let (network, path) = canonical(&host, &parts, &url)?;
    Some(SocialLink { network: network.to_owned(), url: Url::parse(&path).ok()?.to_string() })
}

/// The network and the canonical address for a host without `www.` and the parts of a path.
fn canonical(host: &str, parts: &[&str], url: &Url) -> Option<(&'static str, String)> {
    match host {
        "facebook.com" | "fb.com" | "fb.me" => Some(("facebook", facebook(parts, url)?)),
        "x.com" | "twitter.com" => Some(("x", format!("https://x.com/{}", handle(parts, &X_PAGES, 15)?))),
        "instagram.com" | "instagr.am" => Some((
            "instagram",
            format!("https://www.instagram.com/{}/", handle(parts, &INSTAGRAM_PAGES, 30)?),
        )),
        "youtube.com" => Some(("youtube", youtube(parts)?)),
        "tiktok.com" => {
            let name = at_handle(parts.first()?)?;
            only(parts, 1)?;
            Some(("tiktok", format!("https://www.tiktok.com/@{name}")))
        }
        "github.com" => Some(("github", format!("https://github.com/{}", github(parts)?))),
        "threads.net" | "threads.com" => {
            only(parts, 1)?;
            Some(("threads", format!("https://www.threads.net/@{}", at_handle(parts.first()?)?)))
        }
        "t.me" | "telegram.me" => Some(("telegram", telegram(parts)?)),
        "bsky.app" => match parts {
            ["profile", name] => Some(("bluesky", format!("https://bsky.app/profile/{name}"))),
            _ => None,
        },
        "vimeo.com" => Some(("vimeo", vimeo(parts)?)),
        "twitch.tv" => {
            Some(("twitch", format!("https://www.twitch.tv/{}", handle(parts, &TWITCH_PAGES, 25)?)))
        }
        "snapchat.com" => match parts {
            ["add", name] => Some(("snapchat", format!("https://www.snapchat.com/add/{}", word(name)?))),
            [name] if name.starts_with('@') => {
                Some(("snapchat", format!("https://www.snapchat.com/add/{}", at_handle(name)?)))
            }
            _ => None,
        },
        "reddit.com" => match parts {
            ["r", name, ..] => Some(("reddit", format!("https://www.reddit.com/r/{}/", word(name)?))),
            ["u" | "user", name, ..] => {
                Some(("reddit", format!("https://www.reddit.com/user/{}/", word(name)?)))
            }
            _ => None,
        },
        "discord.gg" => Some(("discord", format!("https://discord.gg/{}", word(parts.first()?)?))),
        "discord.com" => match parts {
            ["invite", code] => Some(("discord", format!("https://discord.gg/{}", word(code)?))),
            _ => None,
        },
        "wa.me" | "api.whatsapp.com" | "whatsapp.com" => Some(("whatsapp", whatsapp(parts, url)?)),
        "xing.com" => match parts {
            [kind @ ("profile" | "pages" | "companies" | "company"), name, ..] => {
                Some(("xing", format!("https://www.xing.com/{kind}/{name}")))
            }
            _ => None,
        },
        "vk.com" => Some(("vk", format!("https://vk.com/{}", handle(parts, &VK_PAGES, 50)?))),
        "medium.com" => Some((
            "medium",
            format!("https://medium.com/@{}", at_handle(parts.first().filter(|_| parts.len() == 1)?)?),
        )),
        "soundcloud.com" => {
            Some(("soundcloud", format!("https://soundcloud.com/{}", handle(parts, &SOUND_PAGES, 30)?)))
        }
        "behance.net" => {
            Some(("behance", format!("https://www.behance.net/{}", handle(parts, &BEHANCE_PAGES, 30)?)))
        }
        "dribbble.com" => {
            Some(("dribbble", format!("https://dribbble.com/{}", handle(parts, &DRIBBBLE_PAGES, 30)?)))
        }
        "gitlab.com" => Some(("gitlab", format!("https://gitlab.com/{}", handle(parts, &GITLAB_PAGES, 60)?))),
        "flickr.com" => match parts {
            ["photos" | "people", name, ..] => {
                Some(("flickr", format!("https://www.flickr.com/photos/{name}/")))
            }
            _ => None,
        },
        "open.spotify.com" => match parts {
            [kind @ ("artist" | "user" | "show"), id] => {
                Some(("spotify", format!("https://open.spotify.com/{kind}/{id}")))
            }
            _ => None,
        },
        "line.me" => match parts {
            ["R" | "r", "ti", "p", id] => Some(("line", format!("https://line.me/R/ti/p/{id}"))),
            _ => None,
        },
        "lin.ee" => Some(("line", format!("https://lin.ee/{}", word(parts.first()?)?))),
        "yelp.com" => match parts {
            ["biz", name] => Some(("yelp", format!("https://www.yelp.com/biz/{name}"))),
            _ => None,
        },
        "patreon.com" => {
            Some(("patreon", format!("https://www.patreon.com/{}", handle(parts, &PATREON_PAGES, 64)?)))
        }
        "tumblr.com" => {
            Some(("tumblr", format!("https://www.tumblr.com/{}", handle(parts, &TUMBLR_PAGES, 32)?)))
        }
        _ => by_domain(host, parts),
    }
}

/// Networks with a host for each country or profile.
fn by_domain(host: &str, parts: &[&str]) -> Option<(&'static str, String)> {
    if host == "linkedin.com" || host.ends_with(".linkedin.com") {
        return Some(("linkedin", linkedin(parts)?));
    }
    if is_pinterest(host) {
        return Some((
            "pinterest",
            format!("https://www.pinterest.com/{}/", handle(parts, &PINTEREST_PAGES, 30)?),
        ));
    }
    if let Some(name) = host.strip_suffix(".tumblr.com")
        && !matches!(name, "assets" | "static" | "media" | "embed" | "platform")
    {
        return Some(("tumblr", format!("https://www.tumblr.com/{name}")));
    }
    let is_mastodon =
        host.starts_with("mastodon.") || host.starts_with("mstdn.") || host.ends_with(".social");
    match parts {
        [name] if is_mastodon && name.starts_with('@') => {
            Some(("mastodon", format!("https://{host}/@{}", at_handle(name)?)))
        }
        _ => None,
    }
}

fn is_pinterest(host: &str) -> bool {
    let host = host
        .split_once(".pinterest.")
        .map_or(host, |(sub, _)| if sub.len() == 2 { &host[sub.len() + 1..] } else { host });
    host.strip_prefix("pinterest.").is_some_and(|ending| ending.len() <= 6)
}

fn only(parts: &[&str], count: usize) -> Option<()> {
    (parts.len() <= count).then_some(())
}

/// The profile name at the start of a path; posts, shares and the network's own pages have none.
fn handle<'p>(parts: &[&'p str], pages: &[&str], longest: usize) -> Option<&'p str> {
    let name = parts.first()?.trim_start_matches('@');
    let is_own = pages.iter().any(|page| name.eq_ignore_ascii_case(page)) || is_never(name);
    (parts.len() <= 2 && !is_own && name.len() <= longest && is_name(name) && !is_post(parts.get(1)))
        .then_some(name)
}

/// A second part that makes the link one to a post, a tool or a share, not a profile.
fn is_post(part: Option<&&str>) -> bool {
    part.is_some_and(|part| {
        matches!(
            *part,
            "status"
                | "statuses"
                | "p"
                | "reel"
                | "videos"
                | "video"
                | "intent"
                | "widget"
                | "embed"
                | "clip"
                | "blob"
                | "tree"
                | "issues"
        )
    })
}

fn word(name: &str) -> Option<&str> {
    (is_name(name) && !is_never(name)).then_some(name)
}

fn at_handle<'p>(name: &&'p str) -> Option<&'p str> {
    name.strip_prefix('@').filter(|name| is_name(name))
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 100
        && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-'))
        && name.chars().any(char::is_alphanumeric)
}

/// Words that are pages or tools on every network, files, and names that templates leave behind.
fn is_never(name: &str) -> bool {
    const NEVER: [&str; 46] = [
        "about",
        "account",
        "accounts",
        "ads",
        "api",
        "app",
        "apps",
        "blog",
        "business",
        "careers",
        "company",
        "contact",
        "create",
        "developers",
        "embed",
        "error",
        "events",
        "example",
        "explore",
        "feed",
        "groups",
        "hashtag",
        "help",
        "home",
        "images",
        "intent",
        "jobs",
        "js",
        "legal",
        "login",
        "logout",
        "oembed",
        "policies",
        "policy",
        "privacy",
        "search",
        "settings",
        "share",
        "sharer",
        "signup",
        "static",
        "support",
        "terms",
        "tos",
        "username",
        "yourprofile",
    ];
    let lower = name.to_ascii_lowercase();
    NEVER.binary_search(&lower.as_str()).is_ok()
        || [".php", ".html", ".js", ".aspx"].iter().any(|end| lower.ends_with(end))
        || matches!(
            lower.as_str(),
            "your-profile" | "your_username" | "yourpage" | "your-page" | "yourusername"
        )
}

fn facebook(parts: &[&str], url: &Url) -> Option<String> {
    match parts {
        ["profile.php"] => {
            let id = url.query_pairs().find(|(key, _)| key == "id")?.1;
            id.bytes()
                .all(|c| c.is_ascii_digit())
                .then(|| format!("https://www.facebook.com/profile.php?id={id}"))
        }
        ["pages" | "pg" | "people", name, id, ..]
            if id.bytes().all(|c| c.is_ascii_digit()) && is_name(name) =>
        {
            Some(format!(
                "https://www.facebook.com/{}/{name}/{id}",
                if parts[0] == "people" { "people" } else { "pages" }
            ))
        }
        ["p", name] => Some(format!("https://www.facebook.com/p/{}", word(name)?)),
        ["pg", name, ..] => Some(format!("https://www.facebook.com/{}", word(name)?)),
        ["groups", name] => Some(format!("https://www.facebook.com/groups/{}", word(name)?)),
        [name] | [name, _] => {
            let second = parts.get(1).copied().unwrap_or("about");
            let is_profile = matches!(
                second,
                "about"
                    | "about_details"
                    | "reviews"
                    | "photos"
                    | "community"
                    | "services"
                    | "shop"
                    | "likes"
                    | "timeline"
            );
            (is_profile && handle(&[name], &FACEBOOK_PAGES, 100).is_some())
                .then(|| format!("https://www.facebook.com/{name}"))
        }
        _ => None,
    }
}

fn linkedin(parts: &[&str]) -> Option<String> {
    match parts {
        ["pub", "dir", ..] => None,
        [kind @ ("company" | "in" | "school" | "showcase" | "pub"), name, ..] => {
            let name = name.trim();
            let fits = !name.is_empty()
                && !matches!(name, "setup" | "example" | "unavailable" | "yourcompany" | "your-company");
            fits.then(|| format!("https://www.linkedin.com/{kind}/{name}"))
        }
        ["groups", id] if is_name(id) => Some(format!("https://www.linkedin.com/groups/{id}")),
        _ => None,
    }
}

fn youtube(parts: &[&str]) -> Option<String> {
    let base = "https://www.youtube.com";
    match parts {
        [kind @ ("channel" | "c" | "user"), name, ..] => Some(format!("{base}/{kind}/{}", word(name)?)),
        [name, ..] if name.starts_with('@') => Some(format!("{base}/@{}", at_handle(name)?)),
        [name] => Some(format!("{base}/{}", handle(&[name], &YOUTUBE_PAGES, 60)?)),
        _ => None,
    }
}

fn github<'p>(parts: &[&'p str]) -> Option<&'p str> {
    only(parts, 1)?;
    handle(parts, &GITHUB_PAGES, 39).filter(|name| !name.contains(['.', '_']))
}

fn telegram(parts: &[&str]) -> Option<String> {
    let (["s", name] | [name]) = parts else { return None };
    let fits = !["share", "joinchat", "addstickers", "proxy", "socks", "iv"].contains(name) && is_name(name);
    fits.then(|| format!("https://t.me/{name}"))
}

fn vimeo(parts: &[&str]) -> Option<String> {
    let name = handle(parts, &VIMEO_PAGES, 60)?;
    (parts.len() == 1 && !name.bytes().all(|c| c.is_ascii_digit()))
        .then(|| format!("https://vimeo.com/{name}"))
}

/// A number or a channel to write to; a bare text is a share button.
fn whatsapp(parts: &[&str], url: &Url) -> Option<String> {
    let digits = |text: &str| -> Option<String> {
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        (7..=15).contains(&digits.len()).then_some(digits)
    };
    match parts {
        ["channel", id] => Some(format!("https://whatsapp.com/channel/{}", word(id)?)),
        ["message", code] => Some(format!("https://wa.me/message/{}", word(code)?)),
        ["send"] | ["send", ""] => {
            let phone = url.query_pairs().find(|(key, _)| key == "phone")?.1;
            Some(format!("https://wa.me/{}", digits(&phone)?))
        }
        [number] => Some(format!("https://wa.me/{}", digits(number)?)),
        _ => None,
    }
}

const FACEBOOK_PAGES: [&str; 34] = [
    "ajax",
    "badges",
    "brand",
    "campaign",
    "connect",
    "dialog",
    "docs",
    "events",
    "fb",
    "gaming",
    "hashtag",
    "l.php",
    "legal",
    "login",
    "marketplace",
    "media",
    "messages",
    "notes",
    "pages",
    "permalink.php",
    "pg",
    "photo",
    "photo.php",
    "plugins",
    "posts",
    "profile.php",
    "reel",
    "rsrc.php",
    "share",
    "stories",
    "story.php",
    "tr",
    "watch",
    "wordpresscom",
];
const X_PAGES: [&str; 9] =
    ["i", "hashtag", "home", "intent", "search", "share", "widgets", "wordpressdotcom", "notifications"];
const INSTAGRAM_PAGES: [&str; 9] =
    ["p", "reel", "reels", "tv", "explore", "stories", "accounts", "direct", "embed.js"];
const YOUTUBE_PAGES: [&str; 17] = [
    "watch",
    "embed",
    "playlist",
    "results",
    "feed",
    "shorts",
    "live",
    "redirect",
    "iframe_api",
    "hashtag",
    "premium",
    "gaming",
    "v",
    "player_api",
    "channel",
    "user",
    "t",
];
const GITHUB_PAGES: [&str; 19] = [
    "features",
    "marketplace",
    "pricing",
    "topics",
    "collections",
    "trending",
    "sponsors",
    "orgs",
    "site",
    "security",
    "team",
    "enterprise",
    "customer-stories",
    "readme",
    "notifications",
    "issues",
    "pulls",
    "new",
    "join",
];
const TWITCH_PAGES: [&str; 5] = ["directory", "downloads", "p", "videos", "embed"];
const VIMEO_PAGES: [&str; 9] =
    ["watch", "channels", "groups", "categories", "ondemand", "features", "video", "upload", "manage"];
const VK_PAGES: [&str; 6] = ["share.php", "widget", "away.php", "feed", "video", "rtrg"];
const SOUND_PAGES: [&str; 6] = ["discover", "stream", "player", "upload", "you", "charts"];
const BEHANCE_PAGES: [&str; 4] = ["gallery", "search", "joblist", "hire"];
const DRIBBBLE_PAGES: [&str; 4] = ["shots", "designers", "tags", "hiring"];
const GITLAB_PAGES: [&str; 4] = ["users", "explore", "dashboard", "help"];
const PATREON_PAGES: [&str; 4] = ["posts", "join", "bepatron", "c"];
const TUMBLR_PAGES: [&str; 5] = ["share", "widgets", "tagged", "dashboard", "blog"];
const PINTEREST_PAGES: [&str; 5] = ["pin", "ideas", "today", "source", "categories"];

#[cfg(test)]
mod tests {
    use super::*;

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
        ] {
            assert_eq!(url_of(href).as_deref(), Some(expected), "{href}");
        }
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
            "https://pinterest.com/pin/create/button/",
            "https://github.com/muster/repo",
            "https://github.com/features",
            "https://wa.me/?text=hi",
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
