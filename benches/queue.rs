//! How fast work is accepted, claimed and finished, on SQLite and, where one can be had, on PostgreSQL.
//!
//! `cargo bench --bench queue [-- [sqlite] [postgres] [accept] [workers] [large] [backlog]]`

#![expect(
    clippy::panic,
    clippy::print_stdout,
    reason = "a program that measures prints, and ends when it cannot"
)]

#[path = "../tests/it/support/cluster.rs"]
#[expect(unreachable_pub, dead_code, clippy::expect_used, clippy::unwrap_used, reason = "a test's")]
mod cluster;
#[path = "../tests/it/support/database.rs"]
#[macro_use]
#[expect(unreachable_pub, dead_code, clippy::expect_used, clippy::unwrap_used, reason = "a test's")]
mod database;
#[path = "support/database_cpu.rs"]
mod database_cpu;
#[path = "../tests/it/support/large_table.rs"]
#[expect(unreachable_pub, clippy::unwrap_used, reason = "a test's")]
mod large_table;
#[path = "support/reports.rs"]
mod reports;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use database::{TestDatabase, scope_of};
use database_cpu::DatabaseCpu;
use futures_util::StreamExt;
use large_table::Pending;
use scrapersky::{
    clock::Clock,
    config::WorkerSettings,
    model::{JobStep, ScanError, ScanOptions, ScanReport, Scope, WorkerId},
    progress::ProgressHub,
    queue::Queue,
    service::{Service, SubmitBatch, SubmitScan},
    store::{
        Columns, Db,
        engine::{ClaimedJob, FinishedJob, Outcome},
    },
    worker::{Scan, Worker},
};
use sea_orm::{ConnectionTrait, Statement};
use tokio_util::sync::CancellationToken;

const NAMES: usize = 100_000;
const GROUP: usize = 256;

/// One node: its own connections to a database.
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
        let settings = WorkerSettings { concurrency: GROUP, ..WorkerSettings::default() };
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

    /// Jobs a second from claim to stored finish, one group after the other.
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

    fn work(&self, scans: ScansOf, stop: CancellationToken) -> tokio::task::JoinHandle<()> {
        let worker = Worker::new(self.queue.clone(), Arc::new(scans), self.progress.clone(), &self.settings);
        tokio::spawn(worker.run(stop))
    }

    async fn number(&self, sql: &str) -> i64 {
        let row = self.db.reader().query_one_raw(Statement::from_string(self.db.backend(), sql)).await;
        row.ok().flatten().and_then(|row| row.try_get_by_index(0).ok()).unwrap_or(-1)
    }

    async fn wait_for(&self, number: i64, sql: &str, poll: Duration) {
        while self.number(sql).await != number {
            tokio::time::sleep(poll).await;
        }
    }
}

fn no_op(job: &ClaimedJob) -> FinishedJob {
    FinishedJob::of(job, Outcome::Complete(Box::default()))
}

#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn rate(count: usize, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64()
}

/// Scans that answer the same report at once.
#[derive(Clone)]
struct ScansOf(ScanReport);

impl Scan for ScansOf {
    fn scan<'a>(
        &'a self,
        _name: &'a scrapersky::model::DomainName,
        _options: &'a ScanOptions,
        _known: Option<&'a scrapersky::model::KnownSite>,
        _on_step: &'a (dyn Fn(JobStep) + Send + Sync),
    ) -> futures_util::future::BoxFuture<'a, Result<ScanReport, ScanError>> {
        Box::pin(async { Ok(self.0.clone()) })
    }
}

/// How long after its acceptance the first job of a batch starts while a worker waits for work.
async fn first_start(engine: &Engine) -> Duration {
    let stop = CancellationToken::new();
    let working = engine.work(ScansOf(ScanReport::default()), stop.clone());
    tokio::time::sleep(Duration::from_millis(300)).await;
    engine.accept("first", NAMES).await;
    let accepted = Instant::now();
    engine
        .wait_for(1, "SELECT count(*) FROM batch_jobs WHERE start_time IS NOT NULL", Duration::from_millis(1))
        .await;
    let waited = accepted.elapsed();
    stop.cancel();
    assert!(working.await.is_ok(), "the worker ends");
    waited
}

