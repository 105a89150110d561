//! Sites that misbehave: each scan of one ends in time, with a typed failure or with what could be read.

use std::time::Duration;

use scrapersky::{
    config::ScannerSettings,
    model::{DomainName, ScanErrorCode as Code, ScanOptions},
    scanner::Scanner,
};
use tokio::time::Instant;

use crate::support::{
    fake_site::{Answer, FakeSite},
    scans::{expect_failure, scan, scan_with},
};

#[tokio::test]
async fn a_body_without_end_is_cut() {
    let web = FakeSite::start().await;
    web.site("endless.test").answer("/", Answer::html("<title>Endless</title>".repeat(100)).endless());
    let report = scan(&web, "endless.test").await.unwrap();
    assert_eq!(report.facts.title.as_deref(), Some("Endless"));
    assert_eq!(report.facts.metadata["transport"]["bytes"], 2 << 20);
}

#[tokio::test]
async fn a_compressed_bomb_is_cut() {
    let web = FakeSite::start().await;
    let mut bomb = b"<title>Bomb</title>".to_vec();
    bomb.resize(200 << 20, b' ');
    web.site("bomb.test").answer("/", Answer::html(bomb).gzipped());
    let began = Instant::now();
    let report = scan(&web, "bomb.test").await.unwrap();
    assert_eq!(report.facts.metadata["transport"]["truncated"], true);
    assert!(began.elapsed() < Duration::from_secs(5));
}

/// 100 MiB of spaces after a title, compressed with brotli.
const BROTLI_BOMB: &[u8] = &[
    0xcf, 0xff, 0xff, 0x7f, 0xf8, 0x8d, 0x54, 0xb5, 0xbf, 0x06, 0x11, 0x6a, 0x7b, 0x13, 0x62, 0x59, 0x88,
    0x38, 0x8f, 0x25, 0x02, 0x1b, 0x30, 0xa4, 0xf2, 0xb6, 0xbf, 0xe9, 0xfd, 0x3f, 0xf8, 0xff, 0xff, 0x0f,
    0xbf, 0x04, 0x40, 0x1c, 0x16, 0x00, 0xe8, 0xde, 0xff, 0xf3, 0xff, 0xff, 0x1f, 0x7e, 0x09, 0x80, 0x38,
    0x2c, 0x02, 0xd0, 0xbd, 0xff, 0xe7, 0xff, 0xff, 0x3f, 0xfc, 0x12, 0x00, 0x71, 0x58, 0x00, 0xa0, 0x7b,
    0xff, 0xcf, 0xff, 0xff, 0x7f, 0xf8, 0x25, 0x00, 0xe2, 0xb0, 0x00, 0x40, 0xf7, 0xfe, 0x9f, 0xff, 0xff,
    0xff, 0xf0, 0x4b, 0x00, 0xc4, 0x61, 0x01, 0x80, 0xee, 0xfd, 0x7f, 0x4a, 0x00, 0x00, 0xe1, 0x97, 0x00,
    0x88, 0xc3, 0x02, 0x80, 0xe6, 0xfb, 0x1f,
];

#[tokio::test]
async fn a_bomb_of_a_hundred_bytes_is_cut() {
    let web = FakeSite::start().await;
    web.site("bomb.test").answer("/", Answer::html(BROTLI_BOMB).header("Content-Encoding", "br"));
    let report = scan(&web, "bomb.test").await.unwrap();
    assert_eq!(report.facts.title.as_deref(), Some("Bomb"));
    assert_eq!(report.facts.metadata["transport"]["bytes"], 2 << 20);
}

#[tokio::test]
async fn a_slow_drip_ends_with_the_time_limit_of_the_request() {
    let web = FakeSite::start().await;
    web.site("drip.test").answer("/", Answer::html("x".repeat(10_000)).dripping(Duration::from_millis(50)));
    let settings = ScannerSettings { request_timeout: Duration::from_millis(400), ..web.settings() };
    let began = Instant::now();
    expect_failure(scan_with(&settings, &ScanOptions::default(), "drip.test").await, Code::Timeout);
    assert!(began.elapsed() < Duration::from_secs(3));
}

