//! From a name to a report: the ways to a homepage and what is told of them.

use std::{sync::Mutex, time::Duration};

use scrapersky::{
    config::ScannerSettings,
    model::{DomainName, JobStep, ScanErrorCode, ScanOptions},
    scanner::Scanner,
};
use serde_json::json;

use crate::support::{
    fake_site::{Answer, FakeSite},
    scans::{expect_failure, scan, scan_with},
};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n....";

#[tokio::test]
async fn a_site_is_scanned_from_its_name_to_its_sitemaps() {
    let web = FakeSite::start().await;
    web.site("shop.test")
        .answer("/", Answer::html("<!doctype html><title>Shop</title>").header("Server", "fake/1.0"))
        .robots("Sitemap: /sitemap-a.xml")
        .file("/sitemap-a.xml", "<urlset><url><loc>http://shop.test/a</loc></url></urlset>");
    let steps = Mutex::new(Vec::new());
    let scanner = Scanner::new(&web.settings()).unwrap();
    let name = DomainName::parse("shop.test").unwrap();
    let on_step = |step| steps.lock().unwrap().push(step);
    let report = scanner.scan(&name, &ScanOptions::default(), &on_step).await.unwrap();
    assert_eq!(report.facts.title.as_deref(), Some("Shop"));
    assert_eq!(report.url, "http://shop.test/");
    assert_eq!((report.total_sitemaps, report.sitemap_urls), (1, 1));
    let transport = &report.facts.metadata["transport"];
    assert_eq!(transport["finalUrl"], "http://shop.test/");
    assert_eq!((&transport["status"], &transport["httpVersion"]), (&json!(200), &json!("1.1")));
    assert_eq!((&transport["server"], &transport["truncated"]), (&json!("fake/1.0"), &json!(false)));
    assert_eq!(transport["bytes"], "<!doctype html><title>Shop</title>".len());
    assert_eq!(
        steps.into_inner().unwrap(),
        [JobStep::Resolving, JobStep::Fetching, JobStep::Extracting, JobStep::Sitemaps]
    );
    assert_eq!(web.site("shop.test").paths(), ["/robots.txt", "/", "/favicon.ico", "/sitemap-a.xml"]);
}

#[tokio::test]
async fn a_scan_can_run_on_any_thread_and_be_dropped_at_any_time() {
    let web = FakeSite::start().await;
    web.site("shop.test").answer("/robots.txt", Answer::hang());
    let scanner = Scanner::new(&web.settings()).unwrap();
    let running = tokio::spawn(async move {
        let name = DomainName::parse("shop.test").unwrap();
        scanner.scan(&name, &ScanOptions::default(), &|_| ()).await
    });
    while web.site("shop.test").paths().is_empty() {
        tokio::task::yield_now().await;
    }
    running.abort();
    assert!(running.await.unwrap_err().is_cancelled());
}

#[tokio::test]
async fn the_scanner_names_itself_and_sends_no_credentials() {
    let web = FakeSite::start().await;
    web.site("shop.test")
        .redirect("/", "http://user:secret@shop.test/start")
        .page("/start", "<title>x</title>");
    let settings =
        ScannerSettings { user_agent: "TestBot/1.0 (+https://bot.test)".to_owned(), ..web.settings() };
    scan_with(&settings, &ScanOptions::default(), "shop.test").await.unwrap();
    for request in web.site("shop.test").requests() {
        assert_eq!(request.header("user-agent"), Some("TestBot/1.0 (+https://bot.test)"));
        assert_eq!((request.header("authorization"), request.header("referer")), (None, None));
    }
}

#[tokio::test]
async fn a_redirect_is_followed_and_told() {
    let web = FakeSite::start().await;
    web.site("shop.test").redirect("/", "http://www.shop.test/start#top");
    web.site("www.shop.test").page("/start", "<title>Start</title>");
    let report = scan(&web, "shop.test").await.unwrap();
    assert_eq!(report.url, "http://www.shop.test/start");
    assert_eq!(
        report.facts.metadata["transport"]["redirects"],
        json!([{ "url": "http://shop.test/", "status": 301 }])
    );
}

#[tokio::test]
async fn the_time_to_the_first_byte_is_told_without_redirects_and_pauses() {
    let web = FakeSite::start().await;
    web.site("slow.test")
        .answer("/", Answer::status(302).header("Location", "/start").after(Duration::from_millis(400)))
        .answer("/start", Answer::html("<title>x</title>").after(Duration::from_millis(100)));
    let report = scan(&web, "slow.test").await.unwrap();
    let took = report.facts.metadata["transport"]["responseMilliseconds"].as_u64().unwrap();
    assert!((100..400).contains(&took), "{took}");
    assert_eq!(report.facts.metadata["transport"]["redirects"][0]["status"], 302);
}

