//! The social networks: what a profile's address looks like on each, and its canonical form.

use url::Url;

/// A network on which a profile is one name after the host.
struct Network {
    host: &'static str,
    name: &'static str,
    /// What stands before and after the name in the canonical form.
    form: (&'static str, &'static str),
    /// The greatest length of a name.
    longest: usize,
    /// The network's own pages.
    pages: &'static str,
}

const fn network(
    host: &'static str,
    name: &'static str,
    form: (&'static str, &'static str),
    longest: usize,
    pages: &'static str,
) -> Network {
    Network { host, name, form, longest, pages }
}

const NETWORKS: [Network; 13] = [
    network(
        "x.com",
        "x",
        ("https://x.com/", ""),
        15,
        "i hashtag home intent search share widgets notifications",
    ),
    network(
        "twitter.com",
        "x",
        ("https://x.com/", ""),
        15,
        "i hashtag home intent search share widgets notifications",
    ),
    network(
        "instagram.com",
        "instagram",
        ("https://www.instagram.com/", "/"),
        30,
        "p reel reels tv explore stories accounts direct embed.js",
    ),
    network("instagr.am", "instagram", ("https://www.instagram.com/", "/"), 30, "p"),
    network("twitch.tv", "twitch", ("https://www.twitch.tv/", ""), 25, "directory downloads p videos embed"),
    network("vk.com", "vk", ("https://vk.com/", ""), 50, "share.php widget away.php feed video rtrg"),
    network(
        "soundcloud.com",
        "soundcloud",
        ("https://soundcloud.com/", ""),
        30,
        "discover stream player upload you charts",
    ),
    network("behance.net", "behance", ("https://www.behance.net/", ""), 30, "gallery search joblist hire"),
    network("dribbble.com", "dribbble", ("https://dribbble.com/", ""), 30, "shots designers tags hiring"),
    network("gitlab.com", "gitlab", ("https://gitlab.com/", ""), 60, "users explore dashboard help"),
    network("patreon.com", "patreon", ("https://www.patreon.com/", ""), 64, "posts join bepatron c"),
    network(
        "tumblr.com",
        "tumblr",
        ("https://www.tumblr.com/", ""),
        32,
        "share widgets tagged dashboard blog",
    ),
    network("linktr.ee", "linktree", ("https://linktr.ee/", ""), 30, "s admin"),
];

/// The network and the canonical address for a host without `www.` and the parts of a path.
pub(super) fn canonical(host: &str, parts: &[&str], url: &Url) -> Option<(&'static str, String)> {
    if let Some(network) = NETWORKS.iter().find(|network| network.host == host) {
        let name = handle(parts, network.pages, network.longest)?;
        return Some((network.name, format!("{}{name}{}", network.form.0, network.form.1)));
    }
    match host {
        "facebook.com" | "fb.com" | "fb.me" => Some(("facebook", facebook(parts, url)?)),
        "youtube.com" => Some(("youtube", youtube(parts)?)),
        "tiktok.com" => Some(("tiktok", format!("https://www.tiktok.com/@{}", at_handle(sole(parts)?)?))),
        "github.com" => Some(("github", format!("https://github.com/{}", github(parts)?))),
        "threads.net" | "threads.com" => {
            Some(("threads", format!("https://www.threads.net/@{}", at_handle(sole(parts)?)?)))
        }
        "medium.com" => Some(("medium", format!("https://medium.com/@{}", at_handle(sole(parts)?)?))),
        "t.me" | "telegram.me" => Some(("telegram", telegram(parts)?)),
        "vimeo.com" => Some(("vimeo", vimeo(parts)?)),
        "wa.me" | "api.whatsapp.com" | "whatsapp.com" => Some(("whatsapp", whatsapp(parts, url)?)),
        "discord.gg" => Some(("discord", format!("https://discord.gg/{}", word(parts.first()?)?))),
        "lin.ee" => Some(("line", format!("https://lin.ee/{}", word(parts.first()?)?))),
        _ => by_path(host, parts).or_else(|| by_domain(host, parts)),
    }
}

