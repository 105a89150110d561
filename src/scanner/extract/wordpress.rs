//! WordPress: whether a site runs on it, its version, themes, plugins and Elementor. Judged by evidence that only
//! WordPress leaves, never by the mere word.

use std::borrow::Cow;

use super::{view::View, walk::contains_word, wordpress_marks as marks};
use crate::model::{SiteFacts, Technology, WordpressPlugin, WordpressTheme};

/// The most themes and plugins that are kept of one page.
const MAX_ASSETS: usize = 100;

/// Fills in all facts about WordPress, and brings the technologies in line with them.
pub(super) fn describe(view: &View<'_>, facts: &mut SiteFacts) {
    let traces = Traces::collect(view);
    let elementor = has_elementor(view, &traces);
    facts.is_wordpress = traces.is_wordpress(view) || elementor;
    if facts.is_wordpress {
        facts.wordpress_version = marks::core_version(view).or_else(|| traces.core_version());
        let core = facts.wordpress_version.as_deref();
        facts.wordpress_themes = traces.themes(core);
        facts.wordpress_plugins = traces.plugins(view, core);
        facts.has_elementor = elementor;
        if elementor {
            let plugin = facts.wordpress_plugins.iter().find(|plugin| plugin.slug == "elementor");
            facts.elementor_version = plugin.and_then(|plugin| plugin.version.clone());
        }
    }
    align_technologies(facts);
}

/// Whether the page is built with Elementor. Other systems also use the word.
fn has_elementor(view: &View<'_>, traces: &Traces<'_>) -> bool {
    view.found.has_elementor_mark
        || contains_word(view.found.body_class, "elementor-kit-")
        || view.metas("generator").any(|text| text.starts_with("Elementor "))
        || traces.plugins.iter().any(|trace| matches!(&*trace.slug, "elementor" | "elementor-pro"))
}

/// One theme or plugin, with the versions that its own files carry.
struct Trace<'a> {
    slug: Cow<'a, str>,
    versions: Vec<&'a str>,
}

/// What the addresses of a page tell.
#[derive(Default)]
struct Traces<'a> {
    themes: Vec<Trace<'a>>,
    plugins: Vec<Trace<'a>>,
    core_versions: Vec<&'a str>,
    /// Files of WordPress itself, or uploads of this very site.
    has_core: bool,
}

impl<'a> Traces<'a> {
    fn collect(view: &'a View<'_>) -> Self {
        let found = &view.found;
        let mut traces = Self::default();
        let stylesheets = found.links.iter().map(|link| link.href);
        for url in stylesheets.chain(found.script_urls.iter().copied()) {
            if !is_of_wordpress_com(url) {
                traces.read(url);
            }
        }
        for image in found.images.iter().filter(|image| contains_word(image.src, "wp-content")) {
            if is_own(view, image.src) {
                traces.read(image.src);
                traces.has_core |= image.src.contains("/wp-content/uploads/");
            }
        }
        for text in found.scripts.iter().chain(&found.styles).chain(&found.noscripts) {
            traces.read_if(text, |at| is_own_address(view, text, at));
        }
        traces
    }

    fn read(&mut self, address: &'a str) {
        self.read_if(address, |_| true);
    }

    /// Takes note of each path below `wp-content` and `wp-includes`, in an address or in a script, where slashes may
    /// be escaped; only of those whose place in the text counts.
    fn read_if(&mut self, text: &'a str, counts: impl Fn(usize) -> bool) {
        for (at, _) in text.match_indices("wp-content").filter(|(at, _)| counts(*at)) {
            let Some(rest) = after_slash(&text[at + "wp-content".len()..]) else { continue };
            for (kind, list) in [("plugins", &mut self.plugins), ("themes", &mut self.themes)] {
                if let Some((slug, path)) = rest.strip_prefix(kind).and_then(after_slash).and_then(slug) {
                    note(list, slug, path);
                    self.has_core = true;
                }
            }
        }
        for (at, _) in text.match_indices("wp-includes").filter(|(at, _)| counts(*at)) {
            let Some(rest) = after_slash(&text[at + "wp-includes".len()..]) else { continue };
            self.has_core |=
                ["js", "css", "blocks", "images", "fonts"].iter().any(|dir| rest.starts_with(dir));
            if CORE_FILES.iter().any(|file| path_of(rest).contains(file)) {
                self.core_versions.extend(version_of(path_of(rest)));
            }
        }
    }

    fn is_wordpress(&self, view: &View<'_>) -> bool {
        self.has_core || marks::has_core_marks(view)
    }

