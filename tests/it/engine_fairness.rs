//! No tenant takes more than its share.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::{StreamExt, future::BoxFuture};
use scrapersky::{
    config::WorkerSettings,
    model::{
        BatchId, DomainName, JobStatus, JobStep, KnownSite, ScanError, ScanOptions, ScanReport, Scope,
        TenantId, WorkerId,
    },
    service::SubmitScan,
    store::{
        Columns, Transaction, batches, commit,
        engine::{ClaimedJob, FinishedJob, Outcome},
        jobs,
    },
    worker::Scan,
};
use sea_orm::ConnectionTrait;

use crate::{
    on_each_database,
    support::{
        database::{TestDatabase, scope_of},
        engine::{TestEngine, batch_of, report},
        eventually_async,
    },
};

async fn capped(database: &TestDatabase, cap: u32) -> TestEngine {
    let settings = WorkerSettings { max_running_per_tenant: cap, ..WorkerSettings::default() };
    TestEngine::start_with(database, settings).await
}

async fn submit_many(engine: &TestEngine, scope: &Scope, prefix: &str, count: usize) -> BatchId {
    let names: Vec<String> = (0..count).map(|number| format!("{prefix}{number}.test")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    engine.service.scan_domains(scope, batch_of(&names)).await.unwrap().batch_id.unwrap()
}

fn per_tenant(claimed: &[ClaimedJob]) -> HashMap<TenantId, usize> {
    let mut counts = HashMap::new();
    for job in claimed {
        *counts.entry(job.tenant_id).or_default() += 1;
    }
    counts
}

fn finished(job: &ClaimedJob) -> FinishedJob {
    FinishedJob::of(job, Outcome::Complete(Box::new(report(job.name.as_str()))))
}

/// Scans that take a while and know how many of them ran at a time.
#[derive(Clone, Default)]
struct CountedScans {
    now: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

impl Scan for CountedScans {
    fn scan<'a>(
        &'a self,
        name: &'a DomainName,
        _options: &'a ScanOptions,
        _known: Option<&'a KnownSite>,
        _on_step: &'a (dyn Fn(JobStep) + Send + Sync),
    ) -> BoxFuture<'a, Result<ScanReport, ScanError>> {
        Box::pin(async move {
            self.most.fetch_max(self.now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(20)).await;
            self.now.fetch_sub(1, Ordering::SeqCst);
            Ok(report(name.as_str()))
        })
    }
}