/// Networks on which the kind of page stands before the name.
fn by_path(host: &str, parts: &[&str]) -> Option<(&'static str, String)> {
    match (host, parts) {
        ("bsky.app", ["profile", name]) => {
            Some(("bluesky", format!("https://bsky.app/profile/{}", word(name)?)))
        }
        ("snapchat.com", ["add", name]) => {
            Some(("snapchat", format!("https://www.snapchat.com/add/{}", word(name)?)))
        }
        ("snapchat.com", [name]) => {
            Some(("snapchat", format!("https://www.snapchat.com/add/{}", at_handle(name)?)))
        }
        ("reddit.com", ["r", name, ..]) => {
            Some(("reddit", format!("https://www.reddit.com/r/{}/", word(name)?)))
        }
        ("reddit.com", ["u" | "user", name, ..]) => {
            Some(("reddit", format!("https://www.reddit.com/user/{}/", word(name)?)))
        }
        ("discord.com", ["invite", code]) => Some(("discord", format!("https://discord.gg/{}", word(code)?))),
        ("xing.com", [kind @ ("profile" | "pages" | "companies" | "company"), name, ..]) => {
            Some(("xing", format!("https://www.xing.com/{kind}/{}", word(name)?)))
        }
        ("xing.com", ["news", "pages", name, ..]) => {
            Some(("xing", format!("https://www.xing.com/news/pages/{}", word(name)?)))
        }
        ("xing.com", ["net", name, ..]) => {
            Some(("xing", format!("https://www.xing.com/net/{}", word(name)?)))
        }
        ("flickr.com", ["photos" | "people", name] | ["photos", name, "albums" | "sets" | "collections"]) => {
            Some(("flickr", format!("https://www.flickr.com/photos/{name}/")))
        }
        ("open.spotify.com", [kind @ ("artist" | "user" | "show"), id]) => {
            Some(("spotify", format!("https://open.spotify.com/{kind}/{}", word(id)?)))
        }
        ("line.me", ["R" | "r", "ti", "p", id]) => Some(("line", format!("https://line.me/R/ti/p/{id}"))),
        ("yelp.com" | "yelp.de" | "yelp.fr" | "yelp.co.uk", ["biz", name]) => {
            Some(("yelp", format!("https://www.yelp.com/biz/{name}")))
        }
        _ => None,
    }
}

/// Networks with a host for each country or profile.
fn by_domain(host: &str, parts: &[&str]) -> Option<(&'static str, String)> {
    if host == "linkedin.com" || host.ends_with(".linkedin.com") {
        return Some(("linkedin", linkedin(parts)?));
    }
    if is_pinterest(host) {
        let name = handle(parts, "pin ideas today source categories", 30)?;
        return Some(("pinterest", format!("https://www.pinterest.com/{name}/")));
    }
    if let Some(name) = host.strip_suffix(".tumblr.com")
        && !matches!(name, "assets" | "static" | "media" | "embed" | "platform")
    {
        return Some(("tumblr", format!("https://www.tumblr.com/{name}")));
    }
    let is_mastodon =
        host.starts_with("mastodon.") || host.starts_with("mstdn.") || host.ends_with(".social");
    let name = at_handle(sole(parts).filter(|_| is_mastodon)?)?;
    Some(("mastodon", format!("https://{host}/@{name}")))
}

/// `pinterest.de`, `pinterest.co.uk`, `de.pinterest.com`.
fn is_pinterest(host: &str) -> bool {
    let host = host.split_once('.').filter(|(first, _)| first.len() == 2).map_or(host, |(_, rest)| rest);
    host.strip_prefix("pinterest.").is_some_and(|ending| ending.len() <= 6)
}

/// The only part of a path.
fn sole<'p>(parts: &[&'p str]) -> Option<&'p str> {
    if let [part] = parts { Some(part) } else { None }
}

/// The profile name at the start of a path; posts, shares and the network's own pages have none.
fn handle<'p>(parts: &[&'p str], pages: &str, longest: usize) -> Option<&'p str> {
    const POSTS: &str = "status statuses p reel videos video intent widget embed clip blob tree issues";
    let name = parts.first()?.trim_start_matches('@');
    let is_own = pages.split(' ').any(|page| name.eq_ignore_ascii_case(page)) || is_never(name);
    let is_post = parts.get(1).is_some_and(|part| POSTS.split(' ').any(|post| post == *part));
    (parts.len() <= 2 && !is_own && !is_post && name.len() <= longest && is_name(name)).then_some(name)
}

fn word(name: &str) -> Option<&str> {
    (is_name(name) && !is_never(name)).then_some(name)
}

fn at_handle(name: &str) -> Option<&str> {
    name.strip_prefix('@').filter(|name| is_name(name))
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 100
        && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-'))
        && name.chars().any(char::is_alphanumeric)
}

/// Words that are pages or tools on every network, and names that templates leave behind.
const NEVER: &str = "about account accounts ads api app apps blog business careers company contact create \
    developers embed error events example explore feed groups hashtag help home images intent jobs js \
    legal login logout oembed policies policy privacy search settings share sharer signup static support \
    terms tos username user-name yourprofile your-profile your_username yourpage your-page yourusername \
    undefined null";