    /// The version that WordPress puts on its own files; plugins that replace it with something else disagree.
    fn core_version(&self) -> Option<String> {
        let first = self.core_versions.first()?;
        let agree = self.core_versions.iter().all(|own| own == first);
        (agree && marks::is_core_version(first)).then(|| (*first).to_owned())
    }

    fn themes(&self, core: Option<&str>) -> Vec<WordpressTheme> {
        let themes = self.themes.iter().take(MAX_ASSETS);
        themes
            .map(|trace| WordpressTheme { slug: trace.slug.to_string(), version: trace.version(core) })
            .collect()
    }

    /// The plugins by their files and by the marks that they leave on the page.
    fn plugins(&self, view: &View<'_>, core: Option<&str>) -> Vec<WordpressPlugin> {
        let mut plugins: Vec<WordpressPlugin> = self
            .plugins
            .iter()
            .map(|trace| WordpressPlugin { slug: trace.slug.to_string(), version: trace.version(core) })
            .collect();
        for (slug, version) in marks::plugins(view) {
            match plugins.iter_mut().find(|plugin| plugin.slug == slug) {
                Some(plugin) => plugin.version = version.or_else(|| plugin.version.take()),
                None => plugins.push(WordpressPlugin { slug: slug.to_owned(), version }),
            }
        }
        plugins.truncate(MAX_ASSETS);
        plugins
    }
}

impl Trace<'_> {
    /// The version that most of its files carry. WordPress puts its own version on files without one: that tells
    /// nothing.
    fn version(&self, core: Option<&str>) -> Option<String> {
        let own = self.versions.iter().filter(|version| Some(**version) != core);
        let count = |version: &str| self.versions.iter().filter(|other| **other == version).count();
        let best = own.enumerate().max_by_key(|(at, version)| (count(version), std::cmp::Reverse(*at)));
        best.map(|(_, version)| version.strip_prefix('v').unwrap_or(version).to_owned())
    }
}

/// Files of WordPress that carry its version, unlike the libraries that it ships.
const CORE_FILES: [&str; 9] = [
    "wp-emoji",
    "wp-embed",
    "css/dist",
    "css\\/dist",
    "dashicons",
    "comment-reply",
    "admin-bar",
    "blocks/",
    "classic-themes",
];

fn note<'a>(list: &mut Vec<Trace<'a>>, slug: &'a str, path: &'a str) {
    let slug = if slug.contains('%') { super::clean::percent_decoded(slug) } else { Cow::Borrowed(slug) };
    let known = list.iter().position(|trace| trace.slug == slug);
    let at = known.unwrap_or(list.len());
    if known.is_none() {
        if list.len() >= MAX_ASSETS {
            return;
        }
        list.push(Trace { slug, versions: Vec::new() });
    }
    list[at].versions.extend(version_of(path));
}

/// What follows a slash, which a script may have escaped.
fn after_slash(text: &str) -> Option<&str> {
    text.strip_prefix('/').or_else(|| text.strip_prefix("\\/"))
}

/// A directory name and the path behind it. A file directly in the directory is none.
fn slug(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '%')))?;
    let path = after_slash(&text[end..])?;
    let slug = &text[..end];
    (!slug.is_empty() && slug.len() <= 100 && !slug.starts_with('.')).then(|| (slug, path_of(path)))
}

/// The text up to where an address ends.
fn path_of(text: &str) -> &str {
    let end = text.find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ')' | '<' | '>' | ',' | ';'));
    &text[..end.unwrap_or(text.len())]
}

/// The version in `?ver=` or `?v=`, when it looks like one and not like a time or a hash.
fn version_of(path: &str) -> Option<&str> {
    let query = path.split_once('?')?.1;
    let value = query
        .split(['&', '#'])
        .find_map(|pair| pair.trim_start_matches("amp;").trim_start_matches("#038;").strip_prefix("ver="))?;
    marks::is_version(value).then_some(value)
}

/// Whether the address around a place of a script or style is relative or of the site itself: styles also name
/// pictures of other sites.
fn is_own_address(view: &View<'_>, text: &str, at: usize) -> bool {
    const MAX_PREFIX: usize = 200;
    let before = &text[text.floor_char_boundary(at.saturating_sub(MAX_PREFIX))..at];
    let start =
        before.rfind(|c: char| c.is_whitespace() || "\"'()<>,;=`".contains(c)).map_or(0, |end| end + 1);
    let address = before.get(start..).unwrap_or_default().replace("\\/", "/");
    !address.contains("//") || is_own(view, &address)
}

