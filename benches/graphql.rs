//! What the three queries by which GraphQL servers are compared cost: one domain; 50 domains with 5 jobs each and the
//! batches of those; a batch with 300 jobs and the domains of those. Without HTTP, on SQLite.
//!
//! `cargo bench --bench graphql`

use std::hint::black_box;

use async_graphql::{Request, Variables};
use criterion::{Criterion, criterion_group, criterion_main};
use scrapersky::{
    clock::Clock,
    config::{DatabaseSettings, GraphqlLimits, WorkerSettings},
    graphql::{self, Schema},
    model::{ScanOptions, ScanReport, Scope, SiteFacts, WorkerId},
    progress::ProgressHub,
    queue::Queue,
    service::{Service, ServiceError, SubmitBatch},
    store::{
        Access, Db,
        engine::{FinishedJob, Outcome},
    },
};
use serde_json::json;
use tempfile::TempDir;
use tokio::runtime::Runtime;

const ROUNDS: usize = 6;
const DOMAINS: usize = 300;

const ONE_DOMAIN: &str = "query ($name: String!) { domain(by: { name: $name }) {
    id name status title language isWordpress emailAddresses technologies { name version } } }";

const DOMAINS_JOBS_BATCH: &str = "{ domains(first: 50) { nodes { id name status title
    jobs(first: 5) { nodes { id status attempts completedAt batchJob { id status completedDomains } } } } } }";

const BATCH_JOBS_DOMAIN: &str = "query ($id: ID!) { batchJob(id: $id) { id status completedDomains
    jobs(first: 300) { nodes { id status sequence domain { id name status title } } } } }";

struct Api {
    schema: Schema,
    scope: Scope,
    db: Db,
    batch: String,
    _folder: TempDir,
}

impl Api {
    async fn open() -> Result<Self, ServiceError> {
        let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("a folder: {error}"));
        let database_url = folder.path().join("bench.db").display().to_string();
        let settings = DatabaseSettings { database_url, ..DatabaseSettings::default() };
        let db = Db::open(&settings, Access::Serve).await?;
        db.migrate().await?;
        let (clock, progress) = (Clock::system(), ProgressHub::default());
        let queue = Queue::new(db.clone(), clock.clone(), &WorkerSettings::default());
        let service = Service::new(db.clone(), queue.clone(), progress, clock, 3);
        let scope = service.default_scope().await?;
        let mut batch = String::new();
        for _ in 0..ROUNDS {
            batch = scan_all(&service, &queue, &scope).await?;
        }
        let schema = graphql::build_schema(service, &GraphqlLimits::default());
        Ok(Self { schema, scope, db, batch, _folder: folder })
    }

    async fn ask(&self, query: &str, variables: serde_json::Value) -> usize {
        let request = Request::new(query).variables(Variables::from_json(variables)).data(self.scope.clone());
        let response = self.schema.execute(request).await;
        assert!(response.errors.is_empty(), "{:?}", response.errors);
        serde_json::to_vec(&response).map(|bytes| bytes.len()).unwrap_or_default()
    }
}

/// One batch of all names, from submission to the last stored report.
async fn scan_all(service: &Service, queue: &Queue, scope: &Scope) -> Result<String, ServiceError> {
    let input = SubmitBatch {
        names: (0..DOMAINS).map(|number| format!("bench-{number}.example")).collect(),
        options: ScanOptions::default(),
        max_age: None,
        idempotency_key: None,
    };
    let batch = service.scan_domains(scope, input).await?.batch_id.map(|id| id.to_string());
    let claimed = queue.claim(WorkerId::generate(), DOMAINS).await?;
    let finished: Vec<FinishedJob> = claimed
        .iter()
        .map(|job| FinishedJob {
            job_id: job.id,
            tenant_id: job.tenant_id,
            domain_id: job.domain_id,
            batch_id: job.batch_id,
            lease_epoch: job.lease_epoch,
            scanned_at: job.claimed_at,
            outcome: Outcome::Complete(Box::new(report(job.name.as_str()))),
        })
        .collect();
    queue.finish(&finished).await?;
    Ok(batch.unwrap_or_default())
}

fn report(name: &str) -> ScanReport {
    let technology = |name: &str, category: &str| scrapersky::model::Technology {
        name: name.to_owned(),
        version: Some("1.2.3".to_owned()),
        categories: vec![category.to_owned()],
        confidence: 100,
        evidence: vec!["meta generator".to_owned()],
    };
    ScanReport {
        url: format!("https://{name}/"),
        facts: SiteFacts {
            title: Some(format!("The title of {name}")),
            description: Some("A description of usual length, as sites give it of themselves.".to_owned()),
            language: Some("en".to_owned()),
            is_wordpress: true,
            technologies: vec![technology("WordPress", "CMS"), technology("Nginx", "Web servers")],
            email_addresses: vec![format!("info@{name}")],
            ..SiteFacts::default()
        },
        ..ScanReport::default()
    }
}

fn queries(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap_or_else(|error| panic!("a runtime: {error}"));
    let api = runtime.block_on(Api::open()).unwrap_or_else(|error| panic!("a database: {error}"));
    let cases = [
        ("one domain", ONE_DOMAIN, json!({ "name": "bench-7.example" })),
        ("50 domains x 5 jobs x batch", DOMAINS_JOBS_BATCH, json!({})),
        ("batch with 300 jobs x domain", BATCH_JOBS_DOMAIN, json!({ "id": api.batch })),
    ];
    for (name, query, variables) in cases {
        let before = api.db.statements();
        let bytes = runtime.block_on(api.ask(query, variables.clone()));
        println!("{name}: {} statements, {bytes} bytes", api.db.statements() - before);
        criterion.bench_function(name, |bencher| {
            bencher.to_async(&runtime).iter(|| async { black_box(api.ask(query, variables.clone()).await) });
        });
    }
}

criterion_group!(benches, queries);
criterion_main!(benches);
