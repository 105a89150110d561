//! Scans over TLS: verified, refused, and unverified where that is asked for.

use std::{net::SocketAddr, time::Duration};

use axum::{Router, response::Html};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto::Builder,
    service::TowerToHyperService,
};
use scrapersky::{
    config::ScannerSettings,
    model::{ScanErrorCode as Code, ScanOptions},
};
use tokio::{io::AsyncReadExt, net::TcpListener, task::JoinSet, time::Instant};

use crate::support::{
    fake_site::{Answer, FakeSite},
    scans::{expect_failure, scan_with},
};

const PAGE: &str = "<title>Safe</title>";

#[tokio::test]
async fn a_certificate_of_a_trusted_authority_is_accepted_and_told() {
    let web = FakeSite::start_with_tls().await;
    web.site("safe.test").page("/", PAGE);
    let report = scan_with(&web.tls_settings(), &ScanOptions::default(), "safe.test").await.unwrap();
    assert_eq!(report.url, "https://safe.test/");
    let certificate = &report.facts.metadata["transport"]["certificate"];
    assert_eq!(certificate["issuer"], "Fake Sites Fake Site Authority");
    assert_eq!(certificate["expiresAt"], "2099-12-31T00:00:00Z");
}

#[tokio::test]
async fn a_certificate_of_an_unknown_authority_or_for_another_name_or_time_is_refused() {
    let web = FakeSite::start_with_tls().await;
    web.site("safe.test").page("/", PAGE);
    web.site("wrong-name.test").page("/", PAGE);
    web.site("expired.test").page("/", PAGE);
    let untrusting = ScannerSettings { ca_file: None, ..web.tls_settings() };
    expect_failure(scan_with(&untrusting, &ScanOptions::default(), "safe.test").await, Code::TlsFailed);
    for name in ["wrong-name.test", "expired.test"] {
        let outcome = scan_with(&web.tls_settings(), &ScanOptions::default(), name).await;
        expect_failure(outcome, Code::TlsFailed);
    }
    assert!(web.site("safe.test").paths().is_empty());
}

#[tokio::test]
async fn an_unverified_scan_accepts_both() {
    let web = FakeSite::start_with_tls().await;
    web.site("safe.test").page("/", PAGE);
    web.site("wrong-name.test").page("/", PAGE);
    let insecure = ScannerSettings { ca_file: None, insecure: true, ..web.tls_settings() };
    for name in ["safe.test", "wrong-name.test"] {
        let report = scan_with(&insecure, &ScanOptions::default(), name).await.unwrap();
        assert_eq!(report.facts.title.as_deref(), Some("Safe"));
    }
}

#[tokio::test]
async fn https_is_tried_first_and_http_when_it_fails() {
    let web = FakeSite::start_with_tls().await;
    web.site("both.test").page("/", PAGE);
    let both = ScannerSettings { connect_to: Some(web.address()), ..web.tls_settings() };
    let report = scan_with(&both, &ScanOptions::default(), "both.test").await.unwrap();
    assert_eq!(report.url, "https://both.test/");
    let untrusting = ScannerSettings { ca_file: None, ..both };
    let report = scan_with(&untrusting, &ScanOptions::default(), "both.test").await.unwrap();
    assert_eq!(report.url, "http://both.test/");
}

#[tokio::test]
async fn the_www_host_is_tried_when_the_name_itself_has_no_good_certificate() {
    let web = FakeSite::start_with_tls().await;
    web.site("www.wrong-name-here.test").page("/", PAGE);
    let report =
        scan_with(&web.tls_settings(), &ScanOptions::default(), "wrong-name-here.test").await.unwrap();
    assert_eq!(report.url, "https://www.wrong-name-here.test/");
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_fails_as_such() {
    let web = FakeSite::start_with_tls().await;
    let settings = ScannerSettings { connect_to_tls: Some(web.address()), ..web.tls_settings() };
    expect_failure(scan_with(&settings, &ScanOptions::default(), "plain.test").await, Code::TlsFailed);
}

/// A server whose connections end, or hang, before TLS is agreed upon.
async fn silent_server(tasks: &mut JoinSet<()>, is_closing: bool) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tasks.spawn(async move {
        let mut open = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            // The greeting of the client is taken in, so that the end is no reset.
            let _ = stream.read(&mut [0; 4_096]).await;
            if !is_closing {
                open.push(stream);
            }
        }
    });
    address
}

#[tokio::test]
async fn a_handshake_that_breaks_off_or_never_ends_is_told_apart() {
    let mut tasks = JoinSet::new();
    for (is_closing, code) in [(true, Code::TlsFailed), (false, Code::Timeout)] {
        let settings = ScannerSettings {
            connect_to_tls: Some(silent_server(&mut tasks, is_closing).await),
            connect_timeout: Duration::from_millis(300),
            ..ScannerSettings::default()
        };
        let began = Instant::now();
        expect_failure(scan_with(&settings, &ScanOptions::default(), "mute.test").await, code);
        assert!(began.elapsed() < Duration::from_secs(5));
    }
}

#[tokio::test]
async fn a_connection_that_breaks_in_the_middle_of_a_page_is_no_page() {
    let web = FakeSite::start_with_tls().await;
    web.site("reset.test").answer("/", Answer::html("x".repeat(10_000)).reset());
    let outcome = scan_with(&web.tls_settings(), &ScanOptions::default(), "reset.test").await;
    expect_failure(outcome, Code::ConnectionReset);
}

#[tokio::test]
async fn http_2_is_spoken_where_the_server_does() {
    let web = FakeSite::start_with_tls().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let settings =
        ScannerSettings { connect_to_tls: Some(listener.local_addr().unwrap()), ..web.tls_settings() };
    let acceptor = web.acceptor(b"h2");
    let app = TowerToHyperService::new(Router::new().fallback(|| async { Html("<title>Two</title>") }));
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, app) = (acceptor.clone(), app.clone());
            connections.spawn(async move {
                let stream = acceptor.accept(stream).await.unwrap();
                let _ = Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), app).await;
            });
        }
    });
    let options = ScanOptions { respect_robots: false, ..ScanOptions::default() };
    let report = scan_with(&settings, &options, "two.test").await.unwrap();
    assert_eq!(report.facts.title.as_deref(), Some("Two"));
    assert_eq!(report.facts.metadata["transport"]["httpVersion"], "2");
}
