//! What one page of 70 kB costs: parsing alone, all facts, and the technology rules alone.

use std::{fmt::Write as _, fs, hint::black_box, path::Path};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use reqwest::header::HeaderMap;
use scraper::{Html, Selector};
use scrapersky::{
    model::DomainName,
    scanner::{
        extract::{PageSource, extract},
        fingerprints::{Evidence, Fingerprints},
    },
};
use url::Url;

/// The size of the page: about the median of homepages.
const PAGE_BYTES: usize = 70_000;
/// As many rules as the largest public sets have.
const RULES: usize = 4_000;

/// A homepage with the proportions of real ones: scripts and styles, navigation, cards with images and links.
fn page() -> String {
    let fixture = include_str!("../tests/fixtures/pages/agency_wordpress_elementor.http");
    let html = fixture.split_once("\n\n").map_or(fixture, |(_, body)| body);
    let (before, after) = html.split_once("</main>").unwrap_or((html, ""));
    let mut page = before.to_owned();
    page.push_str("<script>");
    for index in 0..180 {
        let _ = write!(
            page,
            "window.app.register({{id:{index},name:\"widget-{index}\",options:{{delay:{index}00,ease:\"out\"}}}});"
        );
    }
    page.push_str("</script><style>");
    for index in 0..160 {
        let _ = write!(
            page,
            ".elementor-element-{index:x}{{margin:{index}px auto;padding:0 12px;color:#1a2b{index:02x}}}"
        );
    }
    page.push_str("</style>");
    let mut index = 0;
    while page.len() + after.len() + 8 < PAGE_BYTES {
        index += 1;
        let _ = write!(
            page,
            "<div class=\"elementor-column card card-{index}\" data-id=\"{index:x}\"><a href=\"/projekte/projekt-{index}/\">\
             <img loading=\"lazy\" src=\"/wp-content/uploads/2024/03/projekt-{index}-300x200.jpg\" alt=\"Projekt {index}\"></a>\
             <h3 class=\"title\">Projekt Nummer {index}</h3><p>Am {}.03.2024 abgeschlossen, Auftrag {index}00431, für einen \
             Kunden aus dem Norden: Konzept, Gestaltung und Umsetzung in {index} Wochen.</p></div>",
            index % 28 + 1
        );
    }
    page + "</main>" + after
}

/// The built-in rules and generated ones of the usual kinds.
fn many_rules(directory: &Path) -> Fingerprints {
    let builtin = Fingerprints::builtin().map_or(0, |rules| rules.len());
    let mut rules = serde_json::Map::new();
    for index in builtin..RULES {
        let rule = match index % 5 {
            0 => {
                serde_json::json!({"cats": [19], "scriptSrc": format!("cdn\\.vendor{index}\\.com/(?:v([\\d.]+)/)?tag\\.js\\;version:\\1")})
            }
            1 => serde_json::json!({"cats": [19], "html": format!("<div[^>]+id=\"vendor{index}-[a-z]+\"")}),
            2 => serde_json::json!({"cats": [19], "dom": format!("link[href*='/plugins/vendor{index}/']")}),
            3 => serde_json::json!({"cats": [19], "scripts": format!("vendor{index}\\.init\\(")}),
            _ => {
                serde_json::json!({"cats": [19], "headers": {format!("X-Vendor-{index}"): ""}, "meta": {"generator": format!("^Vendor{index} ([\\d.]+)\\;version:\\1")}})
            }
        };
        rules.insert(format!("Vendor {index}"), rule);
    }
    let _ = fs::create_dir_all(directory);
    let _ = fs::write(directory.join("many.json"), serde_json::Value::Object(rules).to_string());
    Fingerprints::with_directory(directory).unwrap_or_else(|error| unreachable!("{error}"))
}

fn extraction(criterion: &mut Criterion) {
    let html = page();
    let Ok(url) = Url::parse("https://www.nordlicht-agentur.de/") else { return };
    let Ok(site) = DomainName::parse("nordlicht-agentur.de") else { return };
    let headers = HeaderMap::new();
    let source = PageSource { url: &url, headers: &headers, body: html.as_bytes() };
    let Ok(builtin) = Fingerprints::builtin() else { return };
    let directory = std::env::temp_dir().join(format!("fingerprints-{}", std::process::id()));
    let many = many_rules(&directory);
    let _ = fs::remove_dir_all(&directory);

    let mut group = criterion.benchmark_group("extraction of a 70 kB page");
    group.throughput(Throughput::Bytes(html.len() as u64));
    group.bench_function("parsing alone", |bencher| bencher.iter(|| Html::parse_document(black_box(&html))));
    group.bench_function("all facts, built-in rules", |bencher| {
        bencher.iter(|| extract(black_box(&source), &builtin, &site));
    });
    group.bench_function("all facts, 4,000 rules", |bencher| {
        bencher.iter(|| extract(black_box(&source), &many, &site));
    });

    let document = Html::parse_document(&html);
    let texts = Texts::of(&document);
    let evidence = texts.evidence(&url, &headers, &html, &document);
    group.bench_function("technologies alone, built-in rules", |bencher| {
        bencher.iter(|| builtin.detect(black_box(&evidence)));
    });
    group.bench_function("technologies alone, 4,000 rules", |bencher| {
        bencher.iter(|| many.detect(black_box(&evidence)));
    });
    group.finish();
}

/// What the rules look at, collected from a parsed page.
struct Texts<'a> {
    metas: Vec<(&'a str, &'a str)>,
    script_urls: Vec<&'a str>,
    scripts: Vec<&'a str>,
    styles: Vec<&'a str>,
    text: String,
}

impl<'a> Texts<'a> {
    fn of(document: &'a Html) -> Self {
        let all = |selector: &str| {
            let selector = Selector::parse(selector).unwrap_or_else(|error| unreachable!("{error}"));
            document.select(&selector).collect::<Vec<_>>()
        };
        Self {
            metas: all("meta[name]")
                .iter()
                .filter_map(|meta| Some((meta.attr("name")?, meta.attr("content")?)))
                .collect(),
            script_urls: all("script[src]").iter().filter_map(|script| script.attr("src")).collect(),
            scripts: all("script:not([src])").iter().flat_map(scraper::ElementRef::text).collect(),
            styles: all("style").iter().flat_map(scraper::ElementRef::text).collect(),
            text: all("main").iter().flat_map(scraper::ElementRef::text).collect(),
        }
    }

    fn evidence<'e>(
        &'e self,
        url: &'e Url,
        headers: &'e HeaderMap,
        source: &'e str,
        html: &'e Html,
    ) -> Evidence<'e> {
        Evidence {
            url,
            headers,
            source,
            html,
            metas: &self.metas,
            script_urls: &self.script_urls,
            folders: &[],
            scripts: &self.scripts,
            styles: &self.styles,
            text: &self.text,
        }
    }
}

criterion_group!(benches, extraction);
criterion_main!(benches);
