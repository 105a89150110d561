//! Which pages in a browser may use the API.

use std::{net::IpAddr, str::FromStr, time::Duration};

use axum::http::{HeaderName, HeaderValue, Method};
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};
use url::{Host, Url};

use crate::config::AllowedOrigin;

/// How long a browser may remember what it was allowed.
const MAX_AGE: Duration = Duration::from_secs(600);

/// Whether one of the settings allows the origin.
pub(super) fn allows(allowed: &[AllowedOrigin], origin: &str) -> bool {
    allowed.iter().any(|allowed| match allowed {
        AllowedOrigin::Any => true,
        AllowedOrigin::Localhost => is_localhost(origin),
        AllowedOrigin::Exactly(exactly) => !exactly.is_empty() && exactly.eq_ignore_ascii_case(origin),
    })
}

fn is_localhost(origin: &str) -> bool {
    let Ok(url) = Url::from_str(origin) else { return false };
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        None => false,
    }
}

/// Tells browsers what pages of the allowed origins may do: call the API, without cookies.
pub(super) fn layer(allowed: Vec<AllowedOrigin>) -> CorsLayer {
    let is_allowed =
        move |origin: &HeaderValue, _: &_| origin.to_str().is_ok_and(|origin| allows(&allowed, origin));
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(is_allowed))
        .allow_methods([Method::GET, Method::POST])
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers([HeaderName::from_static("x-request-id")])
        .max_age(MAX_AGE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_this_machine_are_local() {
        for (origin, is_local) in [
            ("http://localhost", true),
            ("http://localhost:3000", true),
            ("https://app.localhost:8443", true),
            ("http://127.0.0.1:5173", true),
            ("http://[::1]:3000", true),
            ("http://localhost.evil.example", false),
            ("http://evil.example", false),
            ("http://192.168.1.1", false),
            ("null", false),
            ("", false),
        ] {
            assert_eq!(is_localhost(origin), is_local, "{origin}");
        }
    }
}
