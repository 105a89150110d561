//! The least that can be done with the same crates: fetch the same files, parse them, and keep next to nothing. What a
//! scan takes beyond that is the price of its facts, its manners and their storage.

use std::{io::Read, net::SocketAddr, sync::Arc};

use futures_util::StreamExt;
use quick_xml::{Reader, events::Event};
use reqwest::{
    Client,
    dns::{Name, Resolve, Resolving},
};
use scraper::{Html, Selector};

/// Visits so many names, so many at a time, and answers how many titles and addresses it found.
#[expect(clippy::disallowed_methods, reason = "a client without limits and guard is what this measures")]
pub(crate) async fn run(web: SocketAddr, domains: usize, permits: usize) -> usize {
    // A second installation is refused, and changes nothing.
    let _installed = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder().dns_resolver(Arc::new(Everywhere(web))).build();
    let client = client.unwrap_or_else(|error| panic!("a client: {error}"));
    let visits = futures_util::stream::iter(0..domains).map(|number| {
        let client = client.clone();
        tokio::spawn(async move { visit(&client, number).await.unwrap_or_default() })
    });
    visits.buffer_unordered(permits).fold(0, async |sum, found| sum + found.unwrap_or_default()).await
}

/// Every name is found at one address.
struct Everywhere(SocketAddr);

impl Resolve for Everywhere {
    fn resolve(&self, _: Name) -> Resolving {
        let address = self.0;
        Box::pin(async move { Ok(Box::new(std::iter::once(address)) as _) })
    }
}

async fn visit(client: &Client, number: usize) -> reqwest::Result<usize> {
    let site = format!("http://load-{number}.example");
    let get = async |path: &str| client.get(format!("{site}{path}")).send().await?.bytes().await;
    let _robots = get("/robots.txt").await?;
    let titles = titles(&String::from_utf8_lossy(&get("/").await?));
    let mut found =
        titles + addresses(&get("/sitemap.xml").await?) + addresses(&get("/sitemap-1.xml").await?);
    let last = client.get(format!("{site}/sitemap-2.xml.gz")).header("connection", "close").send().await?;
    let mut xml = Vec::new();
    let unpacked = flate2::read::GzDecoder::new(&*last.bytes().await?).read_to_end(&mut xml);
    found += unpacked.map_or(0, |_| addresses(&xml));
    Ok(found)
}

fn titles(page: &str) -> usize {
    let html = Html::parse_document(page);
    Selector::parse("title").map_or(0, |title| html.select(&title).count())
}

fn addresses(xml: &[u8]) -> usize {
    let mut reader = Reader::from_reader(xml);
    let mut found = 0;
    while let Ok(event) = reader.read_event() {
        match event {
            Event::Start(tag) if tag.name().as_ref() == "loc" => found += 1,
            Event::Eof => break,
            _ => {}
        }
    }
    found
}
