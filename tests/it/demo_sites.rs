//! The sites of `serve --demo`, scanned by the real scanner.

use std::{
    collections::{BTreeMap, HashSet},
    time::Duration,
};

use scrapersky::{
    config::ScannerSettings,
    demo::DemoSites,
    model::{
        ContactMethod, DomainName, ScanError, ScanErrorCode as Code, ScanOptions, ScanReport, SitemapKind,
        SitemapSource,
    },
    scanner::Scanner,
};
use tokio::{task::JoinSet, time::Instant};

use crate::support::eventually;

/// Fast enough for a test: the slowest site then answers in a few hundredths of a second.
const SPEED: u32 = 100;

type Outcomes = BTreeMap<String, Result<ScanReport, ScanError>>;

fn settings(sites: &DemoSites) -> ScannerSettings {
    ScannerSettings { connect_to: Some(sites.address()), ..ScannerSettings::default() }
}

/// Scans all sites at once, as the default worker does.
async fn scan_all(sites: &DemoSites, options: &ScanOptions) -> Outcomes {
    let scanner = Scanner::new(&settings(sites)).unwrap();
    let mut scans = JoinSet::new();
    for name in sites.names() {
        let (scanner, options) = (scanner.clone(), options.clone());
        scans.spawn(async move {
            let parsed = DomainName::parse(&name).unwrap();
            let outcome = scanner.scan(&parsed, &options, &|_| ()).await;
            (name, outcome)
        });
    }
    scans.join_all().await.into_iter().collect()
}

#[track_caller]
fn report<'a>(outcomes: &'a Outcomes, name: &str) -> &'a ScanReport {
    outcomes[name].as_ref().unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn failures(outcomes: &Outcomes) -> Vec<(&str, Code)> {
    let errors = outcomes.iter().filter_map(|(name, outcome)| Some((name, outcome.as_ref().err()?)));
    errors.map(|(name, error)| (name.as_str(), error.code)).collect()
}

#[tokio::test]
async fn all_thirty_are_scanned_and_the_troubled_ones_fail_as_they_should() {
    let sites = DemoSites::start_at_speed(SPEED).await.unwrap();
    let names: HashSet<String> = sites.names().into_iter().collect();
    assert_eq!(names.len(), 30);
    let ending = |name: &String| name.rsplit('.').next().map(str::to_owned);
    assert!(names.iter().filter_map(ending).all(|ending| ["example", "test"].contains(&ending.as_str())));
    let outcomes = scan_all(&sites, &ScanOptions::default()).await;
    assert_eq!(
        failures(&outcomes),
        [
            ("kestrel-tickets.example", Code::RateLimited),
            ("old-mill-museum.example", Code::HttpClientError),
            ("sesame-portal.example", Code::AddressBlocked),
            ("velvet-rope-club.example", Code::RobotsDisallowed),
        ]
    );
    let busy = outcomes["kestrel-tickets.example"].as_ref().unwrap_err();
    assert_eq!(busy.retry_after, Some(Duration::from_secs(3)));
    let blocked = outcomes["sesame-portal.example"].as_ref().unwrap_err();
    assert!(blocked.message.contains("192.168.1.10"), "{blocked}");
}

#[tokio::test]
async fn the_busy_site_and_only_it_gets_better_with_the_second_visit() {
    let sites = DemoSites::start_at_speed(SPEED).await.unwrap();
    scan_all(&sites, &ScanOptions::default()).await;
    let again = scan_all(&sites, &ScanOptions::default()).await;
    assert_eq!(failures(&again).len(), 3);
    let recovered = report(&again, "kestrel-tickets.example");
    assert_eq!(recovered.sitemap_urls, 400);
    assert_eq!(recovered.facts.phone_numbers, ["+441314960777"]);
}

