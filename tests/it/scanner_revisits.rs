//! Scans of sites that are known already: a page that has not changed is not sent again, and nothing is lost by it.

use futures_util::StreamExt;
use scrapersky::{
    config::ScannerSettings,
    model::{
        Domain, DomainName, KnownSite, ScanErrorCode as Code, ScanOptions, ScanReport, SiteFacts,
        SitemapSource,
    },
    scanner::Scanner,
    service::SubmitBatch,
    store::{Columns, domains},
};
use serde_json::json;

use crate::{
    on_each_database,
    support::{
        engine::{TestEngine, batch_of},
        fake_site::{Answer, FakeSite, Site},
        scans::{expect_failure, scan},
    },
};

const DATE: &str = "Mon, 06 May 2024 07:08:09 GMT";
const PAGE: &str = "<html lang=en><title>Shop</title><meta name=generator content='WordPress 6.5'>\
     <link rel=sitemap href=/linked.xml><a href='mailto:sales@fake-shop.com'>Write</a>\
     <a href='https://www.facebook.com/fakeshop'>Us</a></html>";
const URLSET: &str = "<urlset><url><loc>http://shop.test/a</loc></url></urlset>";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n....";

/// A page with an entity tag, which is not sent to those who have that version.
fn tagged(site: &Site<'_>, path: &str, html: &str, tag: &str) {
    site.answer(path, Answer::html(html).header("ETag", tag)).when_header(
        path,
        "if-none-match",
        tag,
        Answer::not_modified().header("ETag", tag),
    );
}

fn name() -> DomainName {
    DomainName::parse("shop.test").unwrap()
}

fn known(report: &ScanReport) -> KnownSite {
    KnownSite { revisit: report.revisit.clone().unwrap(), facts: report.facts.clone() }
}

async fn again_with(settings: &ScannerSettings, options: &ScanOptions, known: &KnownSite) -> ScanReport {
    let scanner = Scanner::new(settings).unwrap();
    scanner.scan_again(&name(), options, Some(known), &|_| ()).await.unwrap()
}

async fn again(web: &FakeSite, known: &KnownSite) -> ScanReport {
    again_with(&web.settings(), &ScanOptions::default(), known).await
}

/// A report without what tells of the one visit that brought it.
fn lasting(report: &ScanReport) -> ScanReport {
    let mut report = report.clone();
    report.facts.metadata.remove("transport");
    report.revisit = None;
    report
}

/// The paths whose requests stated a condition.
fn conditional(site: &Site<'_>) -> Vec<String> {
    let is_conditional = |name: &str| name == "if-none-match" || name == "if-modified-since";
    let requests = site.requests().into_iter();
    let asked = requests.filter(|request| request.headers.iter().any(|(name, _)| is_conditional(name)));
    asked.map(|request| request.path).collect()
}

#[tokio::test]
async fn an_unchanged_page_brings_the_report_that_a_full_scan_would_bring() {
    let web = FakeSite::start().await;
    let site = web.site("shop.test");
    tagged(&site, "/", PAGE, "\"v1\"");
    site.file("/linked.xml", URLSET);
    let first = scan(&web, "shop.test").await.unwrap();
    let unchanged = again(&web, &known(&first)).await;
    assert_eq!(conditional(&site), ["/"]);
    assert_eq!(lasting(&unchanged), lasting(&first));
    assert_eq!(unchanged.revisit, first.revisit);
    assert_eq!(unchanged.sitemaps[0].discovered_by, SitemapSource::Link);
    let transport = &unchanged.facts.metadata["transport"];
    assert_eq!((&transport["status"], &transport["bytes"]), (&json!(304), &json!(PAGE.len())));
    assert_eq!((&transport["etag"], &transport["truncated"]), (&json!("\"v1\""), &json!(false)));

    // What does not stand on the page is looked for anew.
    site.file("/favicon.ico", PNG)
        .file("/linked.xml", URLSET.replace("</urlset>", "<url><loc>/b</loc></url></urlset>"));
    site.robots("Sitemap: /named.xml").file("/named.xml", URLSET);
    let later = again(&web, &known(&unchanged)).await;
    let full = scan(&web, "shop.test").await.unwrap();
    assert_eq!(later.facts.metadata["transport"]["status"], 304);
    assert_eq!(lasting(&later), lasting(&full));
    assert_eq!((later.total_sitemaps, later.sitemap_urls), (2, 3));
    assert_eq!(later.facts.favicon_url.as_deref(), Some("http://shop.test/favicon.ico"));
}

