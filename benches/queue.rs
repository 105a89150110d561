//! How fast work is accepted, claimed and finished, on SQLite and, where one can be had, on PostgreSQL.
//!
//! `cargo bench --bench queue`

#![expect(clippy::print_stdout, reason = "a program that measures prints")]

#[path = "../tests/it/support/cluster.rs"]
#[expect(unreachable_pub, dead_code, clippy::expect_used, clippy::unwrap_used, reason = "a test's")]
mod cluster;
#[path = "../tests/it/support/database.rs"]
#[macro_use]
#[expect(unreachable_pub, dead_code, clippy::expect_used, clippy::unwrap_used, reason = "a test's")]
mod database;

use std::time::{Duration, Instant};

use database::{TestDatabase, scope_of};
use scrapersky::{
    clock::Clock,
    config::WorkerSettings,
    model::{JobStep, ScanError, ScanOptions, ScanReport, Scope, WorkerId},
    progress::ProgressHub,
    queue::Queue,
    service::{Service, SubmitBatch},
    store::{
        Db,
        engine::{ClaimedJob, FinishedJob, Outcome},
    },
    worker::{Scan, Worker},
};
use tokio_util::sync::CancellationToken;

const NAMES: usize = 100_000;
const GROUP: usize = 256;

struct Engine {
    db: Db,
    queue: Queue,
    progress: ProgressHub,
    service: Service,
    scope: Scope,
    settings: WorkerSettings,
}

impl Engine {
    async fn open(database: &TestDatabase) -> Self {
        let settings = WorkerSettings { concurrency: 256, ..WorkerSettings::default() };
        let db = database.open().await;
        let (clock, progress) = (Clock::system(), ProgressHub::default());
        let queue = Queue::new(db.clone(), clock.clone(), &settings);
        let service = Service::new(db.clone(), queue.clone(), progress.clone(), clock, settings.max_attempts);
        let scope = scope_of(&db, "default").await;
        Self { db, queue, progress, service, scope, settings }
    }

    async fn accept(&self, prefix: &str, count: usize) -> Duration {
        let input = SubmitBatch {
            names: (0..count).map(|number| format!("{prefix}-{number}.example")).collect(),
            options: ScanOptions::default(),
            max_age: None,
            deadline: None,
            idempotency_key: None,
        };
        let began = Instant::now();
        let submitted = self.service.scan_domains(&self.scope, input).await;
        let took = began.elapsed();
        assert!(submitted.is_ok_and(|batch| batch.batch_id.is_some()), "the batch is accepted");
        took
    }

    /// Jobs a second from claim to stored finish, in groups as the worker makes them.
    async fn claim_and_finish(&self, jobs: usize) -> f64 {
        let worker = WorkerId::generate();
        let began = Instant::now();
        let mut done = 0;
        while done < jobs {
            let Ok(claimed) = self.queue.claim(worker, GROUP).await else { break };
            if claimed.is_empty() {
                break;
            }
            let finished: Vec<FinishedJob> = claimed.iter().map(no_op).collect();
            if self.queue.finish(&finished).await.is_err() {
                break;
            }
            done += finished.len();
        }
        assert!(done >= jobs, "{done} of {jobs} jobs were finished");
        rate(done, began.elapsed())
    }
}

fn no_op(job: &ClaimedJob) -> FinishedJob {
    FinishedJob::of(job, Outcome::Complete(Box::default()))
}

#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn rate(count: usize, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64()
}

/// Scans that find nothing at once.
struct NoScans;

impl Scan for NoScans {
    fn scan<'a>(
        &'a self,
        _name: &'a scrapersky::model::DomainName,
        _options: &'a ScanOptions,
        _known: Option<&'a scrapersky::model::KnownSite>,
        _on_step: &'a (dyn Fn(JobStep) + Send + Sync),
    ) -> futures_util::future::BoxFuture<'a, Result<ScanReport, ScanError>> {
        Box::pin(async { Ok(ScanReport::default()) })
    }
}

/// How long after its acceptance the first job of a batch starts while a worker waits for work.
async fn first_start(engine: &Engine) -> Duration {
    let stop = CancellationToken::new();
    let worker = Worker::new(
        engine.queue.clone(),
        std::sync::Arc::new(NoScans),
        engine.progress.clone(),
        &engine.settings,
    );
    let working = tokio::spawn(worker.run(stop.clone()));
    tokio::time::sleep(Duration::from_millis(300)).await;
    engine.accept("first", NAMES).await;
    let accepted = Instant::now();
    let started = "SELECT count(*) FROM batch_jobs WHERE start_time IS NOT NULL AND end_time IS NULL";
    while number(&engine.db, started).await == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let waited = accepted.elapsed();
    stop.cancel();
    assert!(working.await.is_ok(), "the worker ends");
    waited
}

async fn number(db: &Db, sql: &str) -> i64 {
    use sea_orm::{ConnectionTrait, Statement};
    let row = db.reader().query_one_raw(Statement::from_string(db.backend(), sql)).await;
    row.ok().flatten().and_then(|row| row.try_get_by_index(0).ok()).unwrap_or_default()
}

async fn measure(name: &str, database: TestDatabase) {
    let engine = Engine::open(&database).await;
    let accepted = engine.accept("warm", NAMES).await;
    println!("{name:<10} accept {NAMES} names        {:>8.2} s", accepted.as_secs_f64());
    let again = engine.accept("warm", NAMES).await;
    println!("{name:<10} accept them again           {:>8.2} s", again.as_secs_f64());
    let speed = engine.claim_and_finish(50_000).await;
    println!("{name:<10} claim and finish            {speed:>8.0} jobs/s");
    drop(engine);
    let engine = Engine::open(&database).await;
    println!(
        "{name:<10} first job starts after      {:>8.1} ms",
        first_start(&engine).await.as_secs_f64() * 1e3
    );
}

#[tokio::main]
async fn main() {
    measure("sqlite", TestDatabase::sqlite()).await;
    if cfg!(postgres) {
        measure("postgres", TestDatabase::postgres().await).await;
    } else {
        println!("postgres   not measured: set TEST_POSTGRES_URL or install initdb");
    }
}