#[tokio::test]
async fn a_head_that_drips_ends_with_the_time_limit_of_the_request() {
    let web = FakeSite::start().await;
    let drip = Answer::html("<title>Drip</title>").dripping_from_the_start(Duration::from_millis(50));
    web.site("drip.test").answer("/", drip);
    let settings = ScannerSettings { request_timeout: Duration::from_millis(400), ..web.settings() };
    let began = Instant::now();
    expect_failure(scan_with(&settings, &ScanOptions::default(), "drip.test").await, Code::Timeout);
    assert!(began.elapsed() < Duration::from_secs(3));
}

#[tokio::test]
async fn what_never_ends_before_or_after_the_body_ends_in_time() {
    let web = FakeSite::start().await;
    let chunked = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (name, start, again) in [
        ("interim.test", "", "HTTP/1.1 100 Continue\r\n\r\n"),
        ("header.test", "HTTP/1.1 200 OK\r\n", "X-More: x\r\n"),
        ("status.test", "HTTP/1.1 200 ", "very "),
        ("extension.test", &format!("{chunked}5;"), "a=b;"),
        ("trailer.test", &format!("{chunked}5\r\nhello\r\n0\r\n"), "X-More: x\r\n"),
        ("size.test", chunked, "0"),
    ] {
        web.site(name).answer("/", Answer::raw_without_end(start, again));
        let settings = ScannerSettings { request_timeout: Duration::from_secs(1), ..web.settings() };
        let began = Instant::now();
        let error = scan_with(&settings, &ScanOptions::default(), name).await.expect_err(name);
        assert!(matches!(error.code, Code::Timeout | Code::InvalidResponse), "{name}: {error}");
        assert!(began.elapsed() < Duration::from_secs(5), "{name}");
    }
}

