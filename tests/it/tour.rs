//! The main job on real input: names in, progress over a socket, facts out.

use scrapersky::http::{Tour, example_tabs};
use serde_json::{Value, json};

use crate::{
    on_each_database,
    support::{app::TestApp, database::TestDatabase, fake_site::Answer},
};

const SUBMIT: &str = "mutation ($names: [String!]!) { scanDomains(input: { names: $names }) {
    batchJob { id status totalDomains } rejected { input reason } duplicates reused } }";

const WATCH: &str = "subscription ($id: ID!) { batchProgress(batchId: $id) {
    status totalDomains completedDomains failedDomains progress emittedAt batchJob { id status completedDomains } } }";

const FACTS: &str = "query ($name: String!) { domain(by: { name: $name }) {
    name unicodeName url status title description language faviconUrl logoUrl isWordpress wordpressVersion
    wordpressThemes { slug version } wordpressPlugins { slug version } hasElementor elementorVersion
    technologies { name version categories confidence evidence } techStack emailAddresses phoneNumbers
    contacts { kind value raw method role sourceUrl } socialLinks { network url } facebookUrl twitterUrl linkedinUrl
    instagramUrl youtubeUrl totalSitemaps sitemapUrls
    sitemaps { url kind discoveredBy urlCount lastModified error } } }";

const PAGE: &str = r#"<!doctype html><html lang="en"><head><title>Harbour Bakery</title>
    <meta name="description" content="Bread by the sea."><meta name="generator" content="WordPress 6.5.2">
    <link rel="icon" href="/icon.png">
    <link rel="stylesheet" href="/wp-content/themes/harbour/style.css?ver=1.4"></head>
    <body><p>Call <a href="tel:+14155552671">415 555 2671</a> or write to
    <a href="mailto:Hello@harbour-bakery.com">us</a>.</p>
    <a href="https://www.facebook.com/harbourbakery">Facebook</a></body></html>"#;

fn serve_bakery(app: &TestApp, name: &str) {
    let sitemap = r#"<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
        <url><loc>/a</loc></url><url><loc>/b</loc></url></urlset>"#;
    let robots = "User-agent: *\nAllow: /\nSitemap: /pages.xml";
    app.web.site(name).page("/", PAGE).robots(robots).file("/pages.xml", sitemap);
}

async fn submit(app: &TestApp, names: &[&str]) -> Value {
    app.ask(SUBMIT, json!({ "names": names })).await["scanDomains"].clone()
}

