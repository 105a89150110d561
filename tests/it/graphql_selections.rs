//! Of each record only those columns are read that a request shows. Whatever is asked for together with it, a field
//! answers the same.

use std::collections::{BTreeMap, BTreeSet};

use scrapersky::model::{
    Contact, ContactKind, ContactMethod, ScanError, ScanErrorCode, ScanReport, SiteFacts,
};
use serde_json::{Value as Json, json};

use crate::{
    on_each_database,
    support::{api::TestApi, engine::FakeScans},
};

/// A report that leaves no fact at its default.
fn full_report() -> ScanReport {
    let text = |text: &str| Some(text.to_owned());
    let object = |value: Json| value.as_object().cloned().unwrap_or_default();
    let facts = json!({
        "wordpressThemes": [{ "slug": "astra", "version": "4.1" }],
        "wordpressPlugins": [{ "slug": "akismet", "version": null }],
        "technologies": [{ "name": "PHP", "version": "8.3", "categories": ["Programming languages"], "confidence": 100, "evidence": ["header"] }],
        "socialLinks": [{ "network": "x", "url": "https://x.com/full" }],
    });
    ScanReport {
        url: "https://www.full.example/home".to_owned(),
        facts: SiteFacts {
            title: text("Full"),
            description: text("Everything"),
            language: text("en"),
            favicon_url: text("https://full.example/icon.png"),
            logo_url: text("https://full.example/logo.png"),
            is_wordpress: true,
            wordpress_version: text("6.8"),
            has_elementor: true,
            elementor_version: text("3.20"),
            tech_stack: object(json!({ "cms": ["WordPress"] })),
            email_addresses: vec!["info@full.example".to_owned()],
            phone_numbers: vec!["+4930123456".to_owned()],
            contacts: vec![Contact {
                kind: ContactKind::Email,
                value: "info@full.example".to_owned(),
                raw: "Info@full.example".to_owned(),
                method: ContactMethod::Mailto,
                role: true,
                source_url: "https://full.example/".to_owned(),
            }],
            facebook_url: text("https://www.facebook.com/full"),
            twitter_url: text("https://x.com/full"),
            linkedin_url: text("https://www.linkedin.com/company/full"),
            instagram_url: text("https://www.instagram.com/full"),
            youtube_url: text("https://www.youtube.com/@full"),
            metadata: object(json!({ "canonical": "https://full.example/" })),
            ..serde_json::from_value(facts).unwrap()
        },
        total_sitemaps: 3,
        sitemap_urls: 9,
        sitemaps: Vec::new(),
        ..ScanReport::default()
    }
}

/// What is selected of an object type: every field, and of objects below it only who they are.
async fn selections(api: &TestApi, ty: &str) -> Vec<String> {
    let query = format!(
        "{{ __type(name: \"{ty}\") {{ fields {{ name type {{ kind name ofType {{ kind name ofType {{ kind name \
         ofType {{ kind name }} }} }} }} }} }} }}"
    );
    let answer = api.data(&query).await;
    let fields = answer["__type"]["fields"].as_array().unwrap();
    fields.iter().map(|field| selection(field["name"].as_str().unwrap(), &field["type"])).collect()
}

fn selection(field: &str, ty: &Json) -> String {
    let mut named = ty;
    while !named["ofType"].is_null() {
        named = &named["ofType"];
    }
    match (named["kind"].as_str().unwrap(), named["name"].as_str().unwrap()) {
        ("SCALAR" | "ENUM", _) => field.to_owned(),
        (_, connection) if connection.ends_with("Connection") => format!("{field} {{ nodes {{ id }} }}"),
        (_, "Domain" | "Job" | "BatchJob") => format!("{field} {{ id }}"),
        _ => format!("{field} {{ __typename }}"),
    }
}

