//! What WordPress and its plugins write about themselves on a page.

use super::view::View;

/// Marks of WordPress itself: its generator, its API, its scripts' settings, its headers and cookies.
pub(super) fn has_core_marks(view: &View<'_>) -> bool {
    view.metas("generator").any(is_generator)
        || view.links("https://api.w.org/").next().is_some()
        || view.links("alternate").any(|link| is_own_api(view, link.href))
        || view.links("EditURI").any(|link| link.href.contains("xmlrpc.php"))
        || view
            .headers
            .get_all("link")
            .iter()
            .any(|value| value.as_bytes().windows(10).any(|part| part == b"//api.w.or"))
        || view.header("x-pingback").is_some_and(|value| value.ends_with("/xmlrpc.php"))
        || view.header("x-powered-by").is_some_and(|value| value.starts_with("WordPress"))
        || view.header("x-redirect-by").is_some_and(|value| value == "WordPress")
        || view.found.scripts.iter().any(|script| script.contains("_wpemojiSettings"))
}

/// An address below the API of WordPress on the site itself.
fn is_own_api(view: &View<'_>, href: &str) -> bool {
    href.contains("/wp-json/") && view.resolve(href).is_some_and(|url| url.host() == view.url.host())
}

/// `WordPress`, `WordPress 6.4.2` or `WordPress.com`; not `WordPress Download Manager 6.0`.
fn is_generator(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("WordPress") else { return false };
    rest.is_empty()
        || rest.starts_with(".com")
        || rest.strip_prefix(' ').is_some_and(|rest| is_core_version(first_word(rest)))
}

/// The version that the generator tells.
pub(super) fn core_version(view: &View<'_>) -> Option<String> {
    let versions = view.metas("generator").filter_map(|text| text.strip_prefix("WordPress "));
    versions.map(first_word).find(|version| is_core_version(version)).map(str::to_owned)
}

fn first_word(text: &str) -> &str {
    text.split([' ', ';', ',']).next().unwrap_or_default()
}

/// `6.4`, `6.4.2`, `6.5-RC1`: what WordPress calls its versions.
pub(super) fn is_core_version(text: &str) -> bool {
    let number = text.split('-').next().unwrap_or_default();
    let parts: Vec<&str> = number.split('.').collect();
    let fits = |part: &&str| (1..=2).contains(&part.len()) && part.bytes().all(|c| c.is_ascii_digit());
    (2..=3).contains(&parts.len()) && parts.iter().all(fits) && parts[0].len() == 1 && text.len() <= 24
}

/// Whether a text looks like the version of software: digits and dots, perhaps a suffix; no time and no hash.
pub(super) fn is_version(text: &str) -> bool {
    let number = text.split(['-', '+', '_']).next().unwrap_or_default();
    let number = number.strip_prefix('v').unwrap_or(number);
    let numeric: Vec<&str> = number.split('.').collect();
    let fits = |part: &&str| {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        digits > 0
            && digits <= 5
            && part.len() - digits <= 6
            && part.bytes().all(|c| c.is_ascii_alphanumeric())
    };
    text.len() <= 30 && numeric.len() >= 2 && numeric.len() <= 5 && numeric.iter().all(fits)
}

/// The version that a text begins with: `3.18.3; features: …`, `v8.1 - …`.
pub(super) fn version_at_start(text: &str) -> Option<String> {
    let text = text.trim_start_matches([' ', ':', '-']);
    let text = text.strip_prefix('v').or_else(|| text.strip_prefix("ver:")).unwrap_or(text);
    let text = text.strip_prefix('.').unwrap_or(text).trim_start();
    let end = text
        .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+')))
        .unwrap_or(text.len());
    let version = text[..end].trim_end_matches(['.', '-']);
    is_version(version).then(|| version.to_owned())
}