on_each_database! {
    async fn names_go_in_progress_is_watched_and_facts_come_out(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        serve_bakery(&app, "harbour.test");
        app.web.site("gone.test").answer("/", Answer::status(410));
        let submitted = submit(&app, &["https://www.Harbour.test/x", "gone.test", "harbour.test", "10.0.0.1"]).await;
        assert_eq!(submitted["batchJob"]["totalDomains"], 2);
        assert_eq!(submitted["rejected"], json!([{ "input": "10.0.0.1", "reason": "IP_ADDRESS" }]));
        assert_eq!(submitted["duplicates"], 1);

        let id = &submitted["batchJob"]["id"];
        let events = app.events(WATCH, json!({ "id": id })).await;
        let last = &events.last().unwrap()["batchProgress"];
        assert_eq!((&last["status"], &last["progress"]), (&json!("PARTIAL"), &json!(1.0)));
        assert_eq!((&last["completedDomains"], &last["failedDomains"]), (&json!(1), &json!(1)));
        assert_eq!(last["batchJob"]["completedDomains"], 1, "what is sent is what a fresh query would answer");

        let found = app.ask(FACTS, json!({ "name": "harbour.test" })).await["domain"].clone();
        assert_eq!(found["status"], "SCANNED");
        assert_eq!((&found["title"], &found["language"]), (&json!("Harbour Bakery"), &json!("en")));
        assert_eq!((&found["isWordpress"], &found["wordpressVersion"]), (&json!(true), &json!("6.5.2")));
        assert_eq!(found["wordpressThemes"], json!([{ "slug": "harbour", "version": "1.4" }]));
        assert_eq!(found["emailAddresses"], json!(["hello@harbour-bakery.com"]));
        assert_eq!(found["phoneNumbers"], json!(["+14155552671"]));
        assert_eq!(found["facebookUrl"], "https://www.facebook.com/harbourbakery");
        assert_eq!((&found["totalSitemaps"], &found["sitemapUrls"]), (&json!(1), &json!(2)));
        assert_eq!(found["sitemaps"][0]["discoveredBy"], "ROBOTS");

        let failed = app.ask(
            "{ domain(by: { name: \"gone.test\" }) { status title isWordpress lastError { code retryable } } }",
            Value::Null,
        ).await;
        let error = json!({ "code": "HTTP_CLIENT_ERROR", "retryable": false });
        let expected = json!({ "status": "FAILED", "title": null, "isWordpress": null, "lastError": error });
        assert_eq!(failed["domain"], expected);
        app.stop().await;
    }

    async fn every_finished_job_is_streamed_once_and_the_stream_resumes(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        app.web.site("*.many.test").page("/", PAGE);
        let names: Vec<String> = (0..120).map(|number| format!("n{number}.many.test")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let id = submit(&app, &names).await["batchJob"]["id"].clone();
        let query = "subscription ($id: ID!, $after: Int) { jobFinished(batchId: $id, after: $after) {
            id sequence status domain { name title } batchJob { id } } }";
        let events = app.events(query, json!({ "id": id })).await;
        let sequences: Vec<_> = events.iter().map(|event| event["jobFinished"]["sequence"].as_i64().unwrap()).collect();
        assert_eq!(sequences, (1..=120).collect::<Vec<_>>());
        assert!(events.iter().all(|event| event["jobFinished"]["domain"]["title"] == "Harbour Bakery"));
        let rest = app.events(query, json!({ "id": id, "after": 117 })).await;
        assert_eq!(rest, events[117..]);
        app.stop().await;
    }

    async fn one_scan_is_watched_from_step_to_step(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        serve_bakery(&app, "harbour.test");
        let started = app.ask(
            "mutation { scanDomain(input: { name: \"harbour.test\" }) { reused job { id status } domain { id name } } }",
            Value::Null,
        ).await;
        let job = &started["scanDomain"]["job"];
        let query = "subscription ($id: ID!) { jobProgress(jobId: $id) { status step progress } }";
        let events = app.events(query, json!({ "id": job["id"] })).await;
        let last = &events.last().unwrap()["jobProgress"];
        assert_eq!(*last, json!({ "status": "COMPLETE", "step": "DONE", "progress": 1.0 }));
        assert!(events.is_sorted_by(|before, after| {
            before["jobProgress"]["progress"].as_f64() <= after["jobProgress"]["progress"].as_f64()
        }));
        app.stop().await;
    }

    async fn a_site_scanned_alone_and_in_a_batch_has_equal_facts(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        serve_bakery(&app, "harbour.test");
        let alone = app.ask(
            "mutation { scanDomain(input: { name: \"harbour.test\" }) { job { id } } }",
            Value::Null,
        ).await;
        let watch = "subscription ($id: ID!) { jobProgress(jobId: $id) { status } }";
        app.events(watch, json!({ "id": alone["scanDomain"]["job"]["id"] })).await;
        let first = app.ask(FACTS, json!({ "name": "harbour.test" })).await;
        let batch = submit(&app, &["harbour.test"]).await;
        app.events(WATCH, json!({ "id": batch["batchJob"]["id"] })).await;
        let second = app.ask(FACTS, json!({ "name": "harbour.test" })).await;
        assert_eq!(first, second);
        assert_eq!(first["domain"]["title"], "Harbour Bakery");
        app.stop().await;
    }

    async fn what_is_absent_is_null_in_a_query_and_an_error_in_a_subscription(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        let id = "batch_01a1f75585e570b885d42fefd416cc25";
        let absent = app.ask("query ($id: ID!) { batchJob(id: $id) { id } node(id: $id) { id } }", json!({ "id": id })).await;
        assert_eq!(absent, json!({ "batchJob": null, "node": null }));
        let mut socket = crate::support::ws_client::WsClient::ready(app.address()).await;
        let payload = json!({ "query": WATCH, "variables": { "id": id } });
        socket.send(json!({ "type": "subscribe", "id": "1", "payload": payload })).await;
        let answer = socket.receive().await;
        let crate::support::ws_client::Received::Json(answer) = answer else { panic!("{answer:?}") };
        assert!(answer.to_string().contains("NOT_FOUND"), "{answer}");
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_of_the_tour_in_graphiql_is_answered() {
    let database = TestDatabase::sqlite();
    let app = TestApp::start(&database).await;
    serve_bakery(&app, "harbour.test");
    let submitted = submit(&app, &["harbour.test"]).await;
    let batch = submitted["batchJob"]["id"].as_str().unwrap().to_owned();
    let tour = Tour { batch: Some(batch), ..Tour::of(vec!["harbour.test".to_owned()]) };
    let tabs = example_tabs(&tour);
    assert_eq!(tabs.len(), 6);
    for tab in tabs {
        let variables = tab.variables.map_or(Value::Null, |text| serde_json::from_str(&text).unwrap());
        let data = if tab.query.contains("subscription ") {
            app.events(&tab.query, variables).await.pop().unwrap()
        } else {
            app.ask(&tab.query, variables).await
        };
        let first = data.as_object().unwrap().values().next().unwrap();
        assert!(!first.is_null(), "{}: {data}", tab.query);
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scan_whose_sitemaps_take_too_long_keeps_the_facts_of_its_page() {
    let database = TestDatabase::sqlite();
    let app = TestApp::start(&database).await;
    serve_bakery(&app, "slow.test");
    app.web.site("slow.test").answer("/pages.xml", Answer::hang());
    let started = app
        .ask(
            "mutation { scanDomain(input: { name: \"slow.test\", options: { timeoutSeconds: 1 } }) { job { id } } }",
            Value::Null,
        )
        .await;
    let watch = "subscription ($id: ID!) { jobProgress(jobId: $id) { status } }";
    let events = app.events(watch, json!({ "id": started["scanDomain"]["job"]["id"] })).await;
    assert_eq!(events.last().unwrap()["jobProgress"]["status"], "COMPLETE");
    let found =
        app.ask("{ domain(by: { name: \"slow.test\" }) { status title metadata } }", Value::Null).await;
    assert_eq!(found["domain"]["title"], "Harbour Bakery");
    assert!(found["domain"]["metadata"]["notes"].is_array(), "{found}");
    app.stop().await;
}