/// Asks for each field alone, and holds the answer against that to all of them. Answers the fields that had a value.
async fn each_field_alone_answers_the_same(
    api: &TestApi,
    ty: &str,
    field: &str,
    path: &str,
) -> BTreeSet<String> {
    let selections = selections(api, ty).await;
    let ask = async |selection: &str| {
        api.data(&field.replace("FIELDS", selection)).await.pointer(path).cloned().unwrap_or_default()
    };
    let all = ask(&selections.join(" ")).await;
    let fields = all.as_object().unwrap();
    assert!(fields.len() > 15, "{ty}: {all}");
    for selection in &selections {
        let name = selection.split(' ').next().unwrap();
        if ["processingTime", "domainsPerSecond", "estimatedEndTime"].contains(&name) {
            continue; // They depend on the time.
        }
        let alone = ask(selection).await;
        assert_eq!(alone, json!({ name: fields[name] }), "{ty}.{name}");
    }
    let empty = [json!(null), json!([]), json!({}), json!(0)];
    fields.iter().filter(|(_, value)| !empty.contains(value)).map(|(name, _)| name.clone()).collect()
}

on_each_database! {
    async fn a_field_answers_the_same_whatever_else_is_asked_for(database: TestDatabase) {
        let api = TestApi::start(&database).await;
        let scans = FakeScans::new()
            .on("full.example", |_| async { Ok(full_report()) })
            .on("gone.example", |_| async { Err(ScanError::new(ScanErrorCode::DnsNotFound, "no such name")) });
        let worker = api.engine.work(scans);
        let batch = api.engine.submit(&["full.example", "gone.example", "not a name"]).await.batch_id.unwrap();
        api.engine.ended(batch).await;
        worker.stop().await;
        // What no scan fills: of a job that waits for its next try, and of a domain that somebody knows.
        api.engine.execute("UPDATE jobs SET run_at = created_at").await;
        api.engine.execute("UPDATE batch_jobs SET deadline = end_time").await;
        api.engine.execute("UPDATE domains SET notes = 'called', tags = '[\"lead\"]'").await;
        let of_domain = |name: &str, fields: &str| format!("{{ domain(by: {{ name: \"{name}\" }}) {{ {fields} }} }}");
        let of_batch = |fields: &str| format!("{{ batchJob(id: \"{batch}\") {{ {fields} }} }}");
        let mut seen: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for (ty, query, path) in [
            ("Domain", of_domain("full.example", "FIELDS"), "/domain"),
            ("Domain", of_domain("gone.example", "FIELDS"), "/domain"),
            ("Job", of_domain("full.example", "latestJob { FIELDS }"), "/domain/latestJob"),
            ("Job", of_domain("gone.example", "latestJob { FIELDS }"), "/domain/latestJob"),
            ("Domain", "{ domains(first: 1) { nodes { FIELDS } } }".to_owned(), "/domains/nodes/0"),
            ("Domain", "{ domains(first: 1, orderBy: { field: LAST_SCAN, direction: DESC }) { edges { cursor node { FIELDS } } } }".to_owned(), "/domains/edges/0/node"),
            ("Domain", "query { ...Page } fragment Page on Query { domains(first: 1) { nodes { ... on Node { ...Facts } } } } fragment Facts on Domain { FIELDS }".to_owned(), "/domains/nodes/0"),
            ("Job", "{ jobs(first: 1, orderBy: { field: COMPLETED_AT, direction: DESC }) { nodes { FIELDS } } }".to_owned(), "/jobs/nodes/0"),
            ("BatchJob", "{ batchJobs(orderBy: { field: END_TIME, direction: DESC }) { nodes { FIELDS } } }".to_owned(), "/batchJobs/nodes/0"),
            ("BatchJob", format!("{{ node(id: \"{batch}\") {{ ... on BatchJob {{ FIELDS }} }} }}"), "/node"),
            ("Domain", of_batch("domains { nodes { FIELDS } }"), "/batchJob/domains/nodes/0"),
            ("Job", of_batch("jobs { nodes { FIELDS } }"), "/batchJob/jobs/nodes/0"),
        ] {
            let with_value = each_field_alone_answers_the_same(&api, ty, &query, path).await;
            seen.entry(ty).or_default().extend(with_value);
        }
        // A column that is read for no field would be empty however it is asked for.
        for (ty, never) in [("Domain", vec!["sitemaps"]), ("Job", vec!["createdBy", "metadata"]), ("BatchJob", vec!["cancelledDomains", "createdBy", "estimatedEndTime", "metadata", "retryOf"])] {
            let all = selections(&api, ty).await;
            let empty: BTreeSet<&str> = all.iter().map(|field| field.split(' ').next().unwrap()).filter(|name| !seen[ty].contains(*name)).collect();
            assert_eq!(empty, BTreeSet::from_iter(never), "{ty}");
        }
    }
}
