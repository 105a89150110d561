//! What a GraphQL request costs: CPU time of the whole process, statements, and the time to the answer.
//!
//! - Q1: one domain.
//! - Q2: 50 domains, five jobs of each, and their batches.
//! - Q3: a batch with 300 jobs, and the domain of each.
//!
//! `cargo bench --bench graphql`

#[path = "../tests/it/support/cluster.rs"]
#[expect(unreachable_pub, dead_code, clippy::expect_used, clippy::unwrap_used, reason = "a test's")]
mod cluster;
#[path = "../tests/it/support/database.rs"]
#[macro_use]
#[expect(unreachable_pub, dead_code, clippy::expect_used, clippy::unwrap_used, reason = "a test's")]
mod database;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use async_graphql::Request;
use database::{TestDatabase, scope_of};
use scrapersky::{
    clock::Clock,
    config::{GraphqlLimits, WorkerSettings},
    graphql::{Schema, build_schema},
    model::{
        BatchId, DomainName, JobStep, ScanError, ScanOptions, ScanReport, Scope, SiteFacts, SocialLink,
        Technology,
    },
    progress::ProgressHub,
    queue::Queue,
    service::{Service, SubmitBatch},
    store::Db,
    worker::{Scan, Worker},
};
use tokio_util::sync::CancellationToken;

struct Bench {
    db: Db,
    scope: Scope,
    schema: Schema,
    batch: BatchId,
}

/// Scans whose facts are those of an ordinary site.
struct OrdinarySites;

impl Scan for OrdinarySites {
    fn scan<'a>(
        &'a self,
        name: &'a DomainName,
        _options: &'a ScanOptions,
        _known: Option<&'a scrapersky::model::KnownSite>,
        _on_step: &'a (dyn Fn(JobStep) + Send + Sync),
    ) -> futures_util::future::BoxFuture<'a, Result<ScanReport, ScanError>> {
        Box::pin(async { Ok(report(name.as_str())) })
    }
}

fn report(name: &str) -> ScanReport {
    let technology = |technology: &str| Technology {
        name: technology.to_owned(),
        version: Some("1.2.3".to_owned()),
        categories: vec!["CMS".to_owned(), "Blogs".to_owned()],
        confidence: 100,
        evidence: vec!["meta generator".to_owned()],
    };
    let social = |network: &str| SocialLink {
        network: network.to_owned(),
        url: format!("https://{network}.com/{name}"),
    };
    ScanReport {
        url: format!("https://www.{name}/"),
        facts: SiteFacts {
            title: Some(format!("Welcome to {name}")),
            description: Some("A site as there are many, with a sentence or two that tell of it. ".repeat(2)),
            language: Some("en".to_owned()),
            is_wordpress: true,
            technologies: ["WordPress", "PHP", "MySQL", "jQuery", "nginx"].map(technology).into(),
            email_addresses: vec![format!("info@{name}"), format!("sales@{name}")],
            phone_numbers: vec!["+4930123456".to_owned()],
            social_links: ["facebook", "linkedin", "x"].map(social).into(),
            ..SiteFacts::default()
        },
        ..ScanReport::default()
    }
}

impl Bench {
    /// Six batches of the same 60 domains, all but the last worked off, and one of 300.
    async fn open(database: &TestDatabase) -> Self {
        let settings = WorkerSettings::default();
        let db = database.open().await;
        let (clock, progress) = (Clock::system(), ProgressHub::default());
        let queue = Queue::new(db.clone(), clock.clone(), &settings);
        let service = Service::new(db.clone(), queue.clone(), progress.clone(), clock, settings.max_attempts);
        let scope = scope_of(&db, "default").await;
        let stop = CancellationToken::new();
        let worker =
            tokio::spawn(Worker::new(queue, Arc::new(OrdinarySites), progress, &settings).run(stop.clone()));
        let schema = build_schema(service.clone(), &GraphqlLimits::default());
        let mut bench = Self { db, scope, schema, batch: BatchId::generate() };
        for count in [60, 60, 60, 60, 60, 60, 300] {
            bench.batch = submit(&service, &bench.scope, count).await;
            bench.wait_for_the_end().await;
        }
        stop.cancel();
        assert!(worker.await.is_ok(), "the worker ends");
        bench
    }

    async fn wait_for_the_end(&self) {
        let query = format!("{{ batchJob(id: \"{}\") {{ endTime }} }}", self.batch);
        while self.execute(&query).await.contains("null") {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// The answer as the server sends it.
    async fn execute(&self, query: &str) -> String {
        let response = self.schema.execute(Request::new(query).data(self.scope.clone())).await;
        assert!(response.errors.is_empty(), "{:?}", response.errors);
        serde_json::to_string(&response).unwrap_or_default()
    }

    async fn measure(&self, name: &str, label: &str, query: &str) {
        const REQUESTS: u32 = 500;
        for _ in 0..50 {
            self.execute(query).await;
        }
        let (began, cpu, statements) = (Instant::now(), cpu_time(), self.db.statements());
        let mut bytes = 0;
        for _ in 0..REQUESTS {
            bytes = self.execute(query).await.len();
        }
        let cpu = cpu_time().saturating_sub(cpu) / REQUESTS;
        let wall = began.elapsed() / REQUESTS;
        let statements = (self.db.statements() - statements) / u64::from(REQUESTS);
        print(&format!(
            "{name:<10} {label:<4} {:>7.3} ms of CPU, {:>7.3} ms, {statements} statements, {bytes} bytes",
            cpu.as_secs_f64() * 1e3,
            wall.as_secs_f64() * 1e3
        ));
    }
}

async fn submit(service: &Service, scope: &Scope, count: usize) -> BatchId {
    let input = SubmitBatch {
        names: (0..count).map(|number| format!("site-{number}.example")).collect(),
        options: ScanOptions::default(),
        max_age: None,
        deadline: None,
        idempotency_key: None,
    };
    let submitted = service.scan_domains(scope, input).await;
    submitted.ok().and_then(|batch| batch.batch_id).unwrap_or_else(BatchId::generate)
}

/// The CPU time of all threads so far, from Linux's clock ticks of 10 ms (`man proc_pid_stat`).
fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = after_name.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok());
    Duration::from_millis(ticks.sum::<u64>() * 10)
}

#[expect(clippy::print_stdout, reason = "a bench tells its figures")]
fn print(line: &str) {
    println!("{line}");
}

async fn measure(name: &str, database: TestDatabase) {
    let bench = Bench::open(&database).await;
    let q1 = "{ domain(by: { name: \"site-7.example\" }) { id name url status title description language isWordpress lastScan } }";
    let q2 = "{ domains(first: 50) { nodes { id name url status title lastScan isWordpress \
              jobs(first: 5) { nodes { id status progress attempts createdAt completedAt } } \
              batchJob { id status totalDomains } } } }";
    let q3 = format!(
        "{{ batchJob(id: \"{}\") {{ id status progress totalDomains completedDomains \
         jobs(first: 300) {{ nodes {{ id status progress sequence domain {{ id name title status }} }} }} }} }}",
        bench.batch
    );
    for (label, query) in [("Q1", q1), ("Q2", q2), ("Q3", &q3)] {
        bench.measure(name, label, query).await;
    }
}

#[tokio::main]
async fn main() {
    measure("sqlite", TestDatabase::sqlite()).await;
    if cfg!(postgres) {
        measure("postgres", TestDatabase::postgres().await).await;
    }
}