/// Whether an address is of the site's own registrable domain, directly or through the image proxy of Jetpack.
fn is_own(view: &View<'_>, href: &str) -> bool {
    let own = view.url.host_str().unwrap_or_default();
    let own = psl::domain_str(own).unwrap_or(own);
    let Some(url) = view.resolve(href) else { return false };
    let host = url.host_str().unwrap_or_default();
    let path = url.path().trim_start_matches('/');
    let through_proxy =
        host.ends_with(".wp.com") && path.strip_prefix("www.").unwrap_or(path).starts_with(own);
    host == own || host.strip_suffix(own).is_some_and(|sub| sub.ends_with('.')) || through_proxy
}

/// Files that `WordPress.com` serves to anyone.
fn is_of_wordpress_com(href: &str) -> bool {
    let host = href.split("//").nth(1).and_then(|rest| rest.split('/').next()).unwrap_or_default();
    host.ends_with(".wp.com") || host.ends_with(".wordpress.com")
}

/// WordPress and Elementor are named exactly when these facts say so.
fn align_technologies(facts: &mut SiteFacts) {
    let categories =
        [("WordPress", "CMS", facts.is_wordpress), ("Elementor", "Page builders", facts.has_elementor)];
    for (name, category, is_there) in categories {
        let version =
            if name == "WordPress" { &facts.wordpress_version } else { &facts.elementor_version }.clone();
        let known = facts.technologies.iter_mut().find(|technology| technology.name == name);
        match (known, is_there) {
            (Some(known), true) => known.version = version.or_else(|| known.version.take()),
            (None, true) => facts.technologies.push(Technology {
                name: name.to_owned(),
                version,
                categories: vec![category.to_owned()],
                confidence: 100,
                evidence: vec!["WordPress marks".to_owned()],
            }),
            (Some(_), false) => facts.technologies.retain(|technology| technology.name != name),
            (None, false) => {}
        }
    }
    for plugin in &facts.wordpress_plugins {
        let named =
            facts.technologies.iter_mut().find(|technology| is_named_after(&technology.name, &plugin.slug));
        if let Some(technology) = named {
            technology.version = technology.version.take().or_else(|| plugin.version.clone());
        }
    }
    facts.technologies.sort_by(|one, other| one.name.cmp(&other.name));
    facts.tech_stack = super::technology::stack(facts);
}

/// Whether a technology's name is that of a plugin's directory: `Contact Form 7` and `contact-form-7`.
fn is_named_after(name: &str, slug: &str) -> bool {
    let plain = |c: char| if c == ' ' { '-' } else { c.to_ascii_lowercase() };
    name.chars().map(plain).eq(slug.chars())
}

#[cfg(test)]
mod tests {
    use crate::{model::SiteFacts, scanner::extract::tests::facts_of};

    fn facts(html: &str) -> SiteFacts {
        facts_of(html).facts
    }

    #[test]
    fn each_mark_of_wordpress_is_enough() {
        for html in [
            "<meta name=generator content='WordPress 6.4.2'>",
            "<link rel='https://api.w.org/' href='/wp-json/'>",
            "<link rel=EditURI href='https://www.firma.de/xmlrpc.php?rsd'>",
            "<script src='/wp-includes/js/jquery/jquery.min.js'></script>",
            "<link rel=stylesheet href='https://cdn.example-cdn.net/wp-content/themes/astra/style.css'>",
            "<img src='/wp-content/uploads/2024/01/a.jpg'>",
            "<img src='https://i0.wp.com/www.firma.de/wp-content/uploads/2024/01/a.jpg'>",
            "<script>window._wpemojiSettings = {};</script>",
            "<script>var a={\"url\":\"https:\\/\\/www.firma.de\\/wp-content\\/plugins\\/foo\\/a.js\"};</script>",
        ] {
            assert!(facts(html).is_wordpress, "{html}");
        }
    }

