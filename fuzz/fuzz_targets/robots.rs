//! The robots.txt parser and matcher: a path in the first line, the file after it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use scrapersky::scanner::robots::Robots;
use url::Url;

fuzz_target!(|input: &[u8]| {
    let end = input.iter().position(|&byte| byte == b'\n').unwrap_or(0);
    let (path, file) = input.split_at(end);
    let robots = Robots::parse(file, "ScraperSky");
    let Ok(home) = Url::parse("https://shop.example/robots.txt") else { return };
    assert!(robots.allows(&home), "the file itself may always be read");
    assert!(robots.crawl_delay().is_none_or(|delay| delay.as_secs() <= 3_600));
    assert!(robots.sitemaps(&home).count() <= 10_000);
    if let Ok(url) = home.join(&String::from_utf8_lossy(path)) {
        let is_allowed = robots.allows(&url);
        assert_eq!(is_allowed, Robots::parse(file, "ScraperSky").allows(&url));
    }
});
