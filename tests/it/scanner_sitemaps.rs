//! Sitemaps over the network: where they are found, how far they are followed.

use std::{fmt::Write, time::Duration};

use scrapersky::{
    config::ScannerSettings,
    model::{ScanOptions, ScanReport, SitemapKind, SitemapSource},
};

use crate::support::{
    fake_site::{Answer, FakeSite, gzip},
    scans::{scan, scan_with},
};

const PAGE: &str = "<title>Page</title>";

fn urlset(count: usize) -> String {
    format!("<urlset>{}</urlset>", "<url><loc>http://map.test/p</loc></url>".repeat(count))
}

fn index(locations: &[&str]) -> String {
    let mut text = String::from("<sitemapindex>");
    for location in locations {
        write!(text, "<sitemap><loc>{location}</loc></sitemap>").unwrap();
    }
    text + "</sitemapindex>"
}

/// Each sitemap's path, count and whether it has an error.
fn rows(report: &ScanReport) -> Vec<(&str, u64, bool)> {
    let path = |url: &'_ str| url.strip_prefix("http://map.test").map_or(0, |path| url.len() - path.len());
    report
        .sitemaps
        .iter()
        .map(|file| (&file.url[path(&file.url)..], file.url_count, file.error.is_some()))
        .collect()
}

#[tokio::test]
async fn an_index_is_followed_to_its_compressed_children() {
    let web = FakeSite::start().await;
    web.site("map.test")
        .page("/", PAGE)
        .robots("Sitemap: http://map.test/index.xml")
        .file("/index.xml", index(&["http://map.test/a.xml", "/b.xml.gz", "c.xml.gz"]))
        .file("/a.xml", urlset(3))
        .file("/b.xml.gz", gzip(urlset(4).as_bytes()))
        .answer("/c.xml.gz", Answer::file("/c.xml.gz", gzip(urlset(5).as_bytes())).gzipped());
    let report = scan(&web, "map.test").await.unwrap();
    assert_eq!(
        rows(&report),
        [("/index.xml", 3, false), ("/a.xml", 3, false), ("/b.xml.gz", 4, false), ("/c.xml.gz", 5, false)]
    );
    assert_eq!((report.total_sitemaps, report.sitemap_urls), (4, 12));
    assert_eq!(report.sitemaps[0].kind, SitemapKind::Index);
    assert_eq!(report.sitemaps[0].discovered_by, SitemapSource::Robots);
    assert_eq!(report.sitemaps[2].discovered_by, SitemapSource::Index);
}

#[tokio::test]
async fn the_usual_places_are_tried_until_one_is_found_and_only_when_none_is_named() {
    let web = FakeSite::start().await;
    web.site("map.test").page("/", PAGE).file("/wp-sitemap.xml", urlset(2));
    let report = scan(&web, "map.test").await.unwrap();
    assert_eq!(rows(&report), [("/wp-sitemap.xml", 2, false)]);
    assert_eq!(report.sitemaps[0].discovered_by, SitemapSource::WellKnown);
    let asked = web.site("map.test").paths();
    assert!(!asked.contains(&"/sitemap.txt".to_owned()), "{asked:?}");
    web.site("map.test").robots("Sitemap: /named.xml").file("/named.xml", urlset(1));
    let report = scan(&web, "map.test").await.unwrap();
    assert_eq!(rows(&report), [("/named.xml", 1, false)]);
}

#[tokio::test]
async fn a_site_without_sitemaps_has_none() {
    let web = FakeSite::start().await;
    web.site("map.test")
        .page("/", PAGE)
        .redirect("/sitemap.xml", "/")
        .page("/sitemap_index.xml", "<html>Not found</html>");
    let report = scan(&web, "map.test").await.unwrap();
    assert_eq!((report.total_sitemaps, report.sitemap_urls), (0, 0));
}

