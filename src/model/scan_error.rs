//! Why a scan failed. A failed scan is data, not an error of the program.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::status::named_enum;

named_enum! {
    /// The cause of a failed scan.
    ScanErrorCode, "scan error code" {
        /// The name does not exist in the DNS.
        DnsNotFound = "dns_not_found",
        /// The DNS did not answer, or could not.
        DnsFailed = "dns_failed",
        /// The name, or a redirect, leads to an address that must not be reached.
        AddressBlocked = "address_blocked",
        /// No connection could be made.
        ConnectFailed = "connect_failed",
        /// The connection broke while the answer was read.
        ConnectionReset = "connection_reset",
        /// The certificate or the TLS handshake was refused.
        TlsFailed = "tls_failed",
        /// The site did not answer in time.
        Timeout = "timeout",
        /// More redirects than are followed, or a loop.
        TooManyRedirects = "too_many_redirects",
        /// The site answered with a 4xx status.
        HttpClientError = "http_client_error",
        /// The site answered with a 5xx status.
        HttpServerError = "http_server_error",
        /// The site asks to come back later (429, or 503 with Retry-After).
        RateLimited = "rate_limited",
        /// The answer is not HTTP, or contradicts itself.
        InvalidResponse = "invalid_response",
        /// The answer is not a page (an image, a download).
        NotHtml = "not_html",
        /// The site's robots.txt does not allow the visit.
        RobotsDisallowed = "robots_disallowed",
        /// The scan took longer than its options allow.
        DeadlineExceeded = "deadline_exceeded",
        /// The worker died with the job too often.
        WorkerLost = "worker_lost",
        /// The result could not be stored.
        StoreFailed = "store_failed",
        /// A fault of the program itself.
        Internal = "internal",
    }
}

impl ScanErrorCode {
    /// Whether another try may end differently.
    pub const fn is_retryable(self) -> bool {
        matches!(
            self,
            Self::DnsFailed
                | Self::ConnectFailed
                | Self::ConnectionReset
                | Self::Timeout
                | Self::HttpServerError
                | Self::RateLimited
                | Self::DeadlineExceeded
        )
    }
}

/// A failed scan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct ScanError {
    /// The cause.
    pub code: ScanErrorCode,
    /// A sentence for people, which names the address or value concerned.
    pub message: String,
    /// How long the site asks to wait before the next try.
    pub retry_after: Option<Duration>,
}

impl ScanError {
    /// A failure with its cause and a sentence for people.
    pub fn new(code: ScanErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), retry_after: None }
    }
}

/// A failure as it is stored and shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScanFailure {
    /// The cause.
    pub code: ScanErrorCode,
    /// A sentence for people.
    pub message: String,
    /// Whether another try may end differently.
    pub retryable: bool,
}

impl From<&ScanError> for ScanFailure {
    fn from(error: &ScanError) -> Self {
        Self { code: error.code, message: error.message.clone(), retryable: error.code.is_retryable() }
    }
}