on_each_database! {
    async fn however_many_claim_at_once_a_tenant_never_exceeds_its_cap(database: TestDatabase) {
        let engine = capped(&database, 5).await;
        submit_many(&engine, &engine.scope, "n", 100).await;
        for round in 0..10 {
            let claims = (0..8).map(|_| engine.queue.claim(WorkerId::generate(), 3));
            let claimed: Vec<_> = futures_util::future::try_join_all(claims).await.unwrap().concat();
            assert_eq!(claimed.len(), if round == 0 { 5 } else { 2 }, "round {round}");
            assert_eq!(engine.number("SELECT count(*) FROM jobs WHERE status = 'running'").await, 5);
            let done: Vec<FinishedJob> = claimed.iter().take(2).map(finished).collect();
            engine.queue.finish(&done).await.unwrap();
        }
    }

    async fn a_tenant_at_its_cap_leaves_the_others_their_turn(database: TestDatabase) {
        let engine = capped(&database, 4).await;
        let others = [scope_of(&engine.db, "second").await, scope_of(&engine.db, "third").await];
        submit_many(&engine, &engine.scope, "large", 500).await;
        submit_many(&engine, &others[0], "small", 3).await;
        submit_many(&engine, &others[1], "middle", 10).await;
        let claimed = engine.queue.claim(WorkerId::generate(), 100).await.unwrap();
        let counts = per_tenant(&claimed);
        let count_of = |scope: &Scope| counts.get(&scope.tenant_id).copied();
        assert_eq!([&engine.scope, &others[0], &others[1]].map(count_of), [Some(4), Some(3), Some(4)]);
        let single = SubmitScan {
            name: "single.test".to_owned(),
            options: ScanOptions::default(),
            max_age: None,
            idempotency_key: None,
        };
        let job = engine.service.scan_domain(&others[0], single.clone()).await.unwrap().job_id;
        engine.service.scan_domain(&engine.scope, single).await.unwrap();
        let claimed = engine.queue.claim(WorkerId::generate(), 100).await.unwrap();
        assert_eq!(claimed.iter().map(|job| job.id).collect::<Vec<_>>(), [job]);
    }

    async fn with_room_for_fewer_the_first_turns_are_claimed(database: TestDatabase) {
        let engine = capped(&database, 50).await;
        let other = scope_of(&engine.db, "second").await;
        submit_many(&engine, &engine.scope, "one", 40).await;
        submit_many(&engine, &other, "two", 40).await;
        let claimed = engine.queue.claim(WorkerId::generate(), 10).await.unwrap();
        assert_eq!(per_tenant(&claimed).into_values().collect::<Vec<_>>(), [5, 5], "they take turns");
    }

    async fn a_worker_under_a_cap_does_all_the_work_without_pauses(database: TestDatabase) {
        let engine = capped(&database, 3).await;
        let batch = submit_many(&engine, &engine.scope, "n", 60).await;
        let scans = CountedScans::default();
        let began = std::time::Instant::now();
        let worker = engine.work(scans.clone());
        let states = engine.service.watch_batch(&engine.scope, batch).map(Result::unwrap).collect::<Vec<_>>().await;
        let took = began.elapsed();
        worker.stop().await;
        assert_eq!(states.last().unwrap().batch.counts.completed, 60);
        assert_eq!(scans.most.load(Ordering::SeqCst), 3);
        // Twenty rounds; one that waited for the next poll would take a second.
        assert!(took < Duration::from_secs(10), "{took:?}");
    }

    async fn a_large_backlog_does_not_delay_the_single_scan_of_another_tenant(database: TestDatabase) {
        let engine = TestEngine::start(&database).await;
        let other = scope_of(&engine.db, "second").await;
        let large = submit_many(&engine, &engine.scope, "large", 100_000).await;
        let worker = engine.work(CountedScans::default());
        let is_running = async || {
            let batch = batches::by_id(engine.db.reader(), &engine.scope, large, Columns::all()).await.unwrap().unwrap();
            batch.counts.completed > 200
        };
        eventually_async("the large batch is under way", is_running).await;
        let scan = SubmitScan {
            name: "urgent.test".to_owned(),
            options: ScanOptions::default(),
            max_age: None,
            idempotency_key: None,
        };
        let id = engine.service.scan_domain(&other, scan).await.unwrap().job_id;
        let states = engine.service.watch_job(&other, id, Columns::all()).map(Result::unwrap).collect::<Vec<_>>().await;
        worker.stop().await;
        let job = states.last().unwrap();
        let waited = job.started_at.unwrap() - job.created_at;
        assert!(waited < chrono::TimeDelta::seconds(1), "it waited {waited}");
        let pending = jobs::JobFilter { statuses: Some(vec![JobStatus::Pending]), ..<_>::default() };
        let left = jobs::count(engine.db.reader(), &engine.scope, &pending).await.unwrap();
        assert!(left > 50_000, "the backlog was still large");
    }
}

/// Claims wait while the returned transaction is open: when they have looked at the queue, before they change it.
async fn claims_held(engine: &TestEngine) -> Transaction {
    engine
        .execute(
            "CREATE FUNCTION wait_for_test() RETURNS trigger LANGUAGE plpgsql \
               AS $$ BEGIN PERFORM pg_advisory_xact_lock_shared(42); RETURN NULL; END $$; \
             CREATE TRIGGER wait_for_test BEFORE UPDATE OF worker_id ON jobs EXECUTE FUNCTION wait_for_test()",
        )
        .await;
    let held = engine.db.begin().await.unwrap();
    held.execute_unprepared("SELECT pg_advisory_xact_lock(42)").await.unwrap();
    held
}

async fn is_waiting(engine: &TestEngine, claims: i64) {
    let waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted \
                   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    eventually_async("claims wait", || async { engine.number(waiting).await == claims }).await;
}

/// Single scans go first. A claim that sees them, but not yet what another one is about to take, would give the tenant
/// more than its cap.
#[cfg_attr(not(postgres), ignore = "needs PostgreSQL")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_counts_what_another_one_is_about_to_take() {
    let database = TestDatabase::postgres().await;
    let engine = capped(&database, 3).await;
    submit_many(&engine, &engine.scope, "n", 10).await;
    let held = claims_held(&engine).await;
    let claim = || {
        let queue = engine.queue.clone();
        tokio::spawn(async move { queue.claim(WorkerId::generate(), 3).await.unwrap().len() })
    };
    let first = claim();
    is_waiting(&engine, 1).await;
    for name in ["a.test", "b.test", "c.test"] {
        let scan = SubmitScan {
            name: name.to_owned(),
            options: ScanOptions::default(),
            max_age: None,
            idempotency_key: None,
        };
        engine.service.scan_domain(&engine.scope, scan).await.unwrap();
    }
    let second = claim();
    is_waiting(&engine, 2).await;
    commit(held).await.unwrap();
    assert_eq!((first.await.unwrap(), second.await.unwrap()), (3, 0));
    assert_eq!(engine.number("SELECT count(*) FROM jobs WHERE status = 'running'").await, 3);
}