fn is_never(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    NEVER.split(' ').any(|word| word == lower)
        || [".php", ".html", ".js", ".aspx"].iter().any(|end| lower.ends_with(end))
}

fn facebook(parts: &[&str], url: &Url) -> Option<String> {
    const BASE: &str = "https://www.facebook.com";
    const PAGES: &str = "ajax badges brand campaign connect dialog docs fb gaming marketplace media messages notes \
        pages pg photo plugins posts reel stories tr watch wordpresscom";
    const TABS: &str = "about about_details reviews photos community services shop likes timeline";
    let is_number = |text: &str| text.bytes().all(|c| c.is_ascii_digit());
    match parts {
        ["profile.php"] => {
            let id = url.query_pairs().find(|(key, _)| key == "id")?.1;
            (!id.is_empty() && is_number(&id)).then(|| format!("{BASE}/profile.php?id={id}"))
        }
        [kind @ ("pages" | "people"), name, id, ..] if is_number(id) => {
            Some(format!("{BASE}/{kind}/{name}/{id}"))
        }
        ["pages", city, name, id] if is_number(id) => Some(format!("{BASE}/pages/{city}/{name}/{id}")),
        ["p", name] => Some(format!("{BASE}/p/{}", word(name)?)),
        ["pg", name, ..] => Some(format!("{BASE}/{}", word(name)?)),
        ["groups", name] => Some(format!("{BASE}/groups/{}", word(name)?)),
        [name] => Some(format!("{BASE}/{}", handle(&[name], PAGES, 100)?)),
        [name, tab] if TABS.split(' ').any(|own| own == *tab) => {
            Some(format!("{BASE}/{}", handle(&[name], PAGES, 100)?))
        }
        _ => None,
    }
}

fn linkedin(parts: &[&str]) -> Option<String> {
    match parts {
        ["pub", "dir", ..] => None,
        // An old address of a person is whole only with the numbers behind the name.
        ["pub", name, one, two, three] => {
            Some(format!("https://www.linkedin.com/pub/{name}/{one}/{two}/{three}"))
        }
        [kind @ ("company" | "in" | "school" | "showcase" | "pub"), name, ..] => {
            let never = ["setup", "example", "unavailable", "yourcompany", "your-company"];
            (!never.contains(name)).then(|| format!("https://www.linkedin.com/{kind}/{name}"))
        }
        ["groups", id] if is_name(id) => Some(format!("https://www.linkedin.com/groups/{id}")),
        _ => None,
    }
}

fn youtube(parts: &[&str]) -> Option<String> {
    const BASE: &str = "https://www.youtube.com";
    const PAGES: &str = "watch embed playlist results feed shorts live redirect iframe_api hashtag premium gaming v \
        player_api channel user t subscription_center show feeds";
    match parts {
        [kind @ ("channel" | "c" | "user"), name, ..] => Some(format!("{BASE}/{kind}/{}", word(name)?)),
        [name, ..] if name.starts_with('@') => Some(format!("{BASE}/@{}", at_handle(name)?)),
        [name] => Some(format!("{BASE}/{}", handle(&[name], PAGES, 60)?)),
        _ => None,
    }
}

fn github<'p>(parts: &[&'p str]) -> Option<&'p str> {
    const PAGES: &str = "features marketplace pricing topics collections trending sponsors orgs site security team \
        enterprise customer-stories readme notifications issues pulls new join";
    handle(&[sole(parts)?], PAGES, 39).filter(|name| !name.contains(['.', '_']))
}

fn telegram(parts: &[&str]) -> Option<String> {
    let (["s", name] | [name]) = parts else { return None };
    let fits = !["share", "joinchat", "addstickers", "proxy", "socks", "iv"].contains(name) && is_name(name);
    fits.then(|| format!("https://t.me/{name}"))
}

fn vimeo(parts: &[&str]) -> Option<String> {
    const PAGES: &str = "watch channels groups categories ondemand features video upload manage";
    let name = handle(&[sole(parts)?], PAGES, 60)?;
    (!name.bytes().all(|c| c.is_ascii_digit())).then(|| format!("https://vimeo.com/{name}"))
}

/// A number or a channel to write to; a bare text is a share button.
fn whatsapp(parts: &[&str], url: &Url) -> Option<String> {
    let number = |text: &str| -> Option<String> {
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        (7..=15).contains(&digits.len()).then(|| format!("https://wa.me/{digits}"))
    };
    match parts {
        ["channel", id] => Some(format!("https://whatsapp.com/channel/{}", word(id)?)),
        ["message", code] => Some(format!("https://wa.me/message/{}", word(code)?)),
        ["send"] => number(&url.query_pairs().find(|(key, _)| key == "phone")?.1),
        [text] => number(text),
        _ => None,
    }
}
