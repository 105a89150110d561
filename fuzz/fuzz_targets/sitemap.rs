//! The sitemap reader: any bytes, which come to the same whole and in pieces.

#![no_main]

use libfuzzer_sys::fuzz_target;
use scrapersky::scanner::sitemap::{ReadLimits, SitemapContent, SitemapReader};

const LIMITS: ReadLimits = ReadLimits { bytes: 1 << 20, children: 100 };

fuzz_target!(|input: &[u8]| {
    let Some((&size, file)) = input.split_first() else { return };
    let whole = read(file, file.len().max(1));
    let pieces = read(file, usize::from(size).max(1));
    assert!(whole.bytes <= LIMITS.bytes && whole.children.len() <= LIMITS.children);
    assert_eq!((whole.kind, whole.count, whole.children), (pieces.kind, pieces.count, pieces.children));
    assert_eq!(whole.last_modified, pieces.last_modified);
});

fn read(file: &[u8], size: usize) -> SitemapContent {
    let mut reader = SitemapReader::new(None, LIMITS);
    for piece in file.chunks(size) {
        if !reader.push(piece) {
            break;
        }
    }
    reader.finish()
}
