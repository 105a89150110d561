//! What the addresses on a page tell of WordPress: themes, plugins, versions.

use std::{borrow::Cow, sync::LazyLock};

use memchr::memmem::{self, Finder};

use super::{
    clean::{self, contains_word},
    view::View,
    wordpress_marks as marks,
};
use crate::model::{WordpressPlugin, WordpressTheme};

/// The most themes and plugins that are kept of one page.
const MAX_ASSETS: usize = 100;
/// The most files of a theme or plugin, or of WordPress itself, whose versions are compared.
const MAX_VERSIONS: usize = 200;

/// How far before `wp-content` an address may begin, in bytes.
const MAX_PREFIX: usize = 200;
/// How far before `wp-content` the tag around it may begin, in bytes.
const MAX_TAG: usize = 4 << 10;

/// What the addresses of themes, plugins and uploads have.
static CONTENT: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("wp-content"));
/// What the addresses of WordPress's own files have.
static INCLUDES: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("wp-includes"));

/// One theme or plugin, with the versions that its own files carry.
struct Trace<'a> {
    slug: Cow<'a, str>,
    /// Each with how much it says: libraries that it brings along often have versions of their own.
    versions: Vec<(&'a str, u32)>,
}

/// What the addresses of a page tell.
#[derive(Default)]
pub(super) struct Traces<'a> {
    themes: Vec<Trace<'a>>,
    plugins: Vec<Trace<'a>>,
    core_versions: Vec<&'a str>,
    /// Files of WordPress itself, or uploads of this very site.
    has_core: bool,
}

impl<'a> Traces<'a> {
    pub(super) fn collect(view: &'a View<'_>) -> Self {
        let found = &view.found;
        let mut traces = Self::default();
        let files = found.links.iter().map(|link| link.href).chain(found.script_urls.iter().copied());
        for url in files.clone().filter(|url| !is_of_wordpress_com(url)) {
            traces.read(url);
        }
        for url in files.filter(|url| is_of_wordpress_com(url)) {
            traces.read_hosted_theme(url);
            traces.read_mirrored(url);
        }
        for image in found.images.iter().filter(|image| contains_word(image.src, "wp-content")) {
            if is_own(view, image.src) {
                traces.read(image.src);
                traces.has_core = traces.has_core || is_upload(view, image.src);
            }
        }
        for text in found.scripts.iter().chain(&found.styles).chain(&found.noscripts) {
            traces.read_if(text, |at| is_own_address(view, text, at));
        }
        let values = Values::of(view.source);
        traces.read_if(view.source, |at| values.has(at) && is_own_address(view, view.source, at));
        traces
    }

    fn read(&mut self, address: &'a str) {
        self.read_if(address, |_| true);
    }

    /// Takes note of the theme of a site on `WordPress.com`, whose themes stand in folders by their origin.
    fn read_hosted_theme(&mut self, address: &'a str) {
        let theme = address.split_once("/wp-content/themes/").and_then(|(_, path)| path.split_once('/'));
        let Some(("pub" | "premium" | "vip", path)) = theme else { return };
        if path.starts_with("plugins/") {
            return;
        }
        if let Some((slug, _)) = slug(path) {
            note(&mut self.themes, slug, "");
            self.has_core = true;
        }
    }

    /// Takes note of a file that Jetpack loads from its mirror of WordPress and its plugins:
    /// `c0.wp.com/c/6.4.2/wp-includes/…`, `c0.wp.com/p/jetpack/13.1/…`.
    fn read_mirrored(&mut self, address: &'a str) {
        let Some((_, path)) = address.split_once("//c0.wp.com/") else { return };
        let parts: Vec<&str> = path.splitn(4, '/').collect();
        match parts.as_slice() {
            ["c", version, "wp-includes" | "wp-admin", _] => {
                self.has_core = true;
                self.core_versions.push(version);
            }
            ["p", slug, version, _] if !slug.is_empty() && slug.len() <= 100 => {
                note(&mut self.plugins, slug, "");
                let known = self.plugins.iter_mut().find(|trace| trace.slug == *slug);
                if let Some(trace) =
                    known.filter(|own| own.versions.len() < MAX_VERSIONS && marks::is_version(version))
                {
                    trace.versions.push((version, OWN_FILE));
                }
            }
            _ => {}
        }
    }