#[tokio::test]
async fn an_icon_that_is_gone_is_gone_and_one_that_the_page_declares_stays() {
    let web = FakeSite::start().await;
    let site = web.site("shop.test");
    tagged(&site, "/", PAGE, "\"v1\"");
    site.file("/favicon.ico", PNG);
    let first = scan(&web, "shop.test").await.unwrap();
    assert!(first.facts.favicon_url.is_some());
    site.answer("/favicon.ico", Answer::status(404));
    assert_eq!(again(&web, &known(&first)).await.facts.favicon_url, None);
    tagged(&site, "/", "<link rel=icon href=/own.png>", "\"v2\"");
    let second = scan(&web, "shop.test").await.unwrap();
    let unchanged = again(&web, &known(&second)).await;
    assert_eq!(unchanged.facts.metadata["transport"]["status"], 304);
    assert_eq!(unchanged.facts.favicon_url.as_deref(), Some("http://shop.test/own.png"));
}

#[tokio::test]
async fn a_changed_page_is_read() {
    let web = FakeSite::start().await;
    let site = web.site("shop.test");
    tagged(&site, "/", PAGE, "\"v1\"");
    let first = scan(&web, "shop.test").await.unwrap();
    site.when_header(
        "/",
        "if-none-match",
        "\"v1\"",
        Answer::html("<title>New</title>").header("ETag", "\"v2\""),
    );
    let changed = again(&web, &known(&first)).await;
    assert_eq!(changed.facts.title.as_deref(), Some("New"));
    assert!(!changed.facts.is_wordpress && changed.facts.email_addresses.is_empty());
    assert_eq!(changed.revisit.unwrap().etag.as_deref(), Some("\"v2\""));
}

#[tokio::test]
async fn the_date_of_a_page_serves_where_it_has_no_tag() {
    let web = FakeSite::start().await;
    let site = web.site("shop.test");
    site.answer("/", Answer::html(PAGE).header("Last-Modified", DATE));
    site.when_header("/", "if-modified-since", DATE, Answer::not_modified());
    let first = scan(&web, "shop.test").await.unwrap();
    let unchanged = again(&web, &known(&first)).await;
    assert_eq!(unchanged.facts.metadata["transport"]["lastModified"], DATE);
    assert_eq!(lasting(&unchanged), lasting(&first));
}

#[tokio::test]
async fn the_condition_is_stated_only_where_its_validators_came_from() {
    let web = FakeSite::start().await;
    let site = web.site("shop.test");
    site.redirect("/", "http://www.shop.test/start");
    tagged(&web.site("www.shop.test"), "/start", PAGE, "\"v1\"");
    let first = scan(&web, "shop.test").await.unwrap();
    let unchanged = again(&web, &known(&first)).await;
    assert!(conditional(&site).is_empty());
    assert_eq!(conditional(&web.site("www.shop.test")), ["/start"]);
    assert_eq!(unchanged.url, "http://www.shop.test/start");
    let transport = &unchanged.facts.metadata["transport"];
    assert_eq!(transport["redirects"], json!([{ "url": "http://shop.test/", "status": 301 }]));
    assert_eq!(lasting(&unchanged), lasting(&first));

    site.page("/", "<title>Here now</title>");
    let moved = again(&web, &known(&first)).await;
    assert_eq!((moved.facts.title.as_deref(), moved.facts.is_wordpress), (Some("Here now"), false));
    assert!(moved.revisit.is_none(), "a page without validators leaves nothing");

    site.answer("/", Answer::not_modified());
    let scanner = Scanner::new(&web.settings()).unwrap();
    let outcome = scanner.scan_again(&name(), &ScanOptions::default(), Some(&known(&first)), &|_| ()).await;
    expect_failure(outcome, Code::InvalidResponse);
}

