//! What holds for all scans of a process: limits of an address that many names share, and names that change theirs.

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::Instant,
};

use super::*;
use crate::{
    model::SitemapSource,
    scanner::resolver::{GuardedResolver, tests::NameServer},
};

/// How many requests a server has under way, and had at most.
#[derive(Default)]
struct Load {
    now: AtomicUsize,
    most: AtomicUsize,
    all: AtomicUsize,
}

impl Load {
    /// Answers one request after a moment: with a page that links nowhere, and with a sitemap in a usual place only.
    async fn answer(self: Arc<Self>, mut stream: TcpStream) -> std::io::Result<()> {
        let mut head = vec![0; 4_096];
        let length = stream.read(&mut head).await?;
        let head = String::from_utf8_lossy(&head[..length]).into_owned();
        if !head.starts_with("GET ") {
            // No TLS is spoken here.
            return stream.write_all(b"HTTP/1.1 400 No\r\n\r\n").await;
        }
        self.all.fetch_add(1, Ordering::SeqCst);
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(10)).await;
        self.now.fetch_sub(1, Ordering::SeqCst);
        let (status, kind, body) = match head.split(' ').nth(1) {
            Some("/") => (200, "text/html", "<title>Shared</title>"),
            Some("/wp-sitemap.xml") => {
                (200, "text/xml", "<sitemapindex><sitemap><loc>/a.xml</loc></sitemap></sitemapindex>")
            }
            Some("/a.xml") => (200, "text/xml", "<urlset><url><loc>/</loc></url></urlset>"),
            _ => (404, "text/plain", "none"),
        };
        let head = format!("HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nConnection: close\r\n\r\n");
        stream.write_all(format!("{head}{body}").as_bytes()).await?;
        stream.shutdown().await
    }
}

async fn start(servers: &mut JoinSet<()>) -> (SocketAddr, Arc<Load>) {
    let load = Arc::new(Load::default());
    let answering = Arc::clone(&load);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    servers.spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            connections.spawn(Arc::clone(&answering).answer(stream));
        }
    });
    (address, load)
}

async fn scan_names(count: usize, per_address: usize) -> (Vec<ScanReport>, usize) {
    let (reports, load) = scan_names_at(10_000, count, per_address, 1).await;
    (reports, load.most.load(Ordering::SeqCst))
}

/// So many scanners, which are those of several processes as far as they know, deal the names out among them.
async fn scan_names_at(
    rate: u32,
    count: usize,
    per_address: usize,
    scanners: usize,
) -> (Vec<ScanReport>, Arc<Load>) {
    let mut servers = JoinSet::new();
    let (address, load) = start(&mut servers).await;
    let settings = ScannerSettings {
        max_requests_per_address: per_address,
        max_request_rate_per_address: rate,
        // What is left to wait for is a deadlock, which this would show.
        request_timeout: Duration::from_secs(20),
        ..ScannerSettings::default()
    };
    let sharing = (0..scanners).map(|_| {
        let client = HttpClient::with_resolver(&settings, GuardedResolver::as_if_dns(address)).unwrap();
        let scanner = Scanner::with_client(&settings, client).unwrap();
        scanner.share_addresses(scanners);
        scanner
    });
    let sharing: Vec<Scanner> = sharing.collect();
    let options = ScanOptions { timeout_seconds: 20, ..ScanOptions::default() };
    let scans = (0..count).map(|number| {
        let (scanner, options) = (sharing[number % scanners].clone(), options.clone());
        async move {
            let name = DomainName::parse(&format!("s{number}.test")).unwrap();
            scanner.scan(&name, &options, &|_| ()).await.unwrap()
        }
    });
    let reports = futures_util::future::join_all(scans).await;
    (reports, load)
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

#[tokio::test]
async fn names_that_share_an_address_share_its_rate() {
    let began = Instant::now();
    let (reports, load) = scan_names_at(50, 3, 8, 1).await;
    assert_eq!(reports.len(), 3);
    let requests = u32::try_from(load.all.load(Ordering::SeqCst)).unwrap();
    assert!(requests >= 12 && began.elapsed() >= Duration::from_millis(20) * (requests - 1));
}

/// The name is public when the scan looks, and private when it connects.
#[tokio::test]
async fn a_name_that_turns_private_during_a_scan_is_not_connected_to() {
    let dns = NameServer::start().await;
    let settings = ScannerSettings { connect_timeout: Duration::from_secs(2), ..ScannerSettings::default() };
    let client = HttpClient::with_resolver(&settings, dns.resolver.clone()).unwrap();
    let scanner = Scanner::with_client(&settings, client).unwrap();
    let name = DomainName::parse("rebinding.test").unwrap();
    let error = scanner.scan(&name, &ScanOptions::default(), &|_| ()).await.unwrap_err();
    assert_eq!(error.code, Code::AddressBlocked, "{error}");
    assert!(error.message.contains("10.0.0.1"), "{error}");
}

#[tokio::test]
async fn scanners_that_share_an_address_share_its_limit_and_its_rate() {
    let (reports, load) = scan_names_at(10_000, 12, 4, 2).await;
    assert_eq!((reports.len(), load.most.load(Ordering::SeqCst)), (12, 4), "two each");
    let began = Instant::now();
    let (_, load) = scan_names_at(100, 4, 8, 2).await;
    let requests = u32::try_from(load.all.load(Ordering::SeqCst)).unwrap();
    assert!(requests >= 16 && began.elapsed() >= Duration::from_millis(10) * (requests - 2));
}

#[test]
fn the_product_is_found_in_a_user_agent() {
    assert_eq!(product("ScraperSky/0.1 (+https://a.test)"), "ScraperSky");
    assert_eq!(product("Mozilla/5.0 (compatible; My-Bot/2.0; +https://a.test)"), "My-Bot");
    assert_eq!(product(""), "");
}