    /// Takes note of each path below `wp-content` and `wp-includes`, in an address or in a script, where slashes may
    /// be escaped; only of those whose place in the text counts.
    fn read_if(&mut self, text: &'a str, counts: impl Fn(usize) -> bool) {
        for at in CONTENT.find_iter(text.as_bytes()).filter(|at| counts(*at)) {
            let Some(rest) = after_slash(&text[at + CONTENT.needle().len()..]) else { continue };
            for (kind, list) in [("plugins", &mut self.plugins), ("themes", &mut self.themes)] {
                if let Some((slug, path)) = rest.strip_prefix(kind).and_then(after_slash).and_then(slug) {
                    note(list, slug, path);
                    self.has_core = true;
                }
            }
        }
        for at in INCLUDES.find_iter(text.as_bytes()).filter(|at| counts(*at)) {
            let Some(rest) = after_slash(&text[at + INCLUDES.needle().len()..]) else { continue };
            self.has_core |=
                ["js", "css", "blocks", "images", "fonts"].iter().any(|dir| rest.starts_with(dir));
            if self.core_versions.len() < MAX_VERSIONS
                && CORE_FILES.iter().any(|file| path_of(rest).contains(file))
            {
                self.core_versions.extend(version_of(path_of(rest)));
            }
        }
    }

    /// Whether any of the plugins is there.
    pub(super) fn has_plugin(&self, slugs: &[&str]) -> bool {
        self.plugins.iter().any(|trace| slugs.contains(&&*trace.slug))
    }

    pub(super) fn is_wordpress(&self, view: &View<'_>) -> bool {
        self.has_core || marks::has_core_marks(view)
    }

    /// The version that WordPress puts on its own files; plugins that replace it with something else disagree.
    pub(super) fn core_version(&self) -> Option<String> {
        let first = self.core_versions.first()?;
        let agree = self.core_versions.iter().all(|own| own == first);
        (agree && marks::is_core_version(first)).then(|| (*first).to_owned())
    }

    pub(super) fn themes(&self, core: Option<&str>) -> Vec<WordpressTheme> {
        let themes = self.themes.iter().take(MAX_ASSETS);
        themes
            .map(|trace| WordpressTheme { slug: trace.slug.to_string(), version: trace.version(core) })
            .collect()
    }

    /// The plugins by their files and by the marks that they leave on the page.
    pub(super) fn plugins(&self, view: &View<'_>, core: Option<&str>) -> Vec<WordpressPlugin> {
        let mut plugins: Vec<WordpressPlugin> = self
            .plugins
            .iter()
            .map(|trace| WordpressPlugin { slug: trace.slug.to_string(), version: trace.version(core) })
            .collect();
        for (slug, version) in marks::plugins(view) {
            // Themes bring builders under names of their own: `js_composer_salient`.
            match plugins.iter_mut().find(|plugin| is_kind_of(&plugin.slug, slug)) {
                Some(plugin) => plugin.version = version.or_else(|| plugin.version.take()),
                None => plugins.push(WordpressPlugin { slug: slug.to_owned(), version }),
            }
        }
        plugins.truncate(MAX_ASSETS);
        plugins
    }
}

/// Whether a plugin is the one of this name, or a theme's own kind of it.
fn is_kind_of(slug: &str, name: &str) -> bool {
    let rest = slug.strip_prefix(name);
    rest.is_some_and(|rest| rest.is_empty() || (name == "js_composer" && rest.starts_with(['_', '-'])))
}

impl Trace<'_> {
    /// The version that most of its files carry. WordPress puts its own version on files without one: that tells
    /// nothing.
    fn version(&self, core: Option<&str>) -> Option<String> {
        let own = self.versions.iter().filter(|(version, _)| Some(*version) != core);
        let weight = |version: &str| -> u32 {
            self.versions.iter().filter(|(other, _)| *other == version).map(|(_, weight)| weight).sum()
        };
        let best = own.enumerate().max_by_key(|(at, (version, _))| (weight(version), std::cmp::Reverse(*at)));
        best.map(|(_, (version, _))| version.strip_prefix('v').unwrap_or(version).to_owned())
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

/// How much the version of a file says of that of its theme or plugin.
const OWN_FILE: u32 = 3;
const LIBRARY: u32 = 1;

/// Whether a file below a theme or plugin is part of a library that it brings along.
fn is_library(path: &str) -> bool {
    const SIGNS: [&str; 7] =
        ["lib/", "libs/", "vendor/", "vendors/", "third-party/", "jquery", "font-awesome"];
    let file = path.split('?').next().unwrap_or_default();
    SIGNS.iter().any(|sign| contains_word(file, sign))
}

fn note<'a>(list: &mut Vec<Trace<'a>>, slug: &'a str, path: &'a str) {
    let slug = if slug.contains('%') { clean::percent_decoded(slug) } else { Cow::Borrowed(slug) };
    let known = list.iter().position(|trace| trace.slug == slug);
    let at = known.unwrap_or(list.len());
    if known.is_none() {
        if list.len() >= MAX_ASSETS {
            return;
        }
        list.push(Trace { slug, versions: Vec::new() });
    }
    let weight = if is_library(path) { LIBRARY } else { OWN_FILE };
    if list[at].versions.len() < MAX_VERSIONS {
        list[at].versions.extend(version_of(path).map(|version| (version, weight)));
    }
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
    // WooCommerce marks the libraries that it brings along: `2.7.0-wc.8.5.1`.
    let value = value.split_once("-wc.").map_or(value, |(_, own)| own);
    marks::is_version(value).then_some(value)
}