/// Beginnings of generator texts and the plugins that write them.
const GENERATORS: [(&str, &str); 24] = [
    ("Elementor ", "elementor"),
    ("WooCommerce ", "woocommerce"),
    ("Site Kit by Google ", "google-site-kit"),
    ("WPML ", "sitepress-multilingual-cms"),
    ("Powered by WPBakery Page Builder", "js_composer"),
    ("Powered by Visual Composer", "js_composer"),
    ("Powered by Slider Revolution ", "revslider"),
    ("Powered by LayerSlider ", "LayerSlider"),
    ("WordPress Download Manager ", "download-manager"),
    ("Easy Digital Downloads v", "easy-digital-downloads"),
    ("Redux ", "redux-framework"),
    ("All in One SEO ", "all-in-one-seo-pack"),
    ("Jetpack ", "jetpack"),
    ("bbPress ", "bbpress"),
    ("BuddyPress ", "buddypress"),
    ("performance-lab ", "performance-lab"),
    ("speculation-rules ", "speculation-rules"),
    ("webp-uploads ", "webp-uploads"),
    ("qTranslate-X ", "qtranslate-x"),
    ("Powered by MasterSlider ", "masterslider"),
    ("AMP Plugin v", "amp"),
    ("AMP for WP ", "accelerated-mobile-pages"),
    ("auto-sizes ", "auto-sizes"),
    ("optimization-detective ", "optimization-detective"),
];

/// How much of a comment is looked at, in bytes: plugins name themselves at its start.
const MAX_COMMENT: usize = 1_000;

/// Parts of comments and the plugins that write them; the version follows.
const COMMENTS: [(&str, &str); 35] = [
    ("optimized with the Yoast SEO plugin", "wordpress-seo"),
    ("optimized with the Yoast WordPress SEO plugin", "wordpress-seo"),
    ("optimized with the Yoast SEO Premium plugin", "wordpress-seo-premium"),
    ("Search Engine Optimization by Rank Math", "seo-by-rank-math"),
    ("All in One SEO Pro ", "all-in-one-seo-pack-pro"),
    ("All in One SEO ", "all-in-one-seo-pack"),
    ("Performance optimized by WP Rocket", "wp-rocket"),
    ("optimized by W3 Total Cache", "w3-total-cache"),
    ("Page cached by LiteSpeed Cache", "litespeed-cache"),
    ("Page supported by LiteSpeed Cache", "litespeed-cache"),
    ("Page generated by LiteSpeed Cache", "litespeed-cache"),
    ("generated by WP-Super-Cache", "wp-super-cache"),
    ("WP Fastest Cache file was created", "wp-fastest-cache"),
    ("Google Analytics by MonsterInsights plugin", "google-analytics-for-wordpress"),
    ("optimized by the SEOPress plugin", "wp-seopress"),
    ("by Really Simple SSL", "really-simple-ssl"),
    ("This site is optimized with the Squirrly", "squirrly-seo"),
    ("Cache Enabler by KeyCDN", "cache-enabler"),
    ("Cachify | ", "cachify"),
    ("optimized by Redis Object Cache", "redis-cache"),
    ("Stream WordPress user activity plugin", "stream"),
    ("Facebook Comments Plugin for WordPress", "facebook-comments-plugin"),
    ("Hummingbird cache file was created", "hummingbird-performance"),
    ("Comet Cache", "comet-cache"),
    ("Cached by WP-Optimize", "wp-optimize"),
    ("Cache served by breeze", "breeze"),
    ("The SEO Framework by", "autodescription"),
    ("Google Tag Manager for WordPress by gtm4wp", "duracelltomi-google-tag-manager"),
    ("HFCM by 99 Robots", "header-footer-code-manager"),
    ("Mailchimp for WordPress v", "mailchimp-for-wp"),
    ("Google Analytics by ExactMetrics plugin", "google-analytics-dashboard-for-wp"),
    ("added by Site Kit", "google-site-kit"),
    ("plugin=object-cache-pro", "object-cache-pro"),
    ("BEGIN GADWP v", "google-analytics-dashboard-for-wp"),
    ("optimiert mit wpSEO", "wpseo"),
];

/// The plugins that name themselves, with their versions where they tell.
pub(super) fn plugins<'v>(view: &'v View<'_>) -> impl Iterator<Item = (&'static str, Option<String>)> + 'v {
    let generators = view.metas("generator").filter_map(|text| {
        let (mark, slug) = GENERATORS.iter().find(|(mark, _)| text.starts_with(mark))?;
        Some((*slug, version_at_start(&text[mark.len()..])))
    });
    let comments = view.found.comments.iter().filter_map(|text| {
        let text = &text[..text.floor_char_boundary(MAX_COMMENT)];
        let (at, mark, slug) =
            COMMENTS.iter().find_map(|(mark, slug)| Some((text.find(mark)?, mark, slug)))?;
        Some((*slug, version_at_start(&text[at + mark.len()..])))
    });
    generators.chain(comments)
}
