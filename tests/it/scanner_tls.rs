//! Scans over TLS: verified, refused, and unverified where that is asked for.

use scrapersky::{
    config::ScannerSettings,
    model::{ScanErrorCode as Code, ScanOptions},
};

use crate::support::{
    fake_site::FakeSite,
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
async fn a_certificate_of_an_unknown_authority_or_for_another_name_is_refused() {
    let web = FakeSite::start_with_tls().await;
    web.site("safe.test").page("/", PAGE);
    web.site("wrong-name.test").page("/", PAGE);
    let untrusting = ScannerSettings { ca_file: None, ..web.tls_settings() };
    expect_failure(scan_with(&untrusting, &ScanOptions::default(), "safe.test").await, Code::TlsFailed);
    expect_failure(
        scan_with(&web.tls_settings(), &ScanOptions::default(), "wrong-name.test").await,
        Code::TlsFailed,
    );
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
