//! The one HTTP client: no proxy, no redirects of its own, connections only to what the guard let pass.

use std::time::Duration;

use reqwest::{
    Client,
    header::{ACCEPT, HeaderMap, HeaderValue},
    redirect::Policy,
};
use url::Url;

use super::{
    ScannerSetupError,
    address_guard::AddressGuard,
    resolver::{GuardedResolver, LookupError},
    tls,
};
use crate::config::ScannerSettings;

/// Idle connections hold memory and descriptors, and the requests of a scan follow one another closely.
const POOL_IDLE: Duration = Duration::from_millis(400);

/// Sends requests, each to one URL, without following where it leads.
pub(super) struct HttpClient {
    plain: Route,
    tls: Route,
    schemes: Schemes,
}

/// A client and the name resolution it uses.
#[derive(Clone)]
struct Route {
    client: Client,
    resolver: GuardedResolver,
}

impl Route {
    fn new(settings: &ScannerSettings, resolver: GuardedResolver) -> Result<Self, ScannerSetupError> {
        Ok(Self { client: build(settings, resolver.clone())?, resolver })
    }
}

/// Which schemes lead anywhere under the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Schemes {
    Both,
    /// Every name is reached over plain http, whatever the URL says.
    PlainOnly,
    /// Every name is reached over https, whatever the URL says.
    TlsOnly,
}

impl HttpClient {
    /// Builds the client once for all scans.
    pub(super) fn new(settings: &ScannerSettings, guard: AddressGuard) -> Result<Self, ScannerSetupError> {
        let (plain, tls) = (settings.connect_to, settings.connect_to_tls);
        let schemes = match (plain, tls) {
            (Some(_), None) => Schemes::PlainOnly,
            (None, Some(_)) => Schemes::TlsOnly,
            _ => Schemes::Both,
        };
        let (plain, tls) = if let (Some(plain), Some(tls)) = (plain.or(tls), tls.or(plain)) {
            (
                Route::new(settings, GuardedResolver::fixed(plain))?,
                Route::new(settings, GuardedResolver::fixed(tls))?,
            )
        } else {
            let resolver =
                GuardedResolver::system(guard).map_err(|error| ScannerSetupError::Dns(Box::new(error)))?;
            let route = Route::new(settings, resolver)?;
            (route.clone(), route)
        };
        Ok(Self { plain, tls, schemes })
    }

    /// A client whose names lead where the resolver says, over both schemes.
    #[cfg(test)]
    pub(super) fn with_resolver(
        settings: &ScannerSettings,
        resolver: GuardedResolver,
    ) -> Result<Self, ScannerSetupError> {
        let route = Route::new(settings, resolver)?;
        Ok(Self { plain: route.clone(), tls: route, schemes: Schemes::Both })
    }

    /// The schemes to try for a name, in order.
    pub(super) fn schemes(&self) -> &'static [&'static str] {
        match self.schemes {
            Schemes::Both => &["https", "http"],
            Schemes::PlainOnly => &["http"],
            Schemes::TlsOnly => &["https"],
        }
    }

    /// Whether names lead to an address of the settings, for which no politeness is owed.
    pub(super) fn is_overridden(&self) -> bool {
        self.plain.resolver.is_fixed()
    }

    /// The addresses that a request for this host would connect to.
    pub(super) async fn addresses(&self, host: &str) -> Result<Vec<std::net::SocketAddr>, LookupError> {
        self.plain.resolver.addresses(host).await
    }

    /// Sends one GET request and returns the answer's head, its body yet to be read. The URL must have passed the guard.
    pub(super) async fn get(
        &self,
        url: &Url,
        accept: &'static str,
        headers: HeaderMap,
        timeout: Duration,
    ) -> Result<reqwest::Response, reqwest::Error> {
        let url = self.wire_url(url);
        let route = if url.scheme() == "https" { &self.tls } else { &self.plain };
        let request = route.client.get(url).headers(headers).timeout(timeout);
        request.header(ACCEPT, HeaderValue::from_static(accept)).send().await
    }

    /// The URL as it is requested: credentials are never sent, and an override may prescribe the scheme.
    fn wire_url(&self, url: &Url) -> Url {
        let mut url = url.clone();
        // These setters fail only for URLs without a host, which the guard has refused.
        let _ = url.set_username("").and_then(|()| url.set_password(None));
        let _ = match self.schemes {
            Schemes::Both => Ok(()),
            Schemes::PlainOnly => url.set_scheme("http"),
            Schemes::TlsOnly => url.set_scheme("https"),
        };
        url
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the place that holds the limits and the guard")]
fn build(settings: &ScannerSettings, resolver: GuardedResolver) -> Result<Client, ScannerSetupError> {
    let client = Client::builder()
        .user_agent(&settings.user_agent)
        .tls_backend_preconfigured(tls::client_config(settings)?)
        .tls_info(true)
        .dns_resolver(resolver)
        .no_proxy()
        .redirect(Policy::none())
        .referer(false)
        .connect_timeout(settings.connect_timeout)
        .pool_idle_timeout(POOL_IDLE)
        // Browsers are as lenient, and sites rely on it.
        .http1_ignore_invalid_headers_in_responses(true)
        .http1_allow_spaces_after_header_name_in_responses(true)
        .http1_allow_obsolete_multiline_headers_in_responses(true)
        .pool_max_idle_per_host(1)
        .build()?;
    Ok(client)
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;
    use crate::{model::ScanErrorCode, scanner::failure};

    #[tokio::test]
    async fn a_name_that_leads_to_a_private_address_is_never_connected_to() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://localhost:{}/", listener.local_addr().unwrap().port());
        let settings = ScannerSettings::default();
        let client = match HttpClient::new(&settings, AddressGuard::new(&settings)) {
            Err(ScannerSetupError::Dns(_)) => {
                return eprintln!("not tested: this machine has no DNS settings");
            }
            other => other.unwrap_or_else(|error| panic!("{error}")),
        };
        let url = Url::parse(&url).unwrap();
        let answer = client.get(&url, "*/*", HeaderMap::new(), Duration::from_secs(5)).await;
        let error = failure::request_failure(&answer.expect_err("localhost is not public"), &url);
        assert_eq!(error.code, ScanErrorCode::AddressBlocked, "{error}");
        let nobody_came = tokio::time::timeout(Duration::from_millis(50), listener.accept()).await;
        assert!(nobody_came.is_err());
    }
}
