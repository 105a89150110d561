//! Politeness towards one address that many names share.

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use axum::{Router, http::Uri, response::IntoResponse};
use tokio::{net::TcpListener, task::JoinSet};

use super::*;
use crate::{model::SitemapSource, scanner::resolver::GuardedResolver};

/// How many requests a server has under way, and had at most.
#[derive(Default)]
struct Load {
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Load {
    /// Answers with a page that links nowhere, and with a sitemap in a usual place only, after a moment.
    async fn answer(self: Arc<Self>, uri: Uri) -> impl IntoResponse {
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(10)).await;
        self.now.fetch_sub(1, Ordering::SeqCst);
        match uri.path() {
            "/" => Ok(([("content-type", "text/html")], "<title>Shared</title>")),
            "/wp-sitemap.xml" => Ok((
                [("content-type", "application/xml")],
                "<sitemapindex><sitemap><loc>/a.xml</loc></sitemap></sitemapindex>",
            )),
            "/a.xml" => {
                Ok(([("content-type", "application/xml")], "<urlset><url><loc>/</loc></url></urlset>"))
            }
            _ => Err(axum::http::StatusCode::NOT_FOUND),
        }
    }
}

async fn start(servers: &mut JoinSet<()>) -> (SocketAddr, Arc<Load>) {
    let load = Arc::new(Load::default());
    let answering = Arc::clone(&load);
    let app = Router::new().fallback(move |uri: Uri| Arc::clone(&answering).answer(uri));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    servers.spawn(async move { axum::serve(listener, app).await.unwrap() });
    (address, load)
}

async fn scan_names(count: usize, per_address: usize) -> (Vec<ScanReport>, usize) {
    let mut servers = JoinSet::new();
    let (address, load) = start(&mut servers).await;
    let settings = ScannerSettings {
        max_requests_per_address: per_address,
        // What is left to wait for is a deadlock, which this would show.
        request_timeout: Duration::from_secs(20),
        ..ScannerSettings::default()
    };
    let client = HttpClient::with_resolver(&settings, GuardedResolver::as_if_dns(address)).unwrap();
    let scanner = Scanner::with_client(&settings, client).unwrap();
    let options = ScanOptions { timeout_seconds: 20, ..ScanOptions::default() };
    let scans = (0..count).map(|number| {
        let (scanner, options) = (scanner.clone(), options.clone());
        async move {
            let name = DomainName::parse(&format!("s{number}.test")).unwrap();
            scanner.scan(&name, &options, &|_| ()).await.unwrap()
        }
    });
    let reports = futures_util::future::join_all(scans).await;
    (reports, load.most.load(Ordering::SeqCst))
}

#[tokio::test]
async fn names_that_share_an_address_share_its_limit() {
    let (reports, most) = scan_names(12, 3).await;
    assert_eq!(most, 3);
    assert!(reports.iter().all(|report| report.facts.title.as_deref() == Some("Shared")));
}

#[tokio::test]
async fn a_scan_needs_no_more_than_one_request_at_a_time() {
    let (reports, most) = scan_names(2, 1).await;
    assert_eq!(most, 1);
    for report in reports {
        assert_eq!(report.url.split(':').next(), Some("http"), "http follows where https is not spoken");
        assert_eq!((report.total_sitemaps, report.sitemap_urls), (2, 1));
        assert_eq!(report.sitemaps[0].discovered_by, SitemapSource::WellKnown);
    }
}

#[test]
fn the_product_is_found_in_a_user_agent() {
    assert_eq!(product("ScraperSky/0.1 (+https://a.test)"), "ScraperSky");
    assert_eq!(product("Mozilla/5.0 (compatible; My-Bot/2.0; +https://a.test)"), "My-Bot");
    assert_eq!(product(""), "");
}
