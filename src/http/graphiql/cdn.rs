//! GraphiQL from esm.sh, by the import map that its project documents, with the hashes it gives.

use axum::Router;

use crate::http::HttpState;

const PAGE: &str = include_str!("cdn.html");

/// The page loads nothing from here.
pub(super) fn files() -> Router<HttpState> {
    Router::new()
}

/// The page and its policy: scripts only from the CDN and those of the page itself. The editor makes its styles as it runs, and
/// its workers, which are a line each that imports from the CDN and so needs it among the sources of workers.
pub(super) fn page() -> (String, String) {
    let nonce = format!("{:032x}", rand::random::<u128>());
    let policy = [
        "default-src 'none'",
        &format!("script-src 'nonce-{nonce}' https://esm.sh data:"),
        "style-src 'unsafe-inline' https://esm.sh",
        "font-src https://esm.sh data:",
        "img-src 'self' data:",
        "connect-src 'self' https://esm.sh",
        "worker-src blob: https://esm.sh",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ];
    (PAGE.replace("{nonce}", &nonce), policy.join("; "))
}
