//! How many addresses a second the sitemap reader takes in, from memory on one core.

use std::{hint::black_box, io::Write};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use flate2::{Compression, write::GzEncoder};
use scrapersky::scanner::sitemap::{ReadLimits, SitemapContent, SitemapReader};

/// As many addresses as one file may list.
const PAGES: usize = 50_000;

/// What the network hands over at a time.
const CHUNK: usize = 16 << 10;

fn page(number: usize) -> String {
    let (month, day) = (number % 12 + 1, number % 28 + 1);
    format!(
        "<url>\n<loc>https://shop.example/products/number-{number}/with-a-telling-name</loc>\n\
         <lastmod>2025-{month:02}-{day:02}T08:00:00+00:00</lastmod>\n</url>\n"
    )
}

fn urlset() -> Vec<u8> {
    let head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
                <urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n";
    let pages: String = (0..PAGES).map(page).collect();
    format!("{head}{pages}</urlset>\n").into_bytes()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).unwrap_or_default()
}

fn read(bytes: &[u8]) -> SitemapContent {
    let mut reader = SitemapReader::new(None, ReadLimits { bytes: 1 << 30, children: 100 });
    for chunk in bytes.chunks(CHUNK) {
        reader.push(chunk);
    }
    reader.finish()
}

fn sitemap(criterion: &mut Criterion) {
    let plain = urlset();
    let packed = gzip(&plain);
    assert_eq!((read(&plain).count, read(&packed).count), (PAGES as u64, PAGES as u64));
    let mut group = criterion.benchmark_group("sitemap");
    group.throughput(Throughput::Elements(PAGES as u64));
    group.bench_function("plain", |bench| bench.iter(|| black_box(read(black_box(&plain)))));
    group.bench_function("gzip", |bench| bench.iter(|| black_box(read(black_box(&packed)))));
    group.finish();
}

criterion_group!(benches, sitemap);
criterion_main!(benches);
