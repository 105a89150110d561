//! WordPress: whether a site runs on it, its version, themes, plugins and Elementor. Judged by evidence that only
//! WordPress leaves, never by the mere word.

use super::{clean::contains_word, view::View, wordpress_marks as marks, wordpress_traces::Traces};
use crate::model::{SiteFacts, Technology};

/// Fills in all facts about WordPress.
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
}

/// Whether the page is built with Elementor. Other systems also use the word.
fn has_elementor(view: &View<'_>, traces: &Traces<'_>) -> bool {
    view.found.has_elementor_mark
        || contains_word(view.found.body_class, "elementor-kit-")
        || view.metas("generator").any(|text| text.starts_with("Elementor "))
        || traces.has_plugin(&["elementor", "elementor-pro"])
}

/// Brings the technologies in line: WordPress and Elementor are named exactly when these facts say so.
pub(super) fn align_technologies(facts: &mut SiteFacts) {
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
            "<link rel=alternate type='application/json+oembed' href='https://www.firma.de/wp-json/oembed/1.0/embed?url=x'>",
            "<div style='background-image: url(/wp-content/plugins/download-manager/icon.png)'></div>",
            "<div style='background:url(&quot;https://www.firma.de/wp-content/themes/x/a.png&quot;)'></div>",
            "<form action='https://www.firma.de/wp-content/plugins/newsletter/do/subscribe.php'></form>",
            "<link rel=stylesheet href='https://s0.wp.com/wp-content/themes/pub/twentyten/style.css?m=1'>",
            "<img src='https://static.firma.de/wp-content/uploads/2024/01/a.jpg'>",
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
            "<img src='https://magazin.firma.de/wp-content/uploads/a.jpg'>",
            "<p>Put it into \"/wp-content/plugins/foo/\" please, or wp-content/themes/</p>",
            "<link rel=alternate type='application/json+oembed' href='https://www.anderswo.de/wp-json/oembed/1.0/embed'>",
            "<div style='background:url(https://www.anderswo.de/wp-content/themes/x/a.png)'></div>",
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
             <link rel=stylesheet href='/wp-content/plugins/elementor/assets/lib/eicons/css/icons.min.css?ver=5.15.0'>\
             <link rel=stylesheet href='/wp-content/plugins/elementor/assets/lib/eicons/css/more.min.css?ver=5.15.0'>\
             <link rel=stylesheet href='/wp-content/plugins/elementor/assets/css/frontend.min.css?ver=3.20.1'>\
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
            [
                ("elementor", Some("3.20.1")),
                ("woocommerce", Some("8.5.1")),
                ("hash", None),
                ("wordpress-seo", Some("22.3"))
            ]
        );
    }

    #[test]
    fn what_is_loaded_late_or_through_a_proxy_names_its_plugin_and_theme() {
        let facts = facts(
            "<meta name=generator content='AMP Plugin v2.4.0; mode=standard'>\
             <img src='https://cdn.shortpixel.ai/client/q_glossy/https://www.firma.de/wp-content/plugins/lazy-load/1x1.gif' data-src=/a.jpg>\
             <script type='text/plain' data-cmp-src='/wp-content/plugins/disqus-comment-system/public/js/count.js?ver=3.0.22'></script>\
             <link rel=stylesheet href='https://s1.wp.com/wp-content/themes/premium/twotone/style.css'>",
        );
        let plugins: Vec<_> =
            facts.wordpress_plugins.iter().map(|own| (own.slug.as_str(), own.version.as_deref())).collect();
        assert_eq!(
            plugins,
            [("disqus-comment-system", Some("3.0.22")), ("lazy-load", None), ("amp", Some("2.4.0"))]
        );
        assert_eq!(facts.wordpress_themes[0].slug, "twotone");
    }

    #[test]
    fn what_plugins_write_into_comments_names_them() {
        let facts = facts(
            "<meta name=generator content='WordPress 6.4.2'><meta name=generator content='Powered by WPBakery Page Builder - x'>\
             <script src='/wp-content/plugins/js_composer_muster/a.js?ver=7.5'></script>\
             <!-- Performance optimized by Redis Object Cache. Retrieved 65 objects -->\
             <!-- Stream WordPress user activity plugin v3.9.3 --><!-- Cachify | https://cachify.example --><!-- BEGIN GADWP v5.1 Universal Analytics -->\
             <!-- a stream of comments about caches --><!-- Jetpack: todo -->",
        );
        let plugins: Vec<_> =
            facts.wordpress_plugins.iter().map(|own| (own.slug.as_str(), own.version.as_deref())).collect();
        assert_eq!(
            plugins,
            [
                ("js_composer_muster", Some("7.5")),
                ("redis-cache", None),
                ("stream", Some("3.9.3")),
                ("cachify", None),
                ("google-analytics-dashboard-for-wp", Some("5.1"))
            ]
        );
    }

    #[test]
    fn comments_that_end_as_they_begin_hide_nothing() {
        for comment in ["<!-->", "<!--->", "<!---->", "<!--"] {
            let facts =
                facts(&format!("<p>a</p>{comment}<link rel=x href='/wp-content/plugins/muster/a.css'>"));
            assert_eq!(facts.wordpress_plugins.is_empty(), comment == "<!--", "{comment}");
        }
    }

    #[test]
    fn a_library_that_names_its_plugins_version_tells_it() {
        let plugins = facts(
            "<script src='/wp-content/plugins/woocommerce/assets/js/js-cookie/js.cookie.min.js?ver=2.1.4-wc.8.5.1'></script>",
        )
        .wordpress_plugins;
        assert_eq!(plugins[0].version.as_deref(), Some("8.5.1"));
    }

    #[test]
    fn what_caches_and_mirrors_make_of_the_files_still_names_them() {
        let facts = facts(
            "<!--[if lt IE 9]><script src='https://www.firma.de/wp-content/themes/blaetterwald/js/html5.js'></script><![endif]-->\
             <!-- <link rel='stylesheet' id='umfrage-css' href='https://www.firma.de/wp-content/plugins/umfrage/a.css?ver=2.3.5' /> -->\
             <!-- <link rel='stylesheet' href='https://www.firma.de/wp-content/plugins/von-hand/a.css'> -->\
             <script>load('https://cdn-abc.proxy-cdn.com/x/rev-1/www.firma.de/wp-content/plugins/rezepte/b.js')</script>\
             <script>load('https://cdn-abc.proxy-cdn.com/x/rev-1/www.anderswo.de/wp-content/plugins/fremd/b.js')</script>\
             <link rel=stylesheet href='https://c0.wp.com/c/6.4.1/wp-includes/css/dist/block-library/style.min.css'>\
             <script src='https://c0.wp.com/p/jetpack/13.1/_inc/build/a.js'></script>",
        );
        let plugins: Vec<_> =
            facts.wordpress_plugins.iter().map(|own| (own.slug.as_str(), own.version.as_deref())).collect();
        assert_eq!(plugins, [("jetpack", Some("13.1")), ("rezepte", None), ("umfrage", Some("2.3.5"))]);
        let themes: Vec<_> = facts.wordpress_themes.iter().map(|own| own.slug.as_str()).collect();
        assert_eq!(themes, ["blaetterwald"]);
        assert_eq!(facts.wordpress_version.as_deref(), Some("6.4.1"));
    }

    #[test]
    fn a_plugin_known_by_whatever_trace_is_among_the_technologies() {
        for html in [
            "<script>var wpcf7 = {\"src\":\"\\/wp-content\\/plugins\\/contact-form-7\\/includes\\/js\\/index.js\"};</script>",
            "<script type='text/plain' data-src='/wp-content/plugins/contact-form-7/includes/js/index.js'></script>",
            "<script type=rocketlazyloadscript data-rocket-src='/wp-content/plugins/contact-form-7/includes/js/index.js'></script>",
        ] {
            let facts = facts(html);
            for name in ["Contact Form 7", "WordPress", "PHP", "MySQL"] {
                assert!(facts.technologies.iter().any(|found| found.name == name), "{name}: {html}");
            }
        }
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
