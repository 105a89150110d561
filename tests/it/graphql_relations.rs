//! Relations: what they answer, and that the number of statements does not depend on the number of parents.

use futures_util::StreamExt;
use scrapersky::model::{
    ScanReport, SiteFacts, SitemapFacts, SitemapKind, SitemapSource, Technology, WordpressTheme,
};
use serde_json::{Value as Json, json};

use crate::{
    on_each_database,
    support::{
        api::{TestApi, texts},
        engine::FakeScans,
    },
};

fn names(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("site-{number:03}.example")).collect()
}

async fn submit(api: &TestApi, names: &[String]) -> String {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    api.engine.submit(&names).await.batch_id.unwrap().to_string()
}

fn rich_report() -> ScanReport {
    let sitemap = |file: &str, kind, discovered_by| SitemapFacts {
        url: format!("https://found.example/{file}"),
        kind,
        discovered_by,
        url_count: 7,
        last_modified: None,
        error: None,
    };
    let php = Technology {
        name: "PHP".to_owned(),
        version: None,
        categories: vec!["Programming languages".to_owned()],
        confidence: 100,
        evidence: vec!["header".to_owned()],
    };
    ScanReport {
        url: "https://found.example/home".to_owned(),
        facts: SiteFacts {
            title: Some("Found".to_owned()),
            is_wordpress: true,
            wordpress_themes: vec![WordpressTheme { slug: "astra".to_owned(), version: None }],
            technologies: vec![php],
            tech_stack: json!({ "cms": ["WordPress"] }).as_object().unwrap().clone(),
            email_addresses: vec!["info@found.example".to_owned()],
            ..SiteFacts::default()
        },
        total_sitemaps: 2,
        sitemap_urls: 7,
        sitemaps: vec![
            sitemap("2.xml", SitemapKind::Index, SitemapSource::Robots),
            sitemap("1.xml", SitemapKind::Urlset, SitemapSource::WellKnown),
        ],
        ..ScanReport::default()
    }
}

const NESTED: &str = "nodes { id name status latestJob { id } batchJob { id status totalDomains } \
     jobs(first: 5) { totalCount pageInfo { hasNextPage } nodes { id status sequence domain { id name } batchJob { id } } } sitemaps { url } }";

