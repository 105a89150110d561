//! Connections: how many a scan needs, and how long they stay.

use std::time::Duration;

use scrapersky::{
    model::{DomainName, ScanOptions},
    scanner::Scanner,
};

use crate::support::fake_site::FakeSite;

#[tokio::test]
async fn the_requests_of_a_scan_share_a_connection_that_is_closed_soon_after() {
    let web = FakeSite::start().await;
    web.site("shop.test")
        .page("/", "<title>Shop</title>")
        .robots("Sitemap: /a.xml")
        .file("/a.xml", "<urlset/>");
    let scanner = Scanner::new(&web.settings()).unwrap();
    let name = DomainName::parse("shop.test").unwrap();
    scanner.scan(&name, &ScanOptions::default(), &|_| ()).await.unwrap();
    assert_eq!((web.site("shop.test").paths().len(), web.connections().0), (4, 1));
    let is_closed = async {
        while web.connections().1 > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(3), is_closed).await.expect("an idle connection is given up");
    drop(scanner);
}