    #[test]
    fn the_mere_word_and_other_peoples_files_are_no_marks() {
        for html in [
            "<body class='wordpress wordpress-theme'><p>We love WordPress 6.4.2</p>",
            "<img src='https://blog.files.wordpress.com/2012/05/a.jpg'>",
            "<img src='https://www.anderswo.de/wp-content/uploads/a.jpg'>",
            "<script>var e={\"specs.ImportFromWordPress\":true,\"elementorySupport\":true};</script>",
            "<meta name=generator content='WordPress Download Manager 6.0'>",
            "<meta name=generator content='WordPressly 1'>",
            "<p>Copy to <code>/wp-content/plugins/foo/</code></p>",
            "<a href='https://www.anderswo.de/wp-content/uploads/a.pdf'>PDF</a>",
            "<!-- <script src='/wp-includes/js/a.js'></script> -->",
            "<script src='https://stats.wp.com/e-202445.js'></script>",
            "<style>.a{background:url(https://www.anderswo.de/wp-content/themes/x/a.png)}</style>",
            "<script>var a='https:\\/\\/www.anderswo.de\\/wp-content\\/plugins\\/x\\/a.js'</script>",
        ] {
            let facts = facts(html);
            assert!(!facts.is_wordpress && !facts.has_elementor, "{html}");
            assert!(facts.technologies.iter().all(|found| found.name != "WordPress"), "{html}");
        }
    }

    #[test]
    fn the_version_comes_from_the_generator_or_from_the_files_that_carry_it() {
        for (html, version) in [
            ("<meta name=generator content='WordPress 6.4.2'>", Some("6.4.2")),
            ("<meta name=generator content='WordPress 6.5-RC1'>", Some("6.5-RC1")),
            (
                "<link rel=stylesheet href='/wp-includes/css/dist/block-library/style.min.css?ver=6.3.1'>",
                Some("6.3.1"),
            ),
            (
                "<script>_wpemojiSettings={\"concatemoji\":\"\\/wp-includes\\/js\\/wp-emoji-release.min.js?ver=6.2\"}</script>",
                Some("6.2"),
            ),
            ("<script src='/wp-includes/js/jquery/jquery.min.js?ver=3.7.1'></script>", None),
            (
                "<link rel=stylesheet href='/wp-includes/css/dist/block-library/style.min.css?ver=1712345678'>",
                None,
            ),
            (
                "<link rel=stylesheet href='/wp-includes/css/dist/a.css?ver=6.3.1'><script src='/wp-includes/js/wp-embed.min.js?ver=1.2.3'></script>",
                None,
            ),
        ] {
            assert_eq!(facts(html).wordpress_version.as_deref(), version, "{html}");
        }
    }

    #[test]
    fn themes_and_plugins_carry_their_own_versions_only() {
        let facts = facts(
            "<meta name=generator content='WordPress 6.4.2'>\
             <link rel=stylesheet href='/wp-content/themes/astra/style.css?ver=4.6.1'>\
             <link rel=stylesheet href='/wp-content/themes/astra-child/style.css?ver=6.4.2'>\
             <script src='/wp-content/plugins/woocommerce/assets/js/jquery-blockui/jquery.blockUI.min.js?ver=2.7.0-wc.8.5.1'></script>\
             <script src='/wp-content/plugins/woocommerce/assets/js/frontend/a.js?ver=8.5.1'></script>\
             <script src='/wp-content/plugins/woocommerce/assets/js/frontend/b.js?x=1&#038;ver=8.5.1'></script>\
             <script src='/wp-content/plugins/hash/a.js?ver=1a2b3c4d5e6f'></script>\
             <script src='/wp-content/plugins/loose-file.js?ver=1.0'></script>\
             <!-- This site is optimized with the Yoast SEO plugin v22.3 - https://yoast.com -->",
        );
        let themes: Vec<_> =
            facts.wordpress_themes.iter().map(|own| (own.slug.as_str(), own.version.as_deref())).collect();
        assert_eq!(themes, [("astra", Some("4.6.1")), ("astra-child", None)]);
        let plugins: Vec<_> =
            facts.wordpress_plugins.iter().map(|own| (own.slug.as_str(), own.version.as_deref())).collect();
        assert_eq!(
            plugins,
            [("woocommerce", Some("8.5.1")), ("hash", None), ("wordpress-seo", Some("22.3"))]
        );
    }

    #[test]
    fn elementor_is_known_by_its_generator_files_or_marks() {
        for (html, version) in [
            ("<meta name=generator content='Elementor 3.21.4; features: x'>", Some("3.21.4")),
            (
                "<link rel=stylesheet href='/wp-content/plugins/elementor/assets/css/a.css?ver=3.20.1'>",
                Some("3.20.1"),
            ),
            ("<main data-elementor-type=wp-page></main>", None),
            ("<body class='elementor-default elementor-kit-5'>", None),
        ] {
            let facts = facts(html);
            assert!(facts.has_elementor && facts.is_wordpress, "{html}");
            assert_eq!(facts.elementor_version.as_deref(), version, "{html}");
        }
    }
}
