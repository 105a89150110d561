//! How much memory scans take at most, each seen on a process of its own.
#![cfg(target_os = "linux")]

use std::{fmt::Write, fs, process::Stdio, time::Duration};

use serde_json::Value;

use crate::support::{
    child::program,
    fake_site::{Answer, FakeSite, gzip},
};

const MIB: u64 = 1 << 20;

/// What a process that scans these names prints, and the most memory it held, in bytes.
async fn scan_apart(web: &FakeSite, arguments: &[&str], names: &[&str]) -> (Vec<Value>, u64) {
    let folder = tempfile::tempdir().unwrap();
    let address = web.address().to_string();
    let mut command =
        program(folder.path(), &[&["scan", "--connect-to", &address], arguments, names].concat());
    let output = fs::File::create(folder.path().join("out")).unwrap();
    command.stdout(output).stderr(Stdio::null());
    let most = tokio::task::spawn_blocking(move || {
        let mut child = command.spawn().unwrap();
        let status = format!("/proc/{}/status", child.id());
        let mut most = 0;
        while child.try_wait().unwrap().is_none() {
            // The kernel keeps the highest mark, so that no moment is missed but the very last.
            most = most.max(high_water_mark(&fs::read_to_string(&status).unwrap_or_default()));
            std::thread::sleep(Duration::from_millis(5));
        }
        most
    });
    let most = most.await.unwrap();
    let lines = fs::read_to_string(folder.path().join("out")).unwrap();
    (lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect(), most)
}

fn high_water_mark(status: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
    kilobytes.map_or(0, |kilobytes| kilobytes.parse::<u64>().unwrap() << 10)
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_sites_together_take_bounded_memory() {
    let web = FakeSite::start().await;
    let mut bomb = b"<title>Bomb</title>".to_vec();
    bomb.resize(100 << 20, b' ');
    let hostile = [
        ("endless", 8, Answer::html("<p>endless".repeat(1_000)).endless()),
        ("bomb", 8, Answer::html(bomb).gzipped()),
        ("headers", 8, Answer::header_flood(90, 100_000)),
        ("nested", 2, Answer::html("<div>".repeat(400_000))),
        ("nodes", 2, Answer::html("<i>a</i>".repeat(250_000))),
        ("attributes", 2, Answer::html(format!("<p {}>", "a=b ".repeat(500_000)))),
        ("links", 2, Answer::html("<a href='mailto:a@b.cc'>+49 30 123456</a>".repeat(50_000))),
    ];
    let mut names = Vec::new();
    for (name, count, answer) in hostile {
        for number in 0..count {
            names.push(format!("{name}{number}.test"));
            web.site(&format!("{name}{number}.test")).answer("/", answer.clone());
        }
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let (lines, most) = scan_apart(&web, &["--concurrency", "64"], &names).await;
    assert_eq!(lines.len(), names.len());
    assert!(most > 10 * MIB && most < 500 * MIB, "{} MiB", most / MIB);
}

/// Of a whole process in a release build a million addresses take less than 64 MiB; much of what a debug build holds is
/// its own code. So this is about what they add to a scan of a single page.
#[tokio::test(flavor = "multi_thread")]
async fn a_million_addresses_in_sitemaps_add_less_than_24_mebibytes() {
    let web = FakeSite::start().await;
    let site = web.site("map.test");
    let mut urls = String::from("<urlset>");
    for number in 0..50_000 {
        write!(urls, "<url><loc>https://map.test/page/{number}</loc><lastmod>2026-01-02</lastmod></url>")
            .unwrap();
    }
    urls += "</urlset>";
    let (packed, mut index) = (gzip(urls.as_bytes()), String::from("<sitemapindex>"));
    for number in 0..20 {
        write!(index, "<sitemap><loc>/{number}.xml</loc></sitemap>").unwrap();
        let file = if number % 2 == 0 { urls.clone().into_bytes() } else { packed.clone() };
        site.file(&format!("/{number}.xml"), file);
    }
    site.page("/", "<title>Map</title>")
        .robots("Sitemap: /index.xml")
        .file("/index.xml", index + "</sitemapindex>");
    web.site("page.test").page("/", "<title>Page</title>");
    let (_, plain) = scan_apart(&web, &[], &["page.test"]).await;
    let (lines, most) = scan_apart(&web, &["--timeout", "200"], &["map.test"]).await;
    assert_eq!(lines[0]["sitemapUrls"], 1_000_000);
    assert!(
        plain > 10 * MIB && most < plain + 24 * MIB,
        "{} MiB, {} MiB with a page alone",
        most / MIB,
        plain / MIB
    );
}
