//! The icon and the logo of a site.

use url::Url;

use super::{
    clean::contains_word,
    logo_image, logo_style,
    structured::Structured,
    view::{LinkTag, View},
};

/// The icon that the page declares: of `rel~=icon`, the one nearest above 32 pixels. Touch icons are
/// for home screens and none.
pub(super) fn favicon(view: &View<'_>) -> Option<Url> {
    let icons = view.links("icon").filter(|link| !is_mask(link));
    let best = icons.enumerate().min_by_key(|(index, link)| (size_cost(link), *index));
    best.and_then(|(_, link)| icon_url(view, link.href))
        .or_else(|| view.links("icon").find_map(|link| icon_url(view, link.href)))
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
        .or_else(|| logo_image::find(view))
        .or_else(|| logo_style::find(view))
}

fn itemprop(view: &View<'_>) -> Option<Url> {
    let named = view.found.itemprops.iter().filter(|prop| prop.name.eq_ignore_ascii_case("logo"));
    let own = named.filter_map(|prop| prop.value).find_map(|href| view.resolve(href));
    own.or_else(|| view.metas("logo").find_map(|href| view.resolve(href)))
}

#[cfg(test)]
mod tests {
    use crate::scanner::extract::tests::facts_of;

    fn favicon(html: &str) -> Option<String> {
        facts_of(html).facts.favicon_url
    }

    fn logo(html: &str) -> Option<String> {
        facts_of(html).facts.logo_url
    }

    #[test]
    fn of_several_icons_the_one_that_lists_show_best_is_taken() {
        let html = "<link rel=icon sizes=16x16 href=/16.png><link rel=icon sizes='192x192' href=/192.png>\
                    <link rel='shortcut icon' sizes='32x32 64x64' href=/32.png><link rel=mask-icon href=/mask.svg>";
        assert_eq!(favicon(html).as_deref(), Some("https://www.firma.de/32.png"));
    }

    #[test]
    fn icons_are_resolved_against_the_base_and_must_be_web_addresses() {
        assert_eq!(
            favicon("<base href='/app/'><link rel=ICON href=i.ico>").as_deref(),
            Some("https://www.firma.de/app/i.ico")
        );
        assert_eq!(favicon("<link rel=icon href='data:image/png;base64,AA'>"), None);
        assert_eq!(favicon("<link rel=icon href=''><link rel=apple-touch-icon href=/t.png>"), None);
        assert_eq!(favicon("<p>no icon"), None);
    }

    #[test]
    fn a_declared_logo_wins_over_images() {
        let image = "<header><a href=/><img class=logo src=/header.png></a></header>";
        let data =
            "<script type='application/ld+json'>{\"@type\":\"Organization\",\"logo\":\"/data.png\"}</script>";
        let open_graph = "<meta property='og:logo' content='/og.png'>";
        assert_eq!(
            logo(&format!("{image}{data}{open_graph}")).as_deref(),
            Some("https://www.firma.de/og.png")
        );
        assert_eq!(logo(&format!("{image}{data}")).as_deref(), Some("https://www.firma.de/data.png"));
        assert_eq!(logo(image).as_deref(), Some("https://www.firma.de/header.png"));
    }

    #[test]
    fn the_image_that_most_looks_like_the_logo_is_taken() {
        for html in [
            "<header><a href='/'><img src='/l.png' alt='Firma'></a><img src='/phone.png' alt='Phone'></header>",
            "<div class='navbar-brand'><a href='https://www.firma.de/'><img src='/l.png'></a></div>",
            "<img src='/hero.jpg'><div id=header><img id=logo src='data:image/gif;base64,R0' data-src='/l.png'></div>",
            "<div class='partners'><img class='logo' src='/p.png' alt='Partner Logo'></div><header><img src='/l.png' alt='Logo'></header>",
            "<img src='/l.png' alt='Logo der Firma'><img src='/x.png'>",
            "<header><a href=/><img src='/spacer.gif' data-src='/l.png' alt=Firma></a></header>",
            "<header><img src='/fb-sm.gif' alt=x><img src='/b.gif' alt=y><img src='/l.png' class=site-logo></header>",
        ] {
            assert_eq!(logo(html).as_deref(), Some("https://www.firma.de/l.png"), "{html}");
        }
    }

    #[test]
    fn pictures_of_others_are_no_logo() {
        for html in [
            "<div><img class=logo alt=Logo src='https://cdn.cookielaw.org/logos/static/company_logo.png'></div>",
            "<section class=clients><img src='/a-logo.png' alt='A logo'></section>",
            "<footer><img src='/visa-logo.svg' alt='Visa logo'></footer>",
            "<img src='/hero.jpg' alt='Our team'><p>Logo design</p>",
            "<img src='/old.png' alt='Screenshot with the old logo'>",
            "<article><img src='/shop.png' alt='Logo'></article>",
            "<header><p>Text only</p></header>",
            "<header><a href=/><img src='/1x1.trans.gif' class=logo></a><img src='/img/facebook.png' class=brand-icon></header>",
        ] {
            assert_eq!(logo(html), None, "{html}");
        }
    }
}
