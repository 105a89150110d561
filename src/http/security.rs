//! Headers that every answer carries, and the check of where a browser's request comes from.

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, header},
    middleware::Next,
    response::Response,
};

use super::origins;
use crate::config::AllowedOrigin;

/// What an answer that is not a page may do in a browser: nothing.
const NO_PAGE: &str = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// Adds the security headers that the handler has not set itself.
pub(crate) async fn add_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let defaults: [(HeaderName, &'static str); 5] = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CONTENT_SECURITY_POLICY, NO_PAGE),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    for (name, value) in defaults {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// Whether a WebSocket may be opened: browsers ask no leave for one, so the server must look at the origin itself.
/// Programs send no `Origin`; a page must come from this server or from one of the allowed origins.
pub(crate) fn may_open_socket(headers: &HeaderMap, allowed: &[AllowedOrigin]) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let Ok(origin) = origin.to_str() else { return false };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let same = origin.split_once("://").is_some_and(|(_, authority)| Some(authority) == host);
    same || origins::allows(allowed, origin)
}
