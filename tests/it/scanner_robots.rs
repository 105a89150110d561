//! Politeness: robots.txt, pace and permission.

use std::time::Duration;

use scrapersky::{
    config::ScannerSettings,
    model::{DomainName, ScanErrorCode as Code, ScanOptions},
    scanner::Scanner,
};

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
async fn a_robots_txt_that_cannot_be_reached_forbids() {
    let web = FakeSite::start().await;
    let settings = ScannerSettings { request_timeout: Duration::from_millis(300), ..web.settings() };
    for (answer, code) in [
        (Answer::close(), Code::ConnectionReset),
        (Answer::hang(), Code::Timeout),
        (Answer::raw("no HTTP\r\n\r\n"), Code::InvalidResponse),
        (Answer::file("/robots.txt", "User-agent: *\nAllow: /\n".repeat(100)).reset(), Code::ConnectionReset),
    ] {
        web.site("away.test").page("/", PAGE).answer("/robots.txt", answer);
        expect_failure(scan_with(&settings, &ScanOptions::default(), "away.test").await, code);
    }
    assert!(!web.site("away.test").paths().contains(&"/".to_owned()));
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
    let times = times(&web, "calm.test", 1);
    assert_eq!(times.len(), 3, "page, icon and sitemap");
    expect_apart(&times, Duration::from_millis(290));
}

/// The times of the requests to a host but for the first ones, which fetch its robots.txt.
fn times(web: &FakeSite, host: &str, skipped: usize) -> Vec<Duration> {
    web.site(host).requests().iter().skip(skipped).map(|request| request.at).collect()
}

#[track_caller]
fn expect_apart(times: &[Duration], pause: Duration) {
    for pair in times.windows(2) {
        assert!(pair[1] >= pair[0] + pause, "{times:?}");
    }
}

#[tokio::test]
async fn the_pause_holds_over_all_scans_of_a_host() {
    let web = FakeSite::start().await;
    web.site("calm.test").page("/", PAGE).page("/a", PAGE).robots("Crawl-delay: 0.2");
    web.site("other.test").redirect("/", "http://calm.test/a");
    let scanner = Scanner::new(&web.settings()).unwrap();
    let options = ScanOptions { follow_sitemaps: false, ..ScanOptions::default() };
    let scans = ["calm.test", "other.test"].map(|name| {
        let (scanner, options) = (scanner.clone(), options.clone());
        async move { scanner.scan(&DomainName::parse(name).unwrap(), &options, &|_| ()).await.unwrap() }
    });
    futures_util::future::join_all(scans).await;
    let pages = web.site("calm.test").requests();
    let robots = pages.iter().filter(|request| request.path == "/robots.txt").count();
    assert_eq!((pages.len(), robots), (6, 2), "each scan: robots.txt, page and icon");
    // The pause is known from the first page on.
    let first = pages.iter().position(|request| request.path != "/robots.txt").unwrap();
    expect_apart(&times(&web, "calm.test", first), Duration::from_millis(190));
    let began = pages.last().unwrap().at;
    scanner.scan(&DomainName::parse("calm.test").unwrap(), &options, &|_| ()).await.unwrap();
    assert!(times(&web, "calm.test", 6)[0] >= began + Duration::from_millis(190), "its robots.txt waits too");
}

#[tokio::test]
async fn a_scan_whose_turn_comes_too_late_says_when_to_come_back() {
    let web = FakeSite::start().await;
    web.site("slow.test").page("/", PAGE).robots("Crawl-delay: 600");
    let scanner = Scanner::new(&web.settings()).unwrap();
    let name = DomainName::parse("slow.test").unwrap();
    scanner.scan(&name, &ScanOptions::default(), &|_| ()).await.unwrap();
    let outcome = scanner.scan(&name, &ScanOptions::default(), &|_| ()).await;
    let error = expect_failure(outcome, Code::DeadlineExceeded);
    assert!((590..=600).contains(&error.retry_after.unwrap().as_secs()), "{error:?}");
    assert!(error.code.is_retryable());
    assert_eq!(web.site("slow.test").paths(), ["/robots.txt", "/"]);
}

#[tokio::test]
async fn the_least_pause_of_the_settings_is_kept_where_a_site_asks_for_none() {
    let web = FakeSite::start().await;
    web.site("calm.test").page("/", PAGE);
    let settings = ScannerSettings { host_pause: Duration::from_millis(200), ..web.settings() };
    let options = ScanOptions { follow_sitemaps: false, ..ScanOptions::default() };
    scan_with(&settings, &options, "calm.test").await.unwrap();
    assert_eq!(web.site("calm.test").paths(), ["/robots.txt", "/", "/favicon.ico"]);
    expect_apart(&times(&web, "calm.test", 0), Duration::from_millis(190));
}

#[tokio::test]
async fn a_pause_too_long_for_the_scan_leaves_the_rest_out() {
    let web = FakeSite::start().await;
    web.site("slow.test").page("/", PAGE).robots("Crawl-delay: 3000\nSitemap: /a.xml");
    let report = scan(&web, "slow.test").await.unwrap();
    assert!(report.sitemaps[0].error.as_ref().unwrap().contains("3000 seconds"));
    assert_eq!(web.site("slow.test").paths(), ["/robots.txt", "/"]);
}