#[tokio::test]
async fn every_site_shows_what_it_is_made_of() {
    let sites = DemoSites::start_at_speed(SPEED).await.unwrap();
    let outcomes = scan_all(&sites, &ScanOptions::default()).await;
    for (name, outcome) in outcomes.iter().filter_map(|(name, outcome)| Some((name, outcome.as_ref().ok()?)))
    {
        let facts = &outcome.facts;
        assert!(facts.title.is_some() && facts.description.is_some() && facts.language.is_some(), "{name}");
        assert_eq!(facts.favicon_url.is_some(), name != "alpenblick-pension.example", "{name}");
        assert!(facts.logo_url.is_some() && !facts.email_addresses.is_empty(), "{name}: {facts:?}");
        let own = DomainName::parse(name).unwrap();
        assert!(facts.email_addresses.iter().all(|address| address.ends_with(own.as_str())), "{name}");
        assert_eq!(outcome.total_sitemaps > 0, name != "midori-chaho.example", "{name}");
        assert!(!format!("{facts:?}").contains("{{"), "a template of {name} has a key that nothing fills");
    }
    let languages: HashSet<&str> = outcomes
        .values()
        .filter_map(|outcome| outcome.as_ref().ok()?.facts.language.as_deref()?.split('-').next())
        .collect();
    assert_eq!(languages.len(), 12, "{languages:?}");
}

#[tokio::test]
async fn contacts_are_found_however_they_are_written() {
    let sites = DemoSites::start_at_speed(SPEED).await.unwrap();
    let outcomes = scan_all(&sites, &ScanOptions::default()).await;
    for (name, address, method) in [
        ("bluebird-bakery.example", "hello@bluebird-bakery.example", ContactMethod::Mailto),
        ("spokes-and-chain.example", "shop@spokes-and-chain.example", ContactMethod::Text),
        ("hartwell-quinn-law.example", "intake@hartwell-quinn-law.example", ContactMethod::Cfemail),
        ("elektro-brandt.example", "info@elektro-brandt.example", ContactMethod::Text),
        ("brightwater-dental.example", "info@brightwater-dental.example", ContactMethod::JsonLd),
        ("blumen-köhler.example", "bestellung@xn--blumen-khler-cjb.example", ContactMethod::Mailto),
    ] {
        let contacts = &report(&outcomes, name).facts.contacts;
        let found = contacts.iter().find(|contact| contact.value == address);
        assert_eq!(found.map(|contact| contact.method), Some(method), "{name}: {contacts:?}");
    }
    for (name, phone) in [
        ("hartwell-quinn-law.example", "+12125550142"),
        ("thornbury-council.test", "+441174960145"),
        ("elektro-brandt.example", "+493023125417"),
        ("chez-marguerite.example", "+33199004567"),
        ("spokes-and-chain.example", "+61255504321"),
        ("granlund-design.example", "+46846500421"),
        ("midori-chaho.example", "+81750000145"),
    ] {
        assert_eq!(report(&outcomes, name).facts.phone_numbers, [phone], "{name}");
    }
}

#[tokio::test]
async fn further_pages_tell_more() {
    let sites = DemoSites::start_at_speed(SPEED).await.unwrap();
    let options = ScanOptions { max_pages: 3, ..ScanOptions::default() };
    let outcomes = scan_all(&sites, &options).await;
    let council = &report(&outcomes, "thornbury-council.test").facts;
    assert_eq!(council.email_addresses.len(), 3, "{:?}", council.email_addresses);
    let electrician = &report(&outcomes, "elektro-brandt.example").facts;
    assert!(electrician.contacts.iter().any(|contact| contact.source_url.ends_with("/impressum")));
    assert_eq!(electrician.phone_numbers, ["+493023125417"], "the telefax number is no phone");
}