#[tokio::test]
async fn an_override_reaches_every_name_in_its_own_way_whatever_the_scheme_says() {
    let web = FakeSite::start_with_tls().await;
    web.site("shop.test").redirect("/", "https://www.shop.test/");
    web.site("www.shop.test")
        .page("/", "<title>Shop</title>")
        .robots("Sitemap: https://www.shop.test/a.xml")
        .file("/a.xml", "<urlset><url><loc>https://www.shop.test/</loc></url></urlset>");
    let plain = scan(&web, "shop.test").await.unwrap();
    assert_eq!((plain.url.as_str(), plain.sitemap_urls), ("https://www.shop.test/", 1));
    assert_eq!(plain.facts.metadata["transport"]["certificate"], json!(null));
    web.site("shop.test").redirect("/", "http://www.shop.test/");
    let tls = scan_with(&web.tls_settings(), &ScanOptions::default(), "shop.test").await.unwrap();
    assert_eq!((tls.url.as_str(), tls.sitemap_urls), ("http://www.shop.test/", 1));
    assert_ne!(tls.facts.metadata["transport"]["certificate"], json!(null));
}

#[tokio::test]
async fn a_page_that_only_sends_on_is_a_redirect() {
    let web = FakeSite::start().await;
    let sign = r#"<meta http-equiv="refresh" content="0; url=/start">"#;
    web.site("sign.test").page("/", sign).page("/start", "<title>Start</title>");
    let report = scan(&web, "sign.test").await.unwrap();
    assert_eq!(
        (report.url.as_str(), report.facts.title.as_deref()),
        ("http://sign.test/start", Some("Start"))
    );
    assert_eq!(
        report.facts.metadata["transport"]["redirects"],
        json!([{ "url": "http://sign.test/", "status": 200 }])
    );
    web.site("lost.test").page("/", format!("<title>Lost</title>{sign}"));
    assert_eq!(scan(&web, "lost.test").await.unwrap().facts.title.as_deref(), Some("Lost"));
    let inside = r#"<title>Sign</title><meta http-equiv="refresh" content="0; url=http://10.0.0.1/">"#;
    web.site("inside.test").page("/", inside);
    assert_eq!(scan(&web, "inside.test").await.unwrap().url, "http://inside.test/");
}