#[tokio::test]
async fn sitemaps_can_be_left_out() {
    let web = FakeSite::start().await;
    web.site("map.test").page("/", PAGE).robots("Sitemap: /a.xml").file("/a.xml", urlset(1));
    let options = ScanOptions { follow_sitemaps: false, ..ScanOptions::default() };
    let report = scan_with(&web.settings(), &options, "map.test").await.unwrap();
    assert!(report.sitemaps.is_empty());
    assert!(!web.site("map.test").paths().contains(&"/a.xml".to_owned()));
}

#[tokio::test]
async fn circles_and_duplicates_are_read_once() {
    let web = FakeSite::start().await;
    web.site("map.test")
        .page("/", PAGE)
        .robots("Sitemap: /a.xml\nSitemap: /a.xml\nSitemap: http://map.test/a.xml#x")
        .file("/a.xml", index(&["http://map.test/a.xml", "http://map.test/b.xml", "http://map.test/b.xml"]))
        .file("/b.xml", index(&["http://map.test/a.xml", "http://map.test/c.xml"]))
        .file("/c.xml", urlset(1));
    let report = scan(&web, "map.test").await.unwrap();
    assert_eq!(rows(&report), [("/a.xml", 3, false), ("/b.xml", 2, false), ("/c.xml", 1, false)]);
}

#[tokio::test]
async fn a_redirect_to_a_sitemap_that_is_known_does_not_count_twice() {
    let web = FakeSite::start().await;
    web.site("map.test")
        .page("/", PAGE)
        .robots("Sitemap: /a.xml\nSitemap: /old.xml\nSitemap: /home.xml")
        .file("/a.xml", urlset(7))
        .redirect("/old.xml", "/a.xml")
        .redirect("/home.xml", "/");
    let report = scan(&web, "map.test").await.unwrap();
    assert_eq!(rows(&report), [("/a.xml", 7, false), ("/old.xml", 0, true), ("/home.xml", 0, true)]);
    assert!(report.sitemaps[2].error.as_ref().unwrap().contains("HTML"));
    assert_eq!(report.sitemap_urls, 7);
}

#[tokio::test]
async fn what_a_site_names_and_does_not_have_is_told_with_its_reason() {
    let web = FakeSite::start().await;
    let cut = &urlset(10)[..300];
    web.site("map.test")
        .page("/", PAGE)
        .robots("Sitemap: /missing.xml\nSitemap: /broken.xml\nSitemap: /cut.xml\nSitemap: http://10.0.0.1/a.xml\nSitemap: /closed.xml\nDisallow: /closed.xml")
        .answer("/broken.xml", Answer::file("/a.xml", urlset(1_000)).reset())
        .file("/cut.xml", cut);
    let report = scan(&web, "map.test").await.unwrap();
    let reasons: Vec<&str> = report.sitemaps.iter().filter_map(|file| file.error.as_deref()).collect();
    for (reason, part) in
        reasons.iter().zip(["404", "", "ends in the middle", "not an address of the public", "robots.txt"])
    {
        assert!(reason.contains(part), "{reason}");
    }
    assert_eq!(reasons.len(), 5);
    assert!(report.sitemaps[1].url_count > 100, "what came before the break counts");
    assert!(report.sitemaps[2].url_count > 3);
}

#[tokio::test]
async fn nesting_ends_at_ten() {
    let web = FakeSite::start().await;
    let site = web.site("map.test");
    site.page("/", PAGE).robots("Sitemap: /0.xml");
    for depth in 0..20 {
        site.file(&format!("/{depth}.xml"), index(&[&format!("/{}.xml", depth + 1)]));
    }
    let report = scan(&web, "map.test").await.unwrap();
    assert_eq!(report.total_sitemaps, 11);
    assert!(report.facts.metadata["notes"][0].as_str().unwrap().starts_with("Not every sitemap was read"));
}