on_each_database! {
    async fn one_domain_takes_one_statement(database: TestDatabase) {
        let api = TestApi::start(&database).await;
        submit(&api, &names(3)).await;
        let (statements, data) = api.counted("{ domain(by: { name: \"site-001.example\" }) { id name url status title } }").await;
        assert_eq!((statements, &data["domain"]["name"]), (1, &json!("site-001.example")));
        let id = data["domain"]["id"].as_str().unwrap();
        let (statements, data) = api.counted(&format!("{{ domain(by: {{ id: \"{id}\" }}) {{ name url emailAddresses }} }}")).await;
        assert_eq!((statements, &data["domain"]["url"]), (1, &json!("https://site-001.example/")));
    }

    async fn fifty_domains_with_five_jobs_each_and_their_batches_take_three_statements(database: TestDatabase) {
        let api = TestApi::start(&database).await;
        for _ in 0..6 {
            submit(&api, &names(60)).await;
        }
        let query = "{ domains(first: 50) { nodes { name jobs(first: 5) { nodes { id status } } batchJob { status } } } }";
        let (statements, data) = api.counted(query).await;
        assert_eq!(statements, 3);
        for node in data["domains"]["nodes"].as_array().unwrap() {
            assert_eq!(node["jobs"]["nodes"].as_array().unwrap().len(), 5, "{node}");
        }
    }

    async fn a_batch_with_300_jobs_and_their_domains_takes_three_statements(database: TestDatabase) {
        let api = TestApi::start(&database).await;
        let batch = submit(&api, &names(320)).await;
        let query = format!("{{ batchJob(id: \"{batch}\") {{ jobs(first: 300) {{ nodes {{ id domain {{ name }} }} }} }} }}");
        let (statements, data) = api.counted(&query).await;
        assert_eq!(statements, 3);
        let found = texts(&data["batchJob"]["jobs"]["nodes"], "/domain/name");
        assert_eq!(found, names(320)[..300], "in the order of submission, each with its own domain");
    }

    async fn the_number_of_statements_is_that_of_the_levels_whatever_the_number_of_parents(database: TestDatabase) {
        let api = TestApi::start(&database).await;
        for _ in 0..3 {
            submit(&api, &names(80)).await;
        }
        let mut counts = Vec::new();
        for parents in [1, 2, 80] {
            let (statements, data) = api.counted(&format!("{{ domains(first: {parents}) {{ {NESTED} }} }}")).await;
            assert_eq!(data["domains"]["nodes"].as_array().unwrap().len(), parents);
            counts.push(statements);
        }
        // Domains; latest jobs, batches, pages of jobs, sitemaps; counts of jobs; domains and batches of the jobs, unless
        // they are known already.
        assert!(counts.iter().all(|count| (7..=8).contains(count)), "{counts:?}");
    }

    async fn pages_of_many_parents_are_each_parents_own(database: TestDatabase) {
        let api = TestApi::start(&database).await;
        let (all, some) = (names(12), names(5));
        let (first, second) = (submit(&api, &all).await, submit(&api, &some).await);
        let cursor = api.data(&format!("{{ batchJob(id: \"{second}\") {{ jobs(first: 1) {{ pageInfo {{ endCursor }} }} \
            domains(last: 2) {{ pageInfo {{ startCursor }} }} }} }}")).await;
        let (after, before) = (&cursor["batchJob"]["jobs"]["pageInfo"]["endCursor"], &cursor["batchJob"]["domains"]["pageInfo"]["startCursor"]);
        let (statements, data) = api.counted(&format!("{{ batchJobs {{ nodes {{ id \
            jobs(first: 3) {{ nodes {{ batchJob {{ id }} domain {{ name }} }} pageInfo {{ hasNextPage }} totalCount }} \
            domains(last: 4) {{ nodes {{ name }} pageInfo {{ hasPreviousPage }} totalCount }} \
            later: jobs(after: {after}) {{ nodes {{ id }} }} \
            earlier: domains(before: {before}) {{ nodes {{ name }} }} \
            done: jobs(filter: {{ statuses: [COMPLETE] }}) {{ nodes {{ id }} totalCount }} }} }} }}")).await;
        // Batches; five pages; three counts; the domains of the jobs and, again, the batches.
        assert_eq!(statements, 11);
        let batches = data["batchJobs"]["nodes"].as_array().unwrap();
        assert_eq!(batches[0]["id"], second);
        assert_eq!(batches[1]["id"], first);
        for (batch, names, more) in [(&batches[1], &all, true), (&batches[0], &some, true)] {
            assert_eq!(texts(&batch["jobs"]["nodes"], "/domain/name"), names[..3]);
            assert!(texts(&batch["jobs"]["nodes"], "/batchJob/id").iter().all(|id| *id == batch["id"]));
            assert_eq!(texts(&batch["domains"]["nodes"], "/name"), names[names.len() - 4..]);
            assert_eq!((&batch["jobs"]["totalCount"], &batch["domains"]["totalCount"]), (&json!(names.len()), &json!(names.len())));
            assert_eq!(batch["jobs"]["pageInfo"]["hasNextPage"], more);
            assert_eq!(batch["domains"]["pageInfo"]["hasPreviousPage"], true);
            assert_eq!(batch["done"], json!({ "nodes": [], "totalCount": 0 }));
        }
        assert_eq!(batches[0]["later"]["nodes"].as_array().unwrap().len(), 4);
        assert_eq!(batches[1]["later"]["nodes"], json!([]), "every job of the first batch is older");
        assert_eq!(texts(&batches[0]["earlier"]["nodes"], "/name"), names(3));
        assert_eq!(batches[1]["earlier"]["nodes"].as_array().unwrap().len(), 12);
    }

    async fn totals_are_counted_only_when_they_are_asked_for(database: TestDatabase) {
        let api = TestApi::start(&database).await;
        submit(&api, &names(3)).await;
        for list in ["domains", "jobs", "batchJobs"] {
            let (without, _) = api.counted(&format!("{{ {list} {{ nodes {{ id }} }} }}")).await;
            let (with, _) = api.counted(&format!("{{ {list} {{ nodes {{ id }} totalCount }} }}")).await;
            assert_eq!((without, with), (1, 2), "{list}");
        }
    }

    async fn a_scanned_domain_shows_what_its_scan_found(database: TestDatabase) {
        let api = TestApi::start(&database).await;
        let before = submit(&api, &["found.example".to_owned()]).await;
        let query = "{ domain(by: { name: \"https://www.Found.example/about\" }) { name status url title isWordpress lastScan \
            wordpressThemes { slug version } technologies { name } emailAddresses techStack metadata tags totalSitemaps \
            sitemaps { url kind discoveredBy urlCount } latestJob { status step progress attempts result domain { name } batchJob { id } } batchJob { id } } }";
        let fresh = api.data(query).await["domain"].take();
        assert_eq!((&fresh["status"], &fresh["isWordpress"], &fresh["lastScan"]), (&json!("PENDING"), &json!(null), &json!(null)));
        assert_eq!((&fresh["wordpressThemes"], &fresh["emailAddresses"], &fresh["techStack"], &fresh["metadata"]),
            (&json!([]), &json!([]), &json!({}), &json!({})));
        let worker = api.engine.work(FakeScans::new().on("found.example", |_| async { Ok(rich_report()) }));
        let progress = format!("subscription {{ batchProgress(batchId: \"{before}\") {{ status }} }}");
        let states: Vec<Json> = api.watch(&api.engine.scope, &progress).collect().await;
        assert_eq!(states.last().unwrap()["data"]["batchProgress"]["status"], "COMPLETE");
        worker.stop().await;
        let scanned = api.data(query).await["domain"].take();
        let facts = serde_json::to_value(rich_report()).unwrap();
        assert_eq!(scanned["status"], "SCANNED");
        for fact in ["url", "title", "isWordpress", "wordpressThemes", "emailAddresses", "techStack", "totalSitemaps"] {
            assert_eq!(scanned[fact], facts[fact], "{fact}");
        }
        assert_eq!(scanned["technologies"], json!([{ "name": "PHP" }]));
        let sitemaps = json!([
            { "url": "https://found.example/2.xml", "kind": "INDEX", "discoveredBy": "ROBOTS", "urlCount": 7 },
            { "url": "https://found.example/1.xml", "kind": "URLSET", "discoveredBy": "WELL_KNOWN", "urlCount": 7 },
        ]);
        assert_eq!(scanned["sitemaps"], sitemaps, "in the order in which they were found");
        assert!(scanned["lastScan"].as_str().unwrap().ends_with('Z'));
        let job = &scanned["latestJob"];
        assert_eq!((&job["status"], &job["step"], &job["progress"], &job["attempts"]), (&json!("COMPLETE"), &json!("DONE"), &json!(1.0), &json!(1)));
        assert_eq!((&job["domain"]["name"], &job["batchJob"]["id"]), (&scanned["name"], &json!(before)));
    }
}