#[tokio::test]
async fn icons_and_robots_txt_without_end_are_cut() {
    let web = FakeSite::start().await;
    let bomb = format!("User-agent: *\nDisallow: /x\n{}", "#".repeat(100 << 20));
    web.site("side.test")
        .page("/", "<title>Side</title>")
        .answer("/robots.txt", Answer::file("/robots.txt", bomb).gzipped())
        .answer("/favicon.ico", Answer::file("/favicon.ico", b"\0\0\x01\0".repeat(1_000)).endless());
    let began = Instant::now();
    let report = scan(&web, "side.test").await.unwrap();
    assert_eq!(report.facts.favicon_url.as_deref(), Some("http://side.test/favicon.ico"));
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn sitemaps_made_to_be_bombs_end_at_the_budgets() {
    let web = FakeSite::start().await;
    let site = web.site("map.test");
    let urls = "<url><loc>http://map.test/</loc></url>".repeat(1_000);
    let index = format!("<sitemapindex>{}</sitemapindex>", {
        let child = |number| format!("<sitemap><loc>/children/{number}.xml</loc></sitemap>");
        (0..50_000).map(child).collect::<String>()
    });
    let packed = crate::support::fake_site::gzip(format!("<urlset>{}", urls.repeat(1_500)).as_bytes());
    site.page("/", "<title>Map</title>")
        .robots("Sitemap: /index.xml\nSitemap: /bomb.xml.gz\nSitemap: /endless.xml")
        .file("/index.xml", index)
        .file("/bomb.xml.gz", packed)
        .answer("/endless.xml", Answer::file("/endless.xml", format!("<urlset>{urls}")).endless());
    let settings = ScannerSettings { max_sitemap_bytes: 8 << 20, ..web.settings() };
    let began = Instant::now();
    let report = scan_with(&settings, &ScanOptions::default(), "map.test").await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(30));
    assert_eq!(report.total_sitemaps, 50);
    assert_eq!((report.sitemaps[0].url_count, &report.sitemaps[0].error), (50_000, &None));
    let bytes = 38 * report.sitemap_urls;
    assert!((1 << 20..8 << 20).contains(&bytes), "{bytes}");
    assert!(report.sitemaps[1].error.as_ref().unwrap().contains("longer than the bytes"));
    assert_eq!(report.facts.metadata["notes"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_connection_that_breaks() {
    let web = FakeSite::start().await;
    web.site("reset.test").answer("/", Answer::html("x".repeat(10_000)).reset());
    web.site("close.test").answer("/", Answer::close());
    web.site("short.test").answer("/", Answer::html("x".repeat(100)).claiming_length(1_000));
    for name in ["reset.test", "close.test", "short.test"] {
        let error = expect_failure(scan(&web, name).await, Code::ConnectionReset);
        assert!(error.code.is_retryable(), "{name}");
    }
}

#[tokio::test]
async fn a_body_longer_than_it_claims_is_cut_where_it_claims_to_end() {
    let web = FakeSite::start().await;
    web.site("long.test").answer("/", Answer::html("<title>Claim</title>rest").claiming_length(20));
    let report = scan(&web, "long.test").await.unwrap();
    assert_eq!(report.facts.metadata["transport"]["bytes"], 20);
}

#[tokio::test]
async fn an_answer_that_is_no_http() {
    let web = FakeSite::start().await;
    for (name, bytes) in [
        ("ssh.test", &b"SSH-2.0-OpenSSH_9.6\r\n"[..]),
        ("noise.test", &b"\x00\x01\x02\x03\xff\xfe\r\n\r\n"[..]),
        ("status.test", &b"HTTP/1.1 abc Nope\r\n\r\n"[..]),
        ("lengths.test", &b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"[..]),
        ("chunks.test", &b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\nhello\r\n"[..]),
        ("chunk.test", &b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nhello\r\n"[..]),
        ("unended.test", &b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloX\r\n0\r\n\r\n"[..]),
        ("gzip.test", &b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello"[..]),
    ] {
        web.site(name).answer("/", Answer::raw(bytes));
        expect_failure(scan(&web, name).await, Code::InvalidResponse);
    }
}

#[tokio::test]
async fn a_redirect_to_an_address_without_end() {
    let web = FakeSite::start().await;
    web.site("long.test").redirect("/", &format!("/{}", "x".repeat(20_000)));
    let error = expect_failure(scan(&web, "long.test").await, Code::InvalidResponse);
    assert!(error.message.len() < 200);
}

#[tokio::test]
async fn a_flood_of_headers() {
    let web = FakeSite::start().await;
    web.site("many.test").answer("/", Answer::header_flood(5_000, 10));
    web.site("large.test").answer("/", Answer::header_flood(90, 100_000));
    for name in ["many.test", "large.test"] {
        expect_failure(scan(&web, name).await, Code::InvalidResponse);
    }
}

#[tokio::test]
async fn markup_that_no_browser_would_like() {
    let web = FakeSite::start().await;
    web.site("nested.test").page("/", format!("<title>Nested</title>{}", "<div>".repeat(100_000)));
    web.site("attribute.test").page("/", format!("<title>Attribute</title><p a='{}'>", "x".repeat(1 << 20)));
    web.site("latin.test").answer(
        "/",
        Answer::html(b"<title>Caf\xe9</title>".to_vec())
            .header("Content-Type", "text/html; charset=windows-1252"),
    );
    let title = |name: &'static str| async { scan(&web, name).await.unwrap().facts.title.unwrap() };
    let began = Instant::now();
    assert_eq!(title("nested.test").await, "Nested");
    assert_eq!(title("attribute.test").await, "Attribute");
    assert_eq!(title("latin.test").await, "Café");
    assert!(began.elapsed() < Duration::from_secs(20));
}

#[tokio::test]
async fn headers_that_browsers_forgive_are_forgiven() {
    let web = FakeSite::start().await;
    let head =
        "HTTP/1.1 200 OK\r\nContent-Type : text/html\r\nX-Bad\u{7f}: x\r\nno colon\r\nX-Folded: a\r\n b\r\n";
    web.site("sloppy.test")
        .answer("/", Answer::raw(format!("{head}Connection: close\r\n\r\n<title>Sloppy</title>")));
    assert_eq!(scan(&web, "sloppy.test").await.unwrap().facts.title.as_deref(), Some("Sloppy"));
}

#[tokio::test]
async fn large_pages_wait_for_one_another_and_all_are_read() {
    let web = FakeSite::start().await;
    web.site("*.large.test").page("/", format!("<title>Large</title>{}", "<p>text</p>".repeat(25_000)));
    let settings = ScannerSettings {
        max_page_bytes: 32 << 20,
        request_timeout: Duration::from_secs(60),
        ..web.settings()
    };
    let scanner = Scanner::new(&settings).unwrap();
    let scans = (0..6).map(|number| {
        let scanner = scanner.clone();
        async move {
            let name = DomainName::parse(&format!("s{number}.large.test")).unwrap();
            scanner.scan(&name, &ScanOptions::default(), &|_| ()).await.unwrap().facts.title
        }
    });
    let titles = futures_util::future::join_all(scans).await;
    assert!(titles.iter().all(|title| title.as_deref() == Some("Large")));
}
