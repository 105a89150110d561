//! From what went wrong underneath to a [`ScanError`] that a person can act on.
//!
//! Causes are told apart by the types in the chain of sources, never by their text.

use std::{error::Error, io, time::Duration};

use url::Url;

use super::{address_guard::Blocked, resolver::LookupError};
use crate::model::{ScanError, ScanErrorCode as Code};

/// The failure of a request, or of reading its answer.
pub(super) fn request_failure(error: &reqwest::Error, url: &Url) -> ScanError {
    if let Some(lookup) = find::<LookupError>(error) {
        return lookup_failure(lookup, url);
    }
    if error.is_timeout() {
        return if error.is_connect() {
            ScanError::new(Code::Timeout, format!("No connection to {url} was made in time."))
        } else {
            ScanError::new(Code::Timeout, format!("{url} did not answer in time."))
        };
    }
    if let Some(tls) = find::<rustls::Error>(error) {
        return ScanError::new(Code::TlsFailed, format!("No TLS connection to {url}: {tls}."));
    }
    if error.is_connect() {
        return connect_failure(error, url);
    }
    answer_failure(error, url)
}

fn connect_failure(error: &reqwest::Error, url: &Url) -> ScanError {
    // The outer ones only say that there is an inner one.
    let kind = find_last::<io::Error>(error).map(io::Error::kind);
    let (code, reason) = match kind {
        Some(io::ErrorKind::TimedOut) => (Code::Timeout, "it was not made in time"),
        Some(io::ErrorKind::ConnectionRefused) => (Code::ConnectFailed, "it was refused"),
        Some(io::ErrorKind::UnexpectedEof) if url.scheme() == "https" => {
            (Code::TlsFailed, "the server ended the TLS handshake")
        }
        Some(
            io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe,
        ) => (Code::ConnectFailed, "it was reset"),
        Some(io::ErrorKind::NetworkUnreachable) => (Code::ConnectFailed, "the network cannot be reached"),
        Some(io::ErrorKind::HostUnreachable) => (Code::ConnectFailed, "the host cannot be reached"),
        _ => (Code::ConnectFailed, "it could not be made"),
    };
    ScanError::new(code, format!("No connection to {url}: {reason}."))
}

/// The connection stood; the answer was missing, broken off or no HTTP.
fn answer_failure(error: &reqwest::Error, url: &Url) -> ScanError {
    let broken = || {
        ScanError::new(
            Code::ConnectionReset,
            format!("The connection broke before {url} had answered in full."),
        )
    };
    if let Some(hyper) = find::<hyper::Error>(error) {
        if hyper.is_parse() || hyper.is_parse_too_large() {
            return invalid(url, "is no valid HTTP");
        }
        if hyper.is_incomplete_message() || hyper.is_closed() || hyper.is_canceled() {
            return broken();
        }
        if hyper.is_timeout() {
            return ScanError::new(Code::Timeout, format!("{url} did not answer in time."));
        }
    }
    if let Some(io) = find_last::<io::Error>(error) {
        return match io.kind() {
            io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::NotConnected => broken(),
            io::ErrorKind::TimedOut => {
                ScanError::new(Code::Timeout, format!("{url} did not answer in time."))
            }
            _ => invalid(url, "cannot be decoded"),
        };
    }
    if error.is_decode() {
        return invalid(url, "cannot be decoded");
    }
    if error.is_builder() {
        return ScanError::new(Code::InvalidResponse, format!("{url} is no address that can be requested."));
    }
    invalid(url, "breaks the protocol")
}

fn invalid(url: &Url, what: &str) -> ScanError {
    ScanError::new(Code::InvalidResponse, format!("The answer of {url} {what}."))
}

/// The failure of a name to lead anywhere.
pub(super) fn lookup_failure(error: &LookupError, url: &Url) -> ScanError {
    let code = match error {
        LookupError::NotFound(_) => Code::DnsNotFound,
        LookupError::Failed { .. } => Code::DnsFailed,
        LookupError::Blocked { .. } => Code::AddressBlocked,
    };
    ScanError::new(code, format!("{url} cannot be reached: {error}."))
}

/// A URL that the guard refused.
pub(super) fn blocked(url: &Url, reason: &Blocked) -> ScanError {
    ScanError::new(Code::AddressBlocked, format!("{url} is not visited: {reason}."))
}

/// An answer whose status says that there is no page; `None` for a good one.
pub(super) fn status_failure(status: u16, retry_after: Option<Duration>, url: &Url) -> Option<ScanError> {
    let code = match status {
        429 => Code::RateLimited,
        503 if retry_after.is_some() => Code::RateLimited,
        400..=499 => Code::HttpClientError,
        500..=599 => Code::HttpServerError,
        200..=299 => return None,
        _ => Code::InvalidResponse,
    };
    let mut error = ScanError::new(code, format!("{url} answered with status {status}."));
    error.retry_after = retry_after;
    Some(error)
}

/// The first error of a type in the chain.
fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    chain(error).find_map(|cause| cause.downcast_ref())
}

/// The innermost error of a type in the chain.
fn find_last<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    chain(error).filter_map(|cause| cause.downcast_ref()).last()
}

/// An error and its causes. An I/O error that wraps another hides it from `source`, which skips to the cause after.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| {
        let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        wrapped.map(|inner| inner as &(dyn Error + 'static)).or_else(|| error.source())
    })
}