#[tokio::test]
async fn sites_of_each_kind_are_recognised() {
    let sites = DemoSites::start_at_speed(SPEED).await.unwrap();
    let outcomes = scan_all(&sites, &ScanOptions::default()).await;
    let agency = &report(&outcomes, "nordlicht-agentur.example").facts;
    assert!(agency.is_wordpress && agency.has_elementor);
    assert_eq!(agency.wordpress_version.as_deref(), Some("6.6.2"));
    assert_eq!(agency.elementor_version.as_deref(), Some("3.25.10"));
    assert!(agency.wordpress_plugins.iter().any(|plugin| plugin.slug == "woocommerce"));
    let wordpress =
        outcomes.values().filter(|outcome| outcome.as_ref().is_ok_and(|own| own.facts.is_wordpress));
    assert_eq!(wordpress.count(), 4);
    let tea = &report(&outcomes, "midori-chaho.example").facts;
    assert_eq!(tea.title.as_deref(), Some("みどり茶舗｜京都・宇治の日本茶専門店"));
    assert_eq!(tea.metadata["charset"], "shift_jis");
    let podcast = &report(&outcomes, "night-signal.example").facts;
    let networks: Vec<&str> = podcast.social_links.iter().map(|link| link.network.as_str()).collect();
    assert_eq!(networks, ["patreon", "youtube", "soundcloud", "bluesky"]);
    let bakery = &report(&outcomes, "bluebird-bakery.example").facts;
    assert_eq!(bakery.metadata["structuredData"]["organization"]["address"]["locality"], "Portland, OR");
    let dentist = report(&outcomes, "brightwater-dental.example");
    assert_eq!(dentist.url, "http://www.brightwater-dental.example/");
}

#[tokio::test]
async fn every_form_of_sitemap_is_there() {
    let sites = DemoSites::start_at_speed(SPEED).await.unwrap();
    let outcomes = scan_all(&sites, &ScanOptions::default()).await;
    for (name, kinds, source, urls) in [
        ("bluebird-bakery.example", vec![SitemapKind::Urlset], SitemapSource::Robots, 34),
        (
            "spokes-and-chain.example",
            vec![SitemapKind::Index, SitemapKind::Urlset, SitemapKind::Urlset, SitemapKind::Urlset],
            SitemapSource::Robots,
            238,
        ),
        ("lakeside-vet.example", vec![SitemapKind::Urlset], SitemapSource::Link, 17),
        ("redwood-robotics.example", vec![SitemapKind::Urlset], SitemapSource::WellKnown, 96),
        ("night-signal.example", vec![SitemapKind::Rss], SitemapSource::Robots, 41),
        ("saddlers-yard.example", vec![SitemapKind::Text], SitemapSource::Robots, 26),
    ] {
        let report = report(&outcomes, name);
        let found: Vec<SitemapKind> = report.sitemaps.iter().map(|file| file.kind).collect();
        assert_eq!((found, report.sitemap_urls), (kinds, urls), "{name}");
        assert_eq!(report.sitemaps[0].discovered_by, source, "{name}");
    }
    let broken: Vec<&String> = outcomes
        .iter()
        .filter(|(_, outcome)| {
            outcome.as_ref().is_ok_and(|report| report.sitemaps.iter().any(|file| file.error.is_some()))
        })
        .map(|(name, _)| name)
        .collect();
    assert_eq!(broken, ["pracownia-sowa.example"]);
}

#[tokio::test]
async fn nothing_of_it_lies_beyond_loopback() {
    let sites = DemoSites::start_at_speed(SPEED).await.unwrap();
    assert!(sites.address().ip().is_loopback());
    let names: HashSet<String> =
        sites.names().iter().map(|name| DomainName::parse(name).unwrap().as_str().to_owned()).collect();
    let outcomes = scan_all(&sites, &ScanOptions::default()).await;
    for report in outcomes.values().filter_map(|outcome| outcome.as_ref().ok()) {
        let requested = report.sitemaps.iter().map(|file| &file.url).chain([&report.url]);
        for url in requested {
            let name = DomainName::parse(url).unwrap();
            assert!(names.contains(name.as_str()), "{url} was requested of another site");
        }
    }
}

#[tokio::test]
async fn each_site_takes_its_time_and_ends_when_the_sites_are_dropped() {
    let sites = DemoSites::start_at_speed(10).await.unwrap();
    let scanner = Scanner::new(&settings(&sites)).unwrap();
    let name = DomainName::parse("glacier-archive.example").unwrap();
    let began = Instant::now();
    scanner.scan(&name, &ScanOptions::default(), &|_| ()).await.unwrap();
    assert!(began.elapsed() > Duration::from_millis(1_500), "four answers at a tenth of 4.5 seconds each");
    let address = sites.address();
    drop(sites);
    eventually("the sites are gone", || std::net::TcpStream::connect(address).is_err()).await;
}