const UNDER_WAY: &str = "SELECT count(*) FROM batch_jobs WHERE end_time IS NULL";

/// A load for some nodes that work on one database.
struct Load {
    what: &'static str,
    workers: usize,
    batches: usize,
    jobs: usize,
    report: ScanReport,
}

impl Load {
    /// Accepts the jobs, lets the workers do them, prints the speed, and answers it in jobs a second.
    async fn run(&self, name: &str, database: &TestDatabase) -> f64 {
        let mut nodes = Vec::new();
        for _ in 0..self.workers {
            nodes.push(Engine::open(database).await);
        }
        for batch in 0..self.batches {
            nodes[0].accept(&format!("load{batch}"), self.jobs / self.batches).await;
        }
        let cpu = DatabaseCpu::of(&nodes[0].db).await;
        let statements = || nodes.iter().map(|node| node.db.statements()).sum::<u64>();
        let (before, spent, began) = (statements(), cpu.as_ref().map(DatabaseCpu::spent), Instant::now());
        let stop = CancellationToken::new();
        let working: Vec<_> =
            nodes.iter().map(|node| node.work(ScansOf(self.report.clone()), stop.clone())).collect();
        nodes[0].wait_for(0, UNDER_WAY, Duration::from_millis(50)).await;
        let speed = rate(self.jobs, began.elapsed());
        let asked = usize::try_from(statements() - before).unwrap_or_default();
        let cpu = cpu.zip(spent).map(|(cpu, before)| cpu.spent().saturating_sub(before));
        stop.cancel();
        for worker in working {
            assert!(worker.await.is_ok(), "the worker ends");
        }
        let second = Duration::from_secs(1);
        let per_job = rate(asked, second) / rate(self.jobs, second);
        print!("{name:<10} {:<44} {speed:>8.0} jobs/s  {per_job:.3} statements", self.what);
        match cpu {
            Some(cpu) => println!("  {:.3} ms of the server's CPU a job", 1e3 / rate(self.jobs, cpu)),
            None => println!(),
        }
        speed
    }
}

async fn measure(name: &str, database: TestDatabase) {
    let engine = Engine::open(&database).await;
    let accepted = engine.accept("warm", NAMES).await;
    println!("{name:<10} accept {NAMES} names        {:>8.2} s", accepted.as_secs_f64());
    let again = engine.accept("warm", NAMES).await;
    println!("{name:<10} accept them again           {:>8.2} s", again.as_secs_f64());
    let speed = engine.claim_and_finish(50_000).await;
    println!("{name:<10} claim, then finish          {speed:>8.0} jobs/s");
}

async fn loads(name: &str, make: impl AsyncFn() -> TestDatabase) {
    let first = first_start(&Engine::open(&make().await).await).await;
    println!("{name:<10} first job starts after      {:>8.1} ms", first.as_secs_f64() * 1e3);
    let nothing = ScanReport::default();
    let one = Load { what: "one worker", workers: 1, batches: 1, jobs: NAMES, report: nothing.clone() };
    one.run(name, &make().await).await;
    if name == "postgres" {
        let four = Load { what: "four workers, one batch", workers: 4, ..one };
        four.run(name, &make().await).await;
        let spread =
            Load { what: "four workers, four batches", workers: 4, batches: 4, jobs: NAMES, report: nothing };
        spread.run(name, &make().await).await;
    }
    let found = Load {
        what: "one worker, real facts",
        workers: 1,
        batches: 1,
        jobs: 30_000,
        report: reports::agency(),
    };
    found.run(name, &make().await).await;
}