#[tokio::test]
async fn a_site_that_redirects_until_its_cookie_comes_back_is_read() {
    let web = FakeSite::start().await;
    let gate = Answer::status(302).header("Location", "/").header("Set-Cookie", "seen=1; Path=/");
    web.site("gate.test").answer("/", gate).when_header(
        "/",
        "cookie",
        "seen=1",
        Answer::html("<title>In</title>"),
    );
    let report = scan(&web, "gate.test").await.unwrap();
    assert_eq!(report.facts.title.as_deref(), Some("In"));
    assert_eq!(report.facts.metadata["transport"]["redirects"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn robots_txt_of_each_host_on_the_way_is_read_once() {
    let web = FakeSite::start().await;
    web.site("shop.test")
        .redirect("/", "http://www.shop.test/")
        .redirect("/robots.txt", "http://www.shop.test/robots.txt");
    web.site("www.shop.test").page("/", "<title>Start</title>").robots("Allow: /");
    scan(&web, "shop.test").await.unwrap();
    let asked = web.site("www.shop.test").paths();
    assert_eq!(asked.iter().filter(|path| *path == "/robots.txt").count(), 1, "{asked:?}");
}

#[tokio::test]
async fn the_favicon_is_the_usual_one_only_when_an_image_answers_there() {
    let web = FakeSite::start().await;
    web.site("icon.test").page("/", "<title>x</title>").file("/favicon.ico", PNG);
    web.site("page.test")
        .page("/", "<title>x</title>")
        .answer("/favicon.ico", Answer::html("<title>404</title>"));
    web.site("none.test").page("/", "<title>x</title>");
    let icon = |name: &'static str| async { scan(&web, name).await.unwrap().facts.favicon_url };
    assert_eq!(icon("icon.test").await.as_deref(), Some("http://icon.test/favicon.ico"));
    assert_eq!(icon("page.test").await, None);
    assert_eq!(icon("none.test").await, None);
}

#[tokio::test]
async fn a_page_longer_than_the_limit_is_read_up_to_it_and_that_is_noted() {
    let web = FakeSite::start().await;
    let long = format!("<title>Long</title>{}", "<p>text</p>".repeat(100_000));
    web.site("long.test").page("/", long.clone());
    web.site("packed.test").answer("/", Answer::html(long).gzipped());
    let settings = ScannerSettings { max_page_bytes: 10_000, ..web.settings() };
    for name in ["long.test", "packed.test"] {
        let facts = scan_with(&settings, &ScanOptions::default(), name).await.unwrap().facts;
        assert_eq!(facts.title.as_deref(), Some("Long"));
        assert_eq!(facts.metadata["transport"]["bytes"], 10_000);
        assert_eq!(facts.metadata["transport"]["truncated"], true);
        assert!(facts.metadata["notes"][0].as_str().unwrap().contains("10000 bytes"));
    }
}

#[tokio::test]
async fn a_large_page_is_read_in_full() {
    let web = FakeSite::start().await;
    let large = format!("<title>Large</title>{}", "<p>text</p>".repeat(50_000));
    web.site("large.test").page("/", large.clone());
    let facts = scan(&web, "large.test").await.unwrap().facts;
    assert_eq!(facts.title.as_deref(), Some("Large"));
    assert_eq!(facts.metadata["transport"]["bytes"], large.len());
}

#[tokio::test]
async fn what_is_no_page_fails_as_such_and_a_page_under_a_wrong_type_is_read() {
    let web = FakeSite::start().await;
    web.site("image.test").file("/", PNG);
    web.site("pdf.test").answer("/", Answer::html("%PDF-1.7").header("Content-Type", "application/pdf"));
    web.site("json.test").answer("/", Answer::html("{}").header("Content-Type", "application/json"));
    web.site("text.test").answer("/", Answer::html("hello").header("Content-Type", "text/plain"));
    web.site("binary.test").answer("/", Answer::html(vec![0_u8; 500]));
    for name in ["image.test", "pdf.test", "json.test", "text.test", "binary.test"] {
        expect_failure(scan(&web, name).await, ScanErrorCode::NotHtml);
    }
    let page = "<!DOCTYPE html><html><title>Page</title></html>";
    web.site("plain.test").answer("/", Answer::html(page).header("Content-Type", "text/plain"));
    web.site("untyped.test").answer("/", Answer::html(page).header("Content-Type", ""));
    for name in ["plain.test", "untyped.test"] {
        assert_eq!(scan(&web, name).await.unwrap().facts.title.as_deref(), Some("Page"), "{name}");
    }
}

#[tokio::test]
async fn further_pages_are_read_when_they_are_asked_for() {
    let web = FakeSite::start().await;
    let home = r#"<title>Home</title><a href="/contact">Contact</a> <a href="/about">About us</a>
        <a href="/closed/imprint">Imprint</a> <a href="http://elsewhere.test/contact">Contact</a>"#;
    web.site("shop.test")
        .robots("Disallow: /closed/")
        .page("/", home)
        .page("/contact", "<title>Contact</title><a href='mailto:info@fake-shop.com'>Mail</a>")
        .redirect("/about", "http://elsewhere.test/about");
    web.site("elsewhere.test")
        .page("/contact", "x")
        .page("/about", "<a href='mailto:info@elsewhere-shop.com'>Mail</a>");
    let facts_of = async |pages| {
        let options = ScanOptions { max_pages: pages, ..ScanOptions::default() };
        scan_with(&web.settings(), &options, "shop.test").await.unwrap().facts
    };
    let facts = facts_of(10).await;
    assert_eq!(facts.title.as_deref(), Some("Home"));
    assert_eq!(facts.email_addresses, ["info@fake-shop.com"]);
    assert_eq!(facts.contacts[0].source_url, "http://shop.test/contact");
    let pages = facts.metadata["pages"].as_array().unwrap();
    let failed = |page: &&serde_json::Value| page.get("error").is_some();
    assert_eq!((pages.len(), pages.iter().filter(failed).count()), (3, 2), "{pages:?}");
}

#[tokio::test]
async fn one_page_is_read_when_no_more_are_asked_for() {
    let web = FakeSite::start().await;
    web.site("shop.test").page("/", "<title>Home</title><a href='/contact'>Contact</a>");
    let facts = scan(&web, "shop.test").await.unwrap().facts;
    assert!(!facts.metadata.contains_key("pages"));
    assert!(!web.site("shop.test").paths().contains(&"/contact".to_owned()));
}

#[tokio::test]
async fn one_scanner_serves_many_scans_at_once() {
    let web = FakeSite::start().await;
    web.site("*.many.test").answer("/", Answer::html("<title>Many</title>").after(Duration::from_millis(50)));
    let scanner = Scanner::new(&web.settings()).unwrap();
    let scans = (0..50).map(|number| {
        let scanner = scanner.clone();
        async move {
            let name = DomainName::parse(&format!("s{number}.many.test")).unwrap();
            scanner.scan(&name, &ScanOptions::default(), &|_| ()).await.unwrap().facts.title
        }
    });
    let titles = futures_util::future::join_all(scans).await;
    assert!(titles.iter().all(|title| title.as_deref() == Some("Many")));
    assert!(web.site("*.many.test").max_concurrency() > 8, "an override is not throttled per address");
}