#[tokio::test]
async fn the_budgets_of_files_and_bytes_hold() {
    let web = FakeSite::start().await;
    let site = web.site("map.test");
    let children: Vec<String> = (0..20).map(|number| format!("/{number}.xml")).collect();
    site.page("/", PAGE)
        .robots("Sitemap: /index.xml")
        .file("/index.xml", index(&children.iter().map(String::as_str).collect::<Vec<_>>()));
    for child in &children {
        site.file(child, urlset(100));
    }
    let few = ScannerSettings { max_sitemaps: 5, ..web.settings() };
    let report = scan_with(&few, &ScanOptions::default(), "map.test").await.unwrap();
    assert_eq!((report.total_sitemaps, report.sitemap_urls), (5, 400));
    let small = ScannerSettings { max_sitemap_bytes: 10_000, ..web.settings() };
    let report = scan_with(&small, &ScanOptions::default(), "map.test").await.unwrap();
    assert!((200..300).contains(&report.sitemap_urls), "{}", report.sitemap_urls);
    let none = ScannerSettings { max_sitemaps: 0, ..web.settings() };
    let report = scan_with(&none, &ScanOptions::default(), "map.test").await.unwrap();
    assert_eq!(report.total_sitemaps, 0);
}

#[tokio::test]
async fn sitemaps_that_take_too_long_cost_the_scan_nothing_but_themselves() {
    let web = FakeSite::start().await;
    web.site("map.test")
        .page("/", PAGE)
        .robots("Sitemap: /a.xml\nSitemap: /slow.xml\nSitemap: /b.xml")
        .file("/a.xml", urlset(2))
        .answer("/slow.xml", Answer::hang());
    let settings = ScannerSettings { request_timeout: Duration::from_secs(60), ..web.settings() };
    let options = ScanOptions { timeout_seconds: 1, ..ScanOptions::default() };
    let report = scan_with(&settings, &options, "map.test").await.unwrap();
    assert_eq!(report.facts.title.as_deref(), Some("Page"));
    assert_eq!(rows(&report), [("/a.xml", 2, false), ("/slow.xml", 0, true), ("/b.xml", 0, true)]);
}

#[tokio::test]
async fn gzip_is_known_by_its_bytes_and_not_by_name_or_type() {
    let web = FakeSite::start().await;
    let packed = gzip(urlset(2).as_bytes());
    let typed = |body: Vec<u8>, media_type| Answer::file("/a", body).header("Content-Type", media_type);
    web.site("map.test")
        .page("/", PAGE)
        .robots("Sitemap: /packed.xml\nSitemap: /plain.xml.gz\nSitemap: /typed\nSitemap: /lying\nSitemap: /twice.xml.gz")
        .file("/packed.xml", packed.clone())
        .file("/plain.xml.gz", urlset(3))
        .answer("/typed", typed(packed.clone(), "application/x-gzip"))
        .answer("/lying", typed(urlset(4).into_bytes(), "application/gzip"))
        .answer("/twice.xml.gz", Answer::file("/twice.xml.gz", gzip(&packed)));
    let report = scan(&web, "map.test").await.unwrap();
    assert_eq!(
        rows(&report),
        [
            ("/packed.xml", 2, false),
            ("/plain.xml.gz", 3, false),
            ("/typed", 2, false),
            ("/lying", 4, false),
            ("/twice.xml.gz", 0, true),
        ]
    );
}

#[tokio::test]
async fn the_date_of_a_file_is_its_header_s_where_it_has_none() {
    let web = FakeSite::start().await;
    let file = Answer::file("/a.xml", urlset(1)).header("Last-Modified", "Mon, 06 May 2024 07:08:09 GMT");
    web.site("map.test").page("/", PAGE).robots("Sitemap: /a.xml").answer("/a.xml", file);
    let report = scan(&web, "map.test").await.unwrap();
    assert_eq!(report.sitemaps[0].last_modified.unwrap().to_rfc3339(), "2024-05-06T07:08:09+00:00");
}
