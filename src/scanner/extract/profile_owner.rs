//! Whose a profile is that a page links to: the site's, or that of somebody whom its text names.

use super::{
    clean::{self, contains_word},
    view::{Anchor, View},
};

/// How many elements around a link are looked at.
const MAX_ANCESTORS: usize = 10;
/// How many bytes of the classes of each.
const MAX_CLASS: usize = 500;
/// How far around a link its sentence is looked for, in bytes, and how long it must be.
const NEAR: usize = 120;
const SENTENCE: usize = 25;
/// How many letters in a row a handle shares with the name of its site.
const SHARED: usize = 4;

/// Words in classes of elements that show what others posted, and of those that present who wrote a text.
const QUOTES: [&str; 5] = ["tweet", "instagram-media", "fb-post", "comment-", "embed"];
const AUTHORS: [&str; 4] = ["author", "byline", "contributor", "biography"];

/// Names of networks as links to a site's own profiles say them, and what is said for following.
const NETWORKS: [&str; 26] = [
    "facebook",
    "twitter",
    "instagram",
    "youtube",
    "linkedin",
    "pinterest",
    "tiktok",
    "xing",
    "vimeo",
    "github",
    "whatsapp",
    "telegram",
    "mastodon",
    "flickr",
    "tumblr",
    "threads",
    "bluesky",
    "snapchat",
    "discord",
    "medium",
    "insta",
    "follow us",
    "folge",
    "seguici",
    "suivez",
    "siguenos",
];

/// Whose a profile seems to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    Site,
    /// Of who wrote the text, which on some sites is the same.
    Author,
    Other,
}

/// Whose the profile is that a link leads to.
pub(super) fn owner(view: &View<'_>, anchor: &Anchor<'_>, profile: &str) -> Owner {
    let label = view.anchor_text(anchor);
    // A number to write to is not of the kind that texts name others by.
    if bears_name(view, profile) || profile.starts_with("https://wa.me/") {
        return Owner::Site;
    }
    let around = around(anchor);
    if around == Owner::Other {
        return Owner::Other;
    }
    let names_network =
        NETWORKS.iter().any(|name| contains_word(label, name)) || label.eq_ignore_ascii_case("x");
    if !label.is_empty() && !names_network && stands_in_sentence(view, anchor) {
        return Owner::Other;
    }
    // On networks for work the site has a page, and people have profiles.
    let is_of_person = ["linkedin.com/in/", "linkedin.com/pub/", "xing.com/profile/"];
    let is_doubtful = label.contains(['@', '©']) || is_of_person.iter().any(|path| profile.contains(path));
    if is_doubtful { Owner::Author } else { around }
}

/// Whether a profile's address and the site's name or domain have letters in common.
pub(super) fn bears_name(view: &View<'_>, profile: &str) -> bool {
    let path = profile.splitn(4, '/').nth(3).unwrap_or_default();
    let handle = letters(&clean::percent_decoded(path));
    let host = view.url.host_str().unwrap_or_default();
    let suffix = psl::suffix_str(host).map_or(0, |suffix| suffix.len() + 1);
    let domain = letters(host[..host.len() - suffix.min(host.len())].trim_start_matches("www."));
    let name = view.meta("og:site_name").map(letters).unwrap_or_default();
    [domain, name].iter().any(|own| shares_letters(&handle, own))
}

fn letters(text: &str) -> String {
    text.chars().take(60).filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// Whether two short texts have some letters in a row in common, or one is within the other.
fn shares_letters(one: &str, other: &str) -> bool {
    let length = SHARED.min(one.len()).min(other.len());
    length > 1
        && other.as_bytes().windows(length).any(|part| one.as_bytes().windows(length).any(|own| own == part))
}

/// What the elements around a link say of whose it is.
fn around(anchor: &Anchor<'_>) -> Owner {
    let mut owner = Owner::Site;
    let elements = std::iter::once(*anchor.node).chain(anchor.node.ancestors().take(MAX_ANCESTORS));
    for element in elements.filter_map(|node| node.value().as_element()) {
        if matches!(element.name(), "body" | "html") {
            break;
        }
        let class = element.attr("class").unwrap_or_default();
        let class = &class[..class.floor_char_boundary(MAX_CLASS)];
        let says = |words: &[&str]| words.iter().any(|word| contains_word(class, word));
        if element.name() == "blockquote" || says(&QUOTES) {
            return Owner::Other;
        }
        if says(&AUTHORS) || element.attr("rel").is_some_and(|rel| contains_word(rel, "author")) {
            owner = Owner::Author;
        }
    }
    owner
}

/// Whether words of a sentence stand right before or behind a link, up to the next link.
fn stands_in_sentence(view: &View<'_>, anchor: &Anchor<'_>) -> bool {
    let text = &view.found.text;
    let anchors = &view.found.anchors;
    let at = anchors.partition_point(|other| other.start < anchor.start);
    let previous = at.checked_sub(1).and_then(|at| anchors.get(at)).map_or(0, |other| other.end);
    let next = anchors[at..].iter().find(|other| other.start >= anchor.end && other.start > anchor.start);
    let next = next.map_or(text.len(), |other| other.start);
    let from = text.ceil_char_boundary(anchor.start.saturating_sub(NEAR)).max(previous);
    let to = text.floor_char_boundary(anchor.end + NEAR).min(next);
    let before = text.get(from..anchor.start).unwrap_or_default();
    let before = before.rsplit('\n').next().unwrap_or_default();
    let after = text.get(anchor.end..to).unwrap_or_default();
    let after = after.split('\n').next().unwrap_or_default();
    before.len() + after.len() >= SENTENCE
}
