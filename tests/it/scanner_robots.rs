//! Politeness: robots.txt, pace and permission.

use std::time::Duration;

use scrapersky::model::{ScanErrorCode as Code, ScanOptions};

use crate::support::{
    fake_site::{Answer, FakeSite},
    scans::{expect_failure, scan, scan_with},
};

const PAGE: &str = "<title>Page</title>";

fn ignoring_robots() -> ScanOptions {
    ScanOptions { respect_robots: false, ..ScanOptions::default() }
}

#[tokio::test]
async fn a_site_that_does_not_want_the_visit_is_not_visited() {
    let web = FakeSite::start().await;
    web.site("closed.test").page("/", PAGE).robots("Disallow: /");
    expect_failure(scan(&web, "closed.test").await, Code::RobotsDisallowed);
    assert_eq!(web.site("closed.test").paths(), ["/robots.txt"]);
    assert!(scan_with(&web.settings(), &ignoring_robots(), "closed.test").await.is_ok());
}

#[tokio::test]
async fn a_rule_for_this_scanner_is_obeyed_by_its_name() {
    let web = FakeSite::start().await;
    web.site("picky.test")
        .page("/", PAGE)
        .robots("User-agent: scrapersky\nDisallow: /\n\nUser-agent: *\nAllow: /");
    web.site("other.test").page("/", PAGE).robots("User-agent: OtherBot\nDisallow: /");
    expect_failure(scan(&web, "picky.test").await, Code::RobotsDisallowed);
    assert!(scan(&web, "other.test").await.is_ok());
}

#[tokio::test]
async fn a_redirect_into_a_forbidden_place_is_not_followed() {
    let web = FakeSite::start().await;
    web.site("open.test").redirect("/", "http://closed.test/inside");
    web.site("closed.test").page("/inside", PAGE).robots("Disallow: /inside");
    expect_failure(scan(&web, "open.test").await, Code::RobotsDisallowed);
    assert_eq!(web.site("closed.test").paths(), ["/robots.txt"]);
}

#[tokio::test]
async fn a_missing_robots_txt_allows_and_a_broken_server_forbids() {
    let web = FakeSite::start().await;
    for status in [401, 403, 404, 410] {
        web.site("open.test").page("/", PAGE).answer("/robots.txt", Answer::status(status));
        assert!(scan(&web, "open.test").await.is_ok(), "{status}");
    }
    for (status, code) in
        [(500, Code::HttpServerError), (503, Code::HttpServerError), (429, Code::RateLimited)]
    {
        web.site("broken.test").page("/", PAGE).answer("/robots.txt", Answer::status(status));
        expect_failure(scan(&web, "broken.test").await, code);
    }
    assert!(!web.site("broken.test").paths().contains(&"/".to_owned()));
    assert!(scan_with(&web.settings(), &ignoring_robots(), "broken.test").await.is_ok());
}

#[tokio::test]
async fn robots_txt_may_be_redirected_but_not_for_ever() {
    let web = FakeSite::start().await;
    web.site("moved.test").page("/", PAGE).redirect("/robots.txt", "http://elsewhere.test/rules.txt");
    web.site("elsewhere.test").file("/rules.txt", "User-agent: *\nDisallow: /\n");
    expect_failure(scan(&web, "moved.test").await, Code::RobotsDisallowed);
    web.site("loop.test").page("/", PAGE).redirect("/robots.txt", "/robots.txt");
    assert!(scan(&web, "loop.test").await.is_ok());
}

#[tokio::test]
async fn an_endless_robots_txt_counts_up_to_the_limit() {
    let web = FakeSite::start().await;
    let endless =
        Answer::file("/robots.txt", format!("User-agent: *\nDisallow: /x\n{}", "#".repeat(1_000))).endless();
    web.site("endless.test").page("/", PAGE).answer("/robots.txt", endless);
    assert!(scan(&web, "endless.test").await.is_ok());
}

#[tokio::test]
async fn the_pause_that_a_site_asks_for_is_kept() {
    let web = FakeSite::start().await;
    web.site("calm.test")
        .page("/", PAGE)
        .robots("Crawl-delay: 0.3\nSitemap: /a.xml")
        .file("/a.xml", "<urlset><url><loc>http://calm.test/</loc></url></urlset>");
    scan(&web, "calm.test").await.unwrap();
    let times: Vec<Duration> =
        web.site("calm.test").requests().iter().skip(1).map(|request| request.at).collect();
    assert_eq!(times.len(), 3, "page, icon and sitemap");
    for pair in times.windows(2) {
        assert!(pair[1] >= pair[0] + Duration::from_millis(290), "{times:?}");
    }
}

#[tokio::test]
async fn a_pause_too_long_for_the_scan_leaves_the_rest_out() {
    let web = FakeSite::start().await;
    web.site("slow.test").page("/", PAGE).robots("Crawl-delay: 3000\nSitemap: /a.xml");
    let report = scan(&web, "slow.test").await.unwrap();
    assert!(report.sitemaps[0].error.as_ref().unwrap().contains("3000 seconds"));
    assert_eq!(web.site("slow.test").paths(), ["/robots.txt", "/"]);
}
