//! The whole product under load: so many fake domains on loopback, each a homepage of about 72 kB, robots.txt and a
//! sitemap index with two files, one of them compressed, are scanned and stored by a server process of its own. For
//! comparison a bare client, a process of its own too, fetches and parses the same files and keeps nothing.
//!
//! `cargo bench --bench scan_load [-- DOMAINS [PERMITS]]`

#![expect(
    clippy::panic,
    clippy::print_stdout,
    reason = "a program that measures prints, and ends when it cannot"
)]

#[path = "support/bare.rs"]
mod bare;
mod support;

use std::{
    io::Write,
    net::SocketAddr,
    process::Command,
    time::{Duration, Instant},
};

use axum::{Router, body::Bytes, http::header, response::IntoResponse, routing::get};
use serde_json::{Value, json};
use support::ServerProcess;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

fn page() -> Bytes {
    let head = r#"<!doctype html><html lang="en"><head><title>Load test shop</title>
        <meta name="description" content="A shop for load tests."><meta name="generator" content="WordPress 6.5.2">
        <link rel="icon" href="/favicon.png"><link rel="stylesheet" href="/wp-content/themes/shop/style.css?ver=2.1">
        <script src="/wp-content/plugins/woocommerce/assets/js/cart.min.js?ver=8.9.1"></script>
        <script async src="https://www.googletagmanager.com/gtag/js?id=G-ABCDEF1234"></script></head><body>
        <a href="mailto:info@load-shop.com">mail</a><a href="tel:+442079460123">phone</a>
        <a href="https://www.facebook.com/loadshop">Facebook</a>"#;
    let item = r#"<article class="product card"><h2><a href="/product/item">A product with a name</a></h2>
        <img src="/wp-content/uploads/item.jpg" alt="item"><p>Some words about the product, as shops write them, at
        some length and with a <b>bold</b> word.</p><span class="price">£12.50</span></article>"#;
    Bytes::from(format!("{head}{}</body></html>", item.repeat((72_000 - head.len()) / item.len())))
}

fn urlset(urls: usize) -> String {
    let urls = (0..urls).fold(String::new(), |urls, n| {
        urls + "<url><loc>http://load.example/page/"
            + &n.to_string()
            + "</loc><lastmod>2026-01-02</lastmod></url>"
    });
    format!(
        "<?xml version=\"1.0\"?><urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">{urls}</urlset>"
    )
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).unwrap_or_default()
}

async fn serve_web() -> SocketAddr {
    let index = "<sitemapindex xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\
        <sitemap><loc>/sitemap-1.xml</loc></sitemap><sitemap><loc>/sitemap-2.xml.gz</loc></sitemap></sitemapindex>";
    let file = |kind: &'static str, bytes: Vec<u8>| {
        let bytes = Bytes::from(bytes);
        get(move || async move { ([(header::CONTENT_TYPE, kind)], bytes).into_response() })
    };
    let routes = Router::new()
        .route("/", file("text/html; charset=utf-8", page().to_vec()))
        .route(
            "/robots.txt",
            file("text/plain", b"User-agent: *\nAllow: /\nSitemap: /sitemap.xml\n".to_vec()),
        )
        .route("/sitemap.xml", file("application/xml", index.as_bytes().to_vec()))
        .route("/sitemap-1.xml", file("application/xml", urlset(650).into_bytes()))
        .route("/sitemap-2.xml.gz", file("application/gzip", gzip(urlset(650).as_bytes())));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap_or_else(|error| panic!("a port: {error}"));
    let address = listener.local_addr().unwrap_or_else(|error| panic!("an address: {error}"));
    tokio::spawn(async move { axum::serve(listener, routes).await });
    address
}

