//! The icon and the logo of a site.

use url::Url;

use super::{
    clean,
    structured::Structured,
    view::{Image, LinkTag, View},
    walk::contains_word,
};

/// The icon that the page declares: of `rel~=icon`, the one nearest above 32 pixels; else the touch icon.
pub(super) fn favicon(view: &View<'_>) -> Option<Url> {
    let icons = view.links("icon").filter(|link| !is_mask(link));
    let best = icons.enumerate().min_by_key(|(index, link)| (size_cost(link), *index));
    best.and_then(|(_, link)| icon_url(view, link.href))
        .or_else(|| view.links("icon").find_map(|link| icon_url(view, link.href)))
        .or_else(|| view.links("apple-touch-icon").find_map(|link| icon_url(view, link.href)))
        .or_else(|| view.links("apple-touch-icon-precomposed").find_map(|link| icon_url(view, link.href)))
}

fn icon_url(view: &View<'_>, href: &str) -> Option<Url> {
    view.resolve(href).filter(|_| !href.trim().starts_with('#'))
}

fn is_mask(link: &LinkTag<'_>) -> bool {
    contains_word(link.rel, "mask-icon") || contains_word(link.media, "dark")
}

/// How far an icon is from what a list of sites shows well.
fn size_cost(link: &LinkTag<'_>) -> u32 {
    let sizes = link.sizes.split_ascii_whitespace();
    let best = sizes.filter_map(|size| {
        if size.eq_ignore_ascii_case("any") {
            return Some(0);
        }
        let width: u32 = size.split(['x', 'X']).next()?.parse().ok()?;
        Some(if width >= 32 { (width - 32).min(5_000) } else { 10_000 + (32 - width) })
    });
    best.min().unwrap_or(160)
}

/// The logo: what the page or its structured data declares, else the likeliest image of the header.
pub(super) fn logo(view: &View<'_>, structured: &Structured) -> Option<Url> {
    let declared = view.metas("og:logo").find_map(|href| view.resolve(href));
    declared
        .or_else(|| itemprop(view))
        .or_else(|| structured.logo.as_deref().and_then(|href| view.resolve(href)))
        .or_else(|| image(view))
}

fn itemprop(view: &View<'_>) -> Option<Url> {
    let named = view.found.itemprops.iter().filter(|prop| prop.name.eq_ignore_ascii_case("logo"));
    let own = named.filter_map(|prop| prop.value).find_map(|href| view.resolve(href));
    own.or_else(|| view.metas("logo").find_map(|href| view.resolve(href)))
}

/// The image that most looks like the site's logo. Images that only one weak sign speaks for are left alone.
fn image(view: &View<'_>) -> Option<Url> {
    const MIN_SCORE: i32 = 4;
    let mut best: Option<(i32, Url)> = None;
    for image in &view.found.images {
        let score = logo_score(view, image);
        if score >= MIN_SCORE
            && best.as_ref().is_none_or(|(highest, _)| score > *highest)
            && let Some(url) = view.resolve(image.src)
        {
            best = Some((score, url));
        }
    }
    best.map(|(_, url)| url)
}

fn logo_score(view: &View<'_>, image: &Image<'_>) -> i32 {
    let says = |text: &str| i32::from(contains_word(text, "logo"));
    let file = image.src.rsplit('/').next().unwrap_or_default();
    let mut score = 3 * says(image.class).max(says(image.id)) + 2 * says(image.alt) + 2 * says(file);
    score += 2 * i32::from(image.in_logo) + 2 * i32::from(image.in_header);
    if links_home(view, image) {
        score += 3;
    }
    if image.in_others {
        score -= 6;
    }
    if image.src.starts_with("data:") || image.src.is_empty() {
        score = 0;
    }
    score
}

fn links_home(view: &View<'_>, image: &Image<'_>) -> bool {
    let Some(anchor) = image.anchor.and_then(|index| view.found.anchors.get(index)) else { return false };
    let Some(url) = clean::web_url(&view.base, anchor.href) else { return false };
    let is_root =
        matches!(url.path(), "/" | "/index.html" | "/index.php" | "/home") || url.path() == view.url.path();
    is_root && url.host() == view.url.host() && !anchor.href.starts_with('#')
}
