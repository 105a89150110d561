//! What the API answers of rows that were removed for their age, where others still name them.

use sea_orm::ConnectionTrait;
use serde_json::{Value as Json, json};

use crate::{on_each_database, support::app::TestApp};

const OLD: &str = "2020-01-01T00:00:00+00:00";

async fn execute(app: &TestApp, sql: &str) {
    app.server.app().db.writer().execute_unprepared(sql).await.unwrap();
}

/// Scans the names as a batch; answers the identifiers of the batch and of its jobs by name.
async fn scanned_batch(app: &TestApp, names: &[&str]) -> (Json, Vec<Json>) {
    let submit =
        "mutation ($names: [String!]!) { scanDomains(input: { names: $names }) { batchJob { id } } }";
    let batch = app.ask(submit, json!({ "names": names })).await["scanDomains"]["batchJob"]["id"].clone();
    let watch = "subscription ($id: ID!) { batchProgress(batchId: $id) { status } }";
    let events = app.events(watch, json!({ "id": batch })).await;
    assert_eq!(events.last().unwrap()["batchProgress"]["status"], "COMPLETE");
    let jobs = "query ($id: ID!) { jobs(filter: { batchJobId: $id }) { nodes { id } } }";
    let jobs = app.ask(jobs, json!({ "id": batch })).await["jobs"]["nodes"].as_array().unwrap().clone();
    (batch, jobs.into_iter().map(|job| job["id"].clone()).collect())
}

async fn scanned_single(app: &TestApp, name: &str) -> Json {
    let submit = "mutation ($name: String!) { scanDomain(input: { name: $name }) { job { id } } }";
    let job = app.ask(submit, json!({ "name": name })).await["scanDomain"]["job"]["id"].clone();
    let watch = "subscription ($id: ID!) { jobProgress(jobId: $id) { status } }";
    assert_eq!(
        app.events(watch, json!({ "id": job })).await.last().unwrap()["jobProgress"]["status"],
        "COMPLETE"
    );
    job
}

async fn remove_all(app: &TestApp) {
    while app.server.app().queue.remove_old().await.unwrap() > 0 {}
}

const DOMAIN: &str = "query ($name: String!) { domain(by: { name: $name }) {
    status title latestJob { id batchJob { id } domain { name } } batchJob { id } jobs { totalCount nodes { id } } } }";

async fn domain(app: &TestApp, name: &str) -> Json {
    app.ask(DOMAIN, json!({ "name": name })).await["domain"].clone()
}

on_each_database! {
    async fn what_was_removed_is_null_where_others_name_it_and_their_own_facts_stay(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        app.web.site("*.test").page("/", "<title>A page</title>");
        let (old, old_jobs) = scanned_batch(&app, &["old.test"]).await;
        let single = scanned_single(&app, "single.test").await;
        execute(&app, &format!("UPDATE batch_jobs SET end_time = '{OLD}'")).await;
        execute(&app, &format!("UPDATE jobs SET completed_at = '{OLD}' WHERE batch_id IS NULL")).await;
        let (young, young_jobs) = scanned_batch(&app, &["young.test"]).await;
        execute(&app, &format!(
            "UPDATE batch_jobs SET retry_of = (SELECT id FROM batch_jobs WHERE end_time = '{OLD}') WHERE end_time <> '{OLD}'"
        )).await;
        remove_all(&app).await;

        // Hidden at once; its jobs follow a minute later.
        let hidden = "query ($batch: ID!, $job: ID!, $young: ID!) { batchJob(id: $batch) { id } node(id: $batch) { id }
            batchJobs { totalCount nodes { id } } job(id: $job) { status batchJob { id } domain { name } }
            young: batchJob(id: $young) { id retryOf { id } jobs { nodes { batchJob { id } } } } }";
        let ids = json!({ "batch": old, "job": old_jobs[0], "young": young });
        let seen = app.ask(hidden, ids.clone()).await;
        assert_eq!((&seen["batchJob"], &seen["node"]), (&Json::Null, &Json::Null));
        assert_eq!(seen["batchJobs"], json!({ "totalCount": 1, "nodes": [{ "id": young }] }));
        assert_eq!(seen["job"], json!({ "status": "COMPLETE", "batchJob": null, "domain": { "name": "old.test" } }));
        let jobs = json!({ "nodes": [{ "batchJob": { "id": young } }] });
        assert_eq!(seen["young"], json!({ "id": young, "retryOf": null, "jobs": jobs }));
        let of_hidden = domain(&app, "old.test").await;
        let job = json!({ "id": old_jobs[0], "batchJob": null, "domain": { "name": "old.test" } });
        assert_eq!((&of_hidden["latestJob"], &of_hidden["batchJob"]), (&job, &Json::Null));

        execute(&app, &format!("UPDATE batch_jobs SET removed_at = '{OLD}' WHERE removed_at IS NOT NULL")).await;
        remove_all(&app).await;
        let nothing = json!({ "status": "SCANNED", "title": "A page", "latestJob": null, "batchJob": null,
            "jobs": { "totalCount": 0, "nodes": [] } });
        assert_eq!(domain(&app, "old.test").await, nothing);
        assert_eq!(domain(&app, "single.test").await, nothing);
        let seen = app.ask(hidden, ids).await;
        assert_eq!((&seen["job"], &seen["young"]["retryOf"]), (&Json::Null, &Json::Null));
        let gone = "query ($job: ID!, $batch: ID!) { job(id: $job) { id } jobs { nodes { id } }
            domains(filter: { batchJobId: $batch }) { totalCount nodes { id } } }";
        let seen = app.ask(gone, json!({ "job": single, "batch": old })).await;
        let none = json!({ "totalCount": 0, "nodes": [] });
        assert_eq!(seen, json!({ "job": null, "jobs": { "nodes": [{ "id": young_jobs[0] }] }, "domains": none }));

        // A domain without its newest job is scanned again like any other.
        let again = scanned_single(&app, "single.test").await;
        assert_eq!(domain(&app, "single.test").await["latestJob"]["id"], again);
        app.stop().await;
    }
}