/// What a process has taken so far.
fn processor_time(process: &str) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks: u64 =
        after_name.split_whitespace().skip(11).take(2).filter_map(|text| text.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

/// Runs this program again as the bare client, and shows what it prints.
async fn run_bare(web: SocketAddr, domains: usize, permits: &str) {
    let program = std::env::current_exe().unwrap_or_else(|error| panic!("this program: {error}"));
    let mut client = Command::new(program);
    client.args(["bare", &web.to_string(), &domains.to_string(), permits]);
    let ended = tokio::task::spawn_blocking(move || client.status()).await;
    assert!(matches!(ended, Ok(Ok(status)) if status.success()), "the bare client ends well: {ended:?}");
}

#[expect(clippy::cast_precision_loss, reason = "small numbers")]
async fn be_bare(web: SocketAddr, domains: usize, permits: usize) {
    let found = bare::run(web, domains, permits).await;
    assert_eq!(found, domains * 1_303, "of each domain a title, two sitemaps and their 1,300 addresses");
    let taken = processor_time("self").as_secs_f64();
    println!("bare client's               {:>8.2} ms a domain", taken * 1e3 / domains as f64);
}

/// The server with what is asked of it.
struct Server(ServerProcess);

impl Server {
    fn cpu(&self) -> Duration {
        processor_time(&self.0.id().to_string())
    }

    async fn ask(&self, query: &str, variables: Value) -> Value {
        let body = json!({ "query": query, "variables": variables }).to_string();
        let request = format!(
            "POST /graphql HTTP/1.0\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            self.0.address,
            body.len()
        );
        let mut answer = String::new();
        let exchange = async {
            let mut stream = TcpStream::connect(self.0.address).await?;
            stream.write_all(request.as_bytes()).await?;
            stream.read_to_string(&mut answer).await
        };
        let read = exchange.await;
        let json =
            answer.split_once("\r\n\r\n").and_then(|(_, body)| serde_json::from_str::<Value>(body).ok());
        json.map_or_else(|| panic!("no answer ({read:?}): {answer:.300}"), |json| json["data"].clone())
    }
}

#[tokio::main]
#[expect(clippy::cast_precision_loss, reason = "small numbers")]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [word, web, domains, permits] = arguments.as_slice()
        && word == "bare"
        && let (Ok(web), Ok(domains), Ok(permits)) = (web.parse(), domains.parse(), permits.parse())
    {
        return be_bare(web, domains, permits).await;
    }
    let mut numbers = arguments.into_iter().filter(|argument| argument.parse::<usize>().is_ok());
    let domains: usize = numbers.next().and_then(|number| number.parse().ok()).unwrap_or(10_000);
    let permits = numbers.next().unwrap_or_else(|| "256".to_owned());
    let web = serve_web().await;
    let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("a folder: {error}"));
    let server = Server(ServerProcess::start(folder.path(), web, &permits));
    tokio::time::sleep(Duration::from_secs(2)).await;
    println!("idle memory                 {:>8.1} MB", server.0.memory("VmRSS:") / 1e3);

    let names: Vec<String> = (0..domains).map(|number| format!("load-{number}.example")).collect();
    let submit =
        "mutation ($names: [String!]!) { scanDomains(input: { names: $names }) { batchJob { id } } }";
    let (began, cpu) = (Instant::now(), server.cpu());
    let batch = server.ask(submit, json!({ "names": names })).await["scanDomains"]["batchJob"]["id"].clone();
    println!("accept {domains} names        {:>8.2} s", began.elapsed().as_secs_f64());
    let look = "query ($id: ID!) { batchJob(id: $id) { status completedDomains failedDomains failureCounts { code count } } }";
    let last = loop {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let state = server.ask(look, json!({ "id": batch })).await["batchJob"].clone();
        if !matches!(state["status"].as_str(), Some("PENDING" | "RUNNING")) {
            break state;
        }
    };
    let took = began.elapsed();
    println!("scanned and stored          {:>8.0} domains/s", domains as f64 / took.as_secs_f64());
    println!(
        "server's processor time     {:>8.2} ms a domain",
        server.cpu().saturating_sub(cpu).as_secs_f64() * 1e3 / domains as f64
    );
    println!("highest memory              {:>8.1} MB", server.0.memory("VmHWM:") / 1e3);
    println!("{last}");
    drop(server);
    run_bare(web, domains, &permits).await;
}
