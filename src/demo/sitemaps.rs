//! The sitemaps of a site, as sitemaps.org defines them, and the feeds that stand in for them.

use std::{fmt::Write as _, io::Write as _};

use flate2::{Compression, write::GzEncoder};

use super::{
    page::SiteView,
    site::{SitemapForm, SitemapPlan},
    template::escape,
};

const NAMESPACE: &str = "http://www.sitemaps.org/schemas/sitemap/0.9";

/// The files of a plan, each with its path.
pub(super) fn files(view: &SiteView<'_>, plan: &SitemapPlan) -> std::io::Result<Vec<(String, Vec<u8>)>> {
    let pages = plan.pages.first().copied().unwrap_or_default();
    let main = match plan.kind {
        SitemapForm::Urlset => urlset(view, 0, pages),
        SitemapForm::Broken => broken(view, pages),
        SitemapForm::Text => (0..pages).map(|number| page_url(view, 0, number) + "\n").collect(),
        SitemapForm::Rss => rss(view, pages),
        SitemapForm::Index => return index(view, plan),
    };
    Ok(vec![(plan.path.clone(), main.into_bytes())])
}

fn index(view: &SiteView<'_>, plan: &SitemapPlan) -> std::io::Result<Vec<(String, Vec<u8>)>> {
    let mut files = Vec::new();
    let mut list =
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<sitemapindex xmlns=\"{NAMESPACE}\">\n");
    for (number, &pages) in plan.pages.iter().enumerate() {
        let is_last = number + 1 == plan.pages.len();
        let path = format!("/sitemap-{}.xml{}", number + 1, if is_last { ".gz" } else { "" });
        let date = date(number);
        let _ = writeln!(list, "<sitemap><loc>{}{path}</loc><lastmod>{date}</lastmod></sitemap>", view.root);
        let child = urlset(view, number, pages).into_bytes();
        files.push((path, if is_last { gzip(&child)? } else { child }));
    }
    list.push_str("</sitemapindex>\n");
    files.insert(0, (plan.path.clone(), list.into_bytes()));
    Ok(files)
}

fn urlset(view: &SiteView<'_>, file: usize, pages: usize) -> String {
    let mut out = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<urlset xmlns=\"{NAMESPACE}\">\n");
    for number in 0..pages {
        let (url, date) = (page_url(view, file, number), date(number));
        let _ = writeln!(out, "<url><loc>{url}</loc><lastmod>{date}</lastmod></url>");
    }
    out.push_str("</urlset>\n");
    out
}

/// A `urlset` cut in the middle of an address.
fn broken(view: &SiteView<'_>, pages: usize) -> String {
    let whole = urlset(view, 0, pages);
    let end = whole.rfind("</loc>").unwrap_or(whole.len());
    whole[..end].to_owned()
}

fn rss(view: &SiteView<'_>, pages: usize) -> String {
    let (title, description) = (escape(&view.site.company), escape(&view.site.description));
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\"><channel><title>{title}</title>\
         <link>{}/</link><description>{description}</description>\n",
        view.root
    );
    for number in 0..pages {
        let item = view.site.items.get(number).map_or_else(|| format!("{}", number + 1), |item| escape(item));
        let _ = writeln!(out, "<item><title>{item}</title><link>{}</link></item>", page_url(view, 0, number));
    }
    out.push_str("</channel></rss>\n");
    out
}

fn page_url(view: &SiteView<'_>, file: usize, number: usize) -> String {
    format!("{}/{}/{}-{:03}", view.root, view.words.section, file + 1, number + 1)
}

/// Days of one past year, so that equal plans make equal files.
fn date(number: usize) -> String {
    format!("2026-{:02}-{:02}", number / 28 % 9 + 1, number % 28 + 1)
}

fn gzip(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes)?;
    encoder.finish()
}