/// Whether a comment holds what WordPress wrote: for old versions of Internet Explorer, or before a cache joined it
/// with other files. The handle of each file is then in its id.
fn is_written_by_wordpress(comment: &str) -> bool {
    // `<!-->` and `<!--->` are whole comments.
    let content = comment.strip_prefix("<!--").unwrap_or_default().trim_start();
    let has_handle = || ["-css'", "-css\"", "-js'", "-js\""].iter().any(|end| content.contains(end));
    content.starts_with("[if ")
        || (["<link", "<script"].iter().any(|tag| content.starts_with(tag)) && has_handle())
}

/// Whether the address around a place of a script or style is relative or of the site itself: styles also name
/// pictures of other sites.
fn is_own_address(view: &View<'_>, text: &str, at: usize) -> bool {
    let before = &text[text.floor_char_boundary(at.saturating_sub(MAX_PREFIX))..at];
    let start =
        before.rfind(|c: char| c.is_whitespace() || "\"'()<>,;=`".contains(c)).map_or(0, |end| end + 1);
    let address = before.get(start..).unwrap_or_default();
    let address =
        if address.contains('\\') { Cow::Owned(address.replace("\\/", "/")) } else { Cow::Borrowed(address) };
    !address.contains("//") || is_own(view, &format!("{address}wp-content/"))
}

/// Whether an address is of the site's own registrable domain, directly or through the image proxy of Jetpack.
fn is_own(view: &View<'_>, href: &str) -> bool {
    let own = view.url.host_str().unwrap_or_default();
    if is_path(href) && view.base.host_str() == Some(own) {
        return true;
    }
    let own = psl::domain_str(own).unwrap_or(own);
    let Some(url) = view.resolve(href) else { return false };
    let host = url.host_str().unwrap_or_default();
    let path = url.path().trim_start_matches('/');
    let through_proxy = (host.ends_with(".wp.com")
        && path.strip_prefix("www.").unwrap_or(path).starts_with(own))
        || ["/", "/www."].iter().any(|start| path.contains(&format!("{start}{own}/wp-content/")));
    host == own || host.strip_suffix(own).is_some_and(|sub| sub.ends_with('.')) || through_proxy
}

/// Whether an address is a path on the host that it is relative to, and short enough for every page.
fn is_path(href: &str) -> bool {
    href.len() < 500 && matches!(href.as_bytes(), [b'/', second, ..] if second.is_ascii_alphanumeric())
}

/// The values of attributes in the source of a page, by where they can be: in tags, and outside of comments. What a text
/// merely names is none.
struct Values<'a> {
    source: &'a str,
    /// The comments, in order.
    comments: Vec<(usize, usize)>,
}

impl<'a> Values<'a> {
    fn of(source: &'a str) -> Self {
        let mut comments = Vec::new();
        let mut from = 0;
        while let Some(start) = memmem::find(&source.as_bytes()[from..], b"<!--").map(|at| from + at) {
            let end = memmem::find(&source.as_bytes()[start..], b"-->").map_or(source.len(), |at| start + at);
            if !is_written_by_wordpress(&source[start..end]) {
                comments.push((start, end));
            }
            from = end;
        }
        Self { source, comments }
    }

    fn has(&self, at: usize) -> bool {
        let before = self.comments.partition_point(|(start, _)| *start <= at);
        let in_comment = before > 0 && at < self.comments[before - 1].1;
        !in_comment && self.is_in_tag(at)
    }

    fn is_in_tag(&self, at: usize) -> bool {
        let before = &self.source.as_bytes()[at.saturating_sub(MAX_TAG)..at];
        memchr::memrchr2(b'<', b'>', before).is_some_and(|mark| before[mark] == b'<')
    }
}

/// Whether an address is that of an upload to the page's own host, or to one that serves its files. Other hosts of the
/// same owner may run something else.
fn is_upload(view: &View<'_>, href: &str) -> bool {
    const FILE_HOSTS: &str =
        "www cdn static media img image images assets files uploads content i0 i1 i2 wp blog s s1 s2 s3";
    let Some(url) = view.resolve(href).filter(|url| url.path().contains("/wp-content/uploads/")) else {
        return false;
    };
    let host = url.host_str().unwrap_or_default();
    let plain = |host: &str| host.strip_prefix("www.").unwrap_or(host).to_owned();
    let label = host.split('.').next().unwrap_or_default();
    plain(host) == plain(view.url.host_str().unwrap_or_default())
        || FILE_HOSTS.split(' ').any(|own| own == label)
}

/// Files that `WordPress.com` serves to anyone.
fn is_of_wordpress_com(href: &str) -> bool {
    let host = href.split("//").nth(1).and_then(|rest| rest.split('/').next()).unwrap_or_default();
    host.ends_with(".wp.com") || host.ends_with(".wordpress.com")
}
