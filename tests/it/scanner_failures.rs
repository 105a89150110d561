//! Each way in which a scan fails, and the code it gets.

use std::{net::SocketAddr, time::Duration};

use scrapersky::{
    config::ScannerSettings,
    model::{DomainName, ScanErrorCode as Code, ScanOptions},
    scanner::Scanner,
};
use tokio::{net::TcpListener, time::Instant};

use crate::support::{
    fake_site::{Answer, FakeSite},
    scans::{expect_failure, scan, scan_with},
};

/// An address of loopback where nobody listens.
async fn closed_port() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

#[tokio::test]
async fn a_refused_connection() {
    let settings = ScannerSettings { connect_to: Some(closed_port().await), ..ScannerSettings::default() };
    let error =
        expect_failure(scan_with(&settings, &ScanOptions::default(), "shop.test").await, Code::ConnectFailed);
    assert_eq!(error.message, "No connection to http://shop.test/robots.txt: it was refused.");
}

#[tokio::test]
async fn a_status_that_says_no() {
    let web = FakeSite::start().await;
    for (name, status, code) in [
        ("a.test", 404, Code::HttpClientError),
        ("b.test", 403, Code::HttpClientError),
        ("c.test", 500, Code::HttpServerError),
        ("d.test", 503, Code::HttpServerError),
        ("e.test", 429, Code::RateLimited),
        ("f.test", 304, Code::InvalidResponse),
    ] {
        web.site(name).answer("/", Answer::status(status));
        let error = expect_failure(scan(&web, name).await, code);
        assert!(error.message.contains(&status.to_string()), "{error}");
        assert_eq!(error.retry_after, None);
    }
}

#[tokio::test]
async fn a_wish_to_be_asked_later_is_passed_on_and_heeded() {
    let web = FakeSite::start().await;
    web.site("busy.test").answer("/", Answer::status(503).header("Retry-After", "120"));
    let scanner = Scanner::new(&web.settings()).unwrap();
    let name = DomainName::parse("busy.test").unwrap();
    for _ in 0..2 {
        let outcome = scanner.scan(&name, &ScanOptions::default(), &|_| ()).await;
        let error = expect_failure(outcome, Code::RateLimited);
        let wait = error.retry_after.unwrap();
        assert!((119..=120).contains(&wait.as_secs()), "{wait:?}");
    }
    assert_eq!(web.site("busy.test").paths(), ["/robots.txt", "/"], "the second scan asked for nothing");
}

#[tokio::test]
async fn a_date_to_come_back_at_is_understood() {
    let web = FakeSite::start().await;
    web.site("busy.test")
        .answer("/", Answer::status(429).header("Retry-After", "Fri, 31 Dec 2100 23:59:59 GMT"));
    let error = expect_failure(scan(&web, "busy.test").await, Code::RateLimited);
    assert!(error.retry_after.unwrap() > Duration::from_secs(365 * 86_400));
}

#[tokio::test]
async fn redirects_without_end() {
    let web = FakeSite::start().await;
    web.site("loop.test").redirect("/", "/a").redirect("/a", "/");
    web.site("self.test").redirect("/", "/");
    let chain = web.site("chain.test");
    chain.redirect("/", "/0");
    for hop in 0..20 {
        chain.redirect(&format!("/{hop}"), &format!("/{}", hop + 1));
    }
    for name in ["loop.test", "self.test", "chain.test"] {
        expect_failure(scan(&web, name).await, Code::TooManyRedirects);
    }
    assert_eq!(chain.paths().len(), 1 + 11, "robots.txt, and ten redirects followed");
}

#[tokio::test]
async fn a_redirect_to_where_nobody_may_go() {
    let web = FakeSite::start().await;
    let secret = FakeSite::start().await;
    secret.site("127.0.0.1").page("/", "<title>Secret</title>");
    let port = secret.address().port();
    for target in [
        format!("http://127.0.0.1:{port}/"),
        format!("http://2130706433:{port}/"),
        format!("http://0x7f.1:{port}/"),
        format!("http://[::ffff:127.0.0.1]:{port}/"),
        format!("http://127.0.0.1.:{port}/"),
        format!("//0177.0.0.1:{port}/"),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        "http://10.0.0.1/".to_owned(),
        "http://[fd00::1]/".to_owned(),
        format!("http://other.test:{port}/"),
        "file:///etc/passwd".to_owned(),
        "ftp://files.test/".to_owned(),
    ] {
        web.site("shop.test").redirect("/", &target);
        let error = expect_failure(scan(&web, "shop.test").await, Code::AddressBlocked);
        assert!(!error.code.is_retryable());
    }
    assert!(secret.site("127.0.0.1").paths().is_empty());
}

#[tokio::test]
async fn a_server_that_says_nothing() {
    let web = FakeSite::start().await;
    web.site("slow.test").answer("/", Answer::hang());
    let settings = ScannerSettings { request_timeout: Duration::from_millis(300), ..web.settings() };
    expect_failure(scan_with(&settings, &ScanOptions::default(), "slow.test").await, Code::Timeout);
}

#[tokio::test]
async fn a_scan_that_takes_longer_than_its_options_allow() {
    let web = FakeSite::start().await;
    web.site("slow.test").answer("/", Answer::html("<title>Slow</title>").after(Duration::from_secs(30)));
    let settings = ScannerSettings { request_timeout: Duration::from_secs(60), ..web.settings() };
    let options = ScanOptions { timeout_seconds: 1, ..ScanOptions::default() };
    let began = Instant::now();
    expect_failure(scan_with(&settings, &options, "slow.test").await, Code::DeadlineExceeded);
    assert!(began.elapsed() < Duration::from_secs(3));
}

#[tokio::test]
async fn settings_that_cannot_be_used_are_refused() {
    let bad_agent = ScannerSettings { user_agent: "a\nb".to_owned(), ..ScannerSettings::default() };
    assert!(Scanner::new(&ScannerSettings { connect_to: Some(closed_port().await), ..bad_agent }).is_err());
    let bad_file = ScannerSettings { ca_file: Some("/nowhere.pem".into()), ..ScannerSettings::default() };
    let error =
        Scanner::new(&ScannerSettings { connect_to: Some(closed_port().await), ..bad_file }).err().unwrap();
    assert!(error.to_string().contains("/nowhere.pem"), "{error}");
}