#[tokio::test]
async fn the_page_behind_a_sign_may_be_unchanged_too() {
    let web = FakeSite::start().await;
    let site = web.site("shop.test");
    site.page("/", "<meta http-equiv=refresh content='0; url=/start'>");
    tagged(&site, "/start", PAGE, "\"v1\"");
    let first = scan(&web, "shop.test").await.unwrap();
    let unchanged = again(&web, &known(&first)).await;
    assert_eq!(conditional(&site), ["/start"]);
    assert_eq!(lasting(&unchanged), lasting(&first));
    // A sign that leads nowhere today may lead somewhere tomorrow.
    tagged(&site, "/", "<title>Sign</title><meta http-equiv=refresh content='0; url=/lost'>", "\"s\"");
    let sign = scan(&web, "shop.test").await.unwrap();
    assert_eq!((sign.facts.title.as_deref(), sign.revisit), (Some("Sign"), None));
}

#[tokio::test]
async fn an_unchanged_page_of_another_version_is_read() {
    let web = FakeSite::start().await;
    let site = web.site("shop.test");
    site.answer("/", Answer::html(PAGE).header("ETag", "\"v1\""));
    let first = scan(&web, "shop.test").await.unwrap();
    site.answer("/", Answer::html("<title>New</title>").header("ETag", "\"v2\""));
    site.when_header("/", "if-none-match", "\"v1\"", Answer::not_modified().header("ETag", "\"v2\""));
    let report = again(&web, &known(&first)).await;
    assert_eq!(report.facts.title.as_deref(), Some("New"));
    assert_eq!(report.facts.metadata["transport"]["redirects"], json!([]));
}