/// How much slower work is on a table of two million jobs than on one that has only the jobs to be done.
async fn large(name: &str, empty: TestDatabase, large: TestDatabase, pending: Pending) {
    // In small turns, since the machine is not always as fast.
    const TURNS: u32 = 20;
    const JOBS_A_TURN: usize = 3_000;
    let engine = Engine::open(&empty).await;
    engine.accept("few", NAMES).await;
    let on_large = Engine::open(&large).await;
    let began = Instant::now();
    large_table::fill(&on_large.db, pending).await;
    println!(
        "{name:<10} {} jobs filled in       {:>8.1} s",
        large_table::JOBS,
        began.elapsed().as_secs_f64()
    );
    let (mut few_took, mut large_took) = (0.0, 0.0);
    for _ in 0..TURNS {
        few_took += 1.0 / engine.claim_and_finish(JOBS_A_TURN).await;
        large_took += 1.0 / on_large.claim_and_finish(JOBS_A_TURN).await;
    }
    println!(
        "{name:<10} claim, then finish, few / 2,000,000 jobs  {:.0} / {:.0} jobs/s, ratio {:.2}, pending: {pending:?}",
        f64::from(TURNS) / few_took,
        f64::from(TURNS) / large_took,
        few_took / large_took
    );
}

/// How long a tenant's single scan waits while another's million jobs do.
async fn backlog(name: &str, database: TestDatabase, jobs: usize) {
    let engine = Engine::open(&database).await;
    for part in 0..jobs / NAMES {
        engine.accept(&format!("part{part}"), NAMES).await;
    }
    let other = scope_of(&engine.db, "other").await;
    let stop = CancellationToken::new();
    let working = engine.work(ScansOf(ScanReport::default()), stop.clone());
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut longest = Duration::ZERO;
    for number in 0..20 {
        let input = SubmitScan {
            name: format!("single-{number}.example"),
            options: ScanOptions::default(),
            max_age: None,
            idempotency_key: None,
        };
        let began = Instant::now();
        let submitted = engine.service.scan_domain(&other, input).await;
        let Ok(job) = submitted.map(|scan| scan.job_id) else { panic!("the scan is accepted") };
        let mut states = engine.service.watch_job(&other, job, Columns::all());
        while states.next().await.is_some() {}
        longest = longest.max(began.elapsed());
    }
    let left = engine.number("SELECT count(*) FROM jobs WHERE status = 'pending'").await;
    println!(
        "{name:<10} single scans beside {left} pending: the slowest of 20 took {:.0} ms",
        longest.as_secs_f64() * 1e3
    );
    stop.cancel();
    assert!(working.await.is_ok(), "the worker ends");
}

#[tokio::main]
async fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    if wanted(&words, "sqlite", &DATABASES) {
        parts("sqlite", &words, async || TestDatabase::sqlite()).await;
    }
    if !cfg!(postgres) {
        println!("postgres   not measured: set TEST_POSTGRES_URL or install initdb");
    } else if wanted(&words, "postgres", &DATABASES) {
        parts("postgres", &words, async || TestDatabase::postgres().await).await;
    }
}

const DATABASES: [&str; 2] = ["sqlite", "postgres"];
const PARTS: [&str; 4] = ["accept", "workers", "large", "backlog"];

/// Whether one of these is asked for: by its name, or by none of their names.
fn wanted(words: &[String], name: &str, of: &[&str]) -> bool {
    words.iter().any(|word| word == name) || !words.iter().any(|word| of.contains(&word.as_str()))
}

async fn parts(name: &str, words: &[String], make: impl AsyncFn() -> TestDatabase) {
    if wanted(words, "accept", &PARTS) {
        measure(name, make().await).await;
    }
    if wanted(words, "workers", &PARTS) {
        loads(name, &make).await;
    }
    if wanted(words, "large", &PARTS) {
        for pending in [Pending::Everywhere, Pending::Newest] {
            large(name, make().await, make().await, pending).await;
        }
    }
    if wanted(words, "backlog", &PARTS) {
        backlog(name, make().await, 1_000_000).await;
    }
}
