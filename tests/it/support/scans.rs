//! Scans of fake sites.

use scrapersky::{
    config::ScannerSettings,
    model::{DomainName, ScanError, ScanErrorCode, ScanOptions, ScanReport},
    scanner::Scanner,
};

use super::fake_site::FakeSite;

/// A scan with default options of a name that leads to the plain server.
pub(crate) async fn scan(web: &FakeSite, name: &str) -> Result<ScanReport, ScanError> {
    scan_with(&web.settings(), &ScanOptions::default(), name).await
}

/// A scan with a scanner of its own.
pub(crate) async fn scan_with(
    settings: &ScannerSettings,
    options: &ScanOptions,
    name: &str,
) -> Result<ScanReport, ScanError> {
    let scanner = Scanner::new(settings).expect("good settings");
    let name = DomainName::parse(name).expect("a good name");
    scanner.scan(&name, options, &|_| ()).await
}

/// The failure of a scan that must fail with this code, and with a sentence that names the site.
#[track_caller]
pub(crate) fn expect_failure(outcome: Result<ScanReport, ScanError>, code: ScanErrorCode) -> ScanError {
    let error = outcome.expect_err("the scan should fail");
    assert_eq!(error.code, code, "{error}");
    assert!(error.message.contains("test") && error.message.ends_with('.'), "{error}");
    error
}