#[tokio::test]
async fn another_reader_or_more_pages_or_a_page_cut_short_take_a_full_scan() {
    let web = FakeSite::start().await;
    let site = web.site("shop.test");
    tagged(&site, "/", PAGE, "\"v1\"");
    let first = known(&scan(&web, "shop.test").await.unwrap());
    let rules = tempfile::tempdir().unwrap();
    std::fs::write(rules.path().join("a.json"), r#"{"Own Rule": {"cats": [1], "html": "<title>Shop"}}"#)
        .unwrap();
    let with_rules = ScannerSettings { fingerprints: Some(rules.path().into()), ..web.settings() };
    let report = again_with(&with_rules, &ScanOptions::default(), &first).await;
    assert!(report.facts.technologies.iter().any(|technology| technology.name == "Own Rule"));
    let two_pages = ScanOptions { max_pages: 2, ..ScanOptions::default() };
    assert!(again_with(&web.settings(), &two_pages, &first).await.revisit.is_none());
    let short = ScannerSettings { max_page_bytes: 1_024, ..web.settings() };
    tagged(&site, "/", &"<p>text</p>".repeat(200), "\"long\"");
    let cut = again_with(&short, &ScanOptions::default(), &first).await;
    assert_eq!((&cut.facts.metadata["transport"]["truncated"], cut.revisit), (&json!(true), None));
    assert!(conditional(&site).is_empty());
}

/// Scans the name as the worker does and answers what is stored.
async fn rescan(engine: &TestEngine, options: &ScanOptions) -> Domain {
    let input = SubmitBatch { options: options.clone(), ..batch_of(&["shop.test"]) };
    let id = engine.service.scan_domains(&engine.scope, input).await.unwrap().batch_id.unwrap();
    let states = engine.service.watch_batch(&engine.scope, id).collect::<Vec<_>>();
    tokio::time::timeout(std::time::Duration::from_secs(30), states).await.unwrap();
    domains::by_name(engine.db.reader(), &engine.scope, &name(), Columns::all()).await.unwrap().unwrap()
}

fn status(domain: &Domain) -> serde_json::Value {
    domain.facts.as_ref().unwrap().metadata["transport"]["status"].clone()
}

/// The facts without what tells of one visit.
fn facts(domain: &Domain) -> SiteFacts {
    let mut facts = domain.facts.clone().unwrap();
    facts.metadata.remove("transport");
    facts
}

on_each_database! {
    async fn a_rescan_of_an_unchanged_page_keeps_every_fact_and_moves_the_last_scan(database: TestDatabase) {
        let web = FakeSite::start().await;
        let site = web.site("shop.test");
        tagged(&site, "/", PAGE, "\"v1\"");
        site.file("/linked.xml", URLSET);
        let engine = TestEngine::start(&database).await;
        let worker = engine.work(Scanner::new(&web.settings()).unwrap());
        let options = ScanOptions::default();
        let first = rescan(&engine, &options).await;
        let second = rescan(&engine, &options).await;
        let third = rescan(&engine, &options).await;
        assert_eq!([status(&first), status(&second), status(&third)], [200, 304, 304]);
        assert_eq!((facts(&second), second.total_sitemaps), (facts(&first), 1));
        assert_eq!((facts(&third), third.sitemap_urls), (facts(&first), 1));
        assert!(first.last_scan < second.last_scan && second.last_scan < third.last_scan);
        assert_eq!(engine.number("SELECT count(*) FROM sitemaps").await, 1);
        assert_eq!(engine.number("SELECT count(*) FROM jobs WHERE status = 'complete' AND result IS NOT NULL").await, 3);

        // A scan that fails leaves what is known; a changed page replaces it.
        site.when_header("/", "if-none-match", "\"v1\"", Answer::status(404));
        assert_eq!(facts(&rescan(&engine, &options).await), facts(&first));
        site.when_header("/", "if-none-match", "\"v1\"", Answer::html("<title>New</title>"));
        let changed = rescan(&engine, &options).await;
        assert_eq!((status(&changed), changed.facts.unwrap().title.as_deref()), (json!(200), Some("New")));
        let asked = conditional(&site).len();
        rescan(&engine, &options).await;
        assert_eq!(conditional(&site).len(), asked, "the new page has no validator");
        worker.stop().await;
    }

    async fn facts_of_several_pages_or_of_another_reader_are_never_kept(database: TestDatabase) {
        let web = FakeSite::start().await;
        let site = web.site("shop.test");
        tagged(&site, "/", "<title>Shop</title><a href=/contact>Contact</a>", "\"v1\"");
        site.page("/contact", "<a href='mailto:sales@fake-shop.com'>Write</a>");
        let engine = TestEngine::start(&database).await;
        let worker = engine.work(Scanner::new(&web.settings()).unwrap());
        let (one, two) = (ScanOptions::default(), ScanOptions { max_pages: 2, ..ScanOptions::default() });
        rescan(&engine, &one).await;
        let both = rescan(&engine, &two).await;
        assert_eq!((status(&both), both.facts.unwrap().email_addresses.len()), (json!(200), 1));
        let alone = rescan(&engine, &one).await;
        assert_eq!((status(&alone), alone.facts.unwrap().email_addresses.len()), (json!(200), 0));
        assert_eq!(status(&rescan(&engine, &one).await), 304);
        worker.stop().await;

        let other = ScannerSettings { max_page_bytes: 4_096, ..web.settings() };
        let worker = engine.work(Scanner::new(&other).unwrap());
        assert_eq!(status(&rescan(&engine, &one).await), 200);
        worker.stop().await;
    }
}
