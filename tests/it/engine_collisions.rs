//! Transactions that want the same rows of PostgreSQL at the same time.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use chrono::TimeDelta;
use futures_util::future::join_all;
use scrapersky::{
    model::{BatchId, BatchJob, ScanErrorCode, ScanFailure, WorkerId},
    store::{
        Columns, batches,
        engine::{FinishedJob, Outcome},
    },
};
use sea_orm::{ConnectionTrait, DatabaseTransaction, TransactionTrait};

use crate::support::{
    database::TestDatabase,
    engine::{TestEngine, report},
    eventually_async,
};

const NAMES: usize = 40;

fn names() -> Vec<String> {
    (0..NAMES).map(|number| format!("site-{number}.test")).collect()
}

async fn batch(engine: &TestEngine, id: BatchId) -> BatchJob {
    batches::by_id(engine.db.reader(), &engine.scope, id, Columns::all()).await.unwrap().unwrap()
}

/// Claims and finishes a few jobs at a time until nothing is left after `no_more`.
async fn work(engine: &TestEngine, no_more: &AtomicBool) {
    let worker = WorkerId::generate();
    loop {
        let last_look = no_more.load(Ordering::Acquire);
        let mut claimed = engine.queue.claim(worker, 7).await.unwrap();
        if claimed.is_empty() && last_look {
            return;
        }
        claimed.reverse();
        let finished: Vec<FinishedJob> = claimed
            .iter()
            .map(|job| FinishedJob::of(job, Outcome::Complete(Box::new(report(job.name.as_str())))))
            .collect();
        engine.queue.finish(&finished).await.unwrap();
    }
}

/// Submits all names again and again, in another order each time, and cancels what is left a few milliseconds later.
async fn submit_and_cancel(engine: &TestEngine, seed: usize) -> Vec<BatchId> {
    let all = names();
    let mut ids = Vec::new();
    for turn in 0..25 {
        let first = (turn * 17 + seed * 5) % NAMES;
        let mut order: Vec<&str> = all.iter().cycle().skip(first).take(NAMES).map(String::as_str).collect();
        if turn % 2 == seed % 2 {
            order.reverse();
        }
        let id = engine.submit(&order).await.batch_id.unwrap();
        ids.push(id);
        tokio::time::sleep(Duration::from_millis((turn % 7 * 5) as u64)).await;
        engine.service.cancel_batch(&engine.scope, id).await.unwrap();
    }
    ids
}

#[cfg_attr(not(postgres), ignore = "needs PostgreSQL")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_who_submit_finish_and_cancel_the_same_never_wait_in_a_circle() {
    let database = TestDatabase::postgres().await;
    let engine = TestEngine::start(&database).await;
    let no_more = AtomicBool::new(false);
    let submitting = async {
        let ids = join_all((0..3).map(|seed| submit_and_cancel(&engine, seed))).await;
        no_more.store(true, Ordering::Release);
        ids.concat()
    };
    // Whoever waits in a circle gets an error, and panics.
    let workers = join_all((0..4).map(|_| work(&engine, &no_more)));
    let (ids, _) = tokio::join!(submitting, workers);
    for id in ids {
        let ended = batch(&engine, id).await;
        assert!(ended.end_time.is_some(), "{ended:?}");
        let places = format!(
            "SELECT count(DISTINCT sequence) FROM jobs WHERE batch_id = '{}' AND sequence BETWEEN 1 AND {NAMES}",
            id.0
        );
        assert_eq!(engine.number(&places).await, ended.counts.total, "{ended:?}");
        assert_eq!(ended.counts.finished(), ended.counts.total);
    }
}

/// Many jobs share a batch, so its row is held for as short a time as possible: whoever waits for it has everything else.
#[cfg_attr(not(postgres), ignore = "needs PostgreSQL")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_row_of_a_batch_is_what_a_finish_and_a_cancellation_take_last() {
    let database = TestDatabase::postgres().await;
    let engine = TestEngine::start(&database).await;
    let id = engine.submit(&["a.test", "b.test"]).await.batch_id.unwrap();
    let claimed = engine.queue.claim(WorkerId::generate(), 1).await.unwrap();
    let free = async |table: &str| {
        let text = format!("SELECT count(*) FROM (SELECT 1 FROM {table} FOR UPDATE SKIP LOCKED) AS x");
        engine.number(&text).await
    };

    let holder = hold_batches(&engine).await;
    let finished = FinishedJob::of(&claimed[0], Outcome::Complete(Box::new(report("a.test"))));
    let queue = engine.queue.clone();
    let finishing = tokio::spawn(async move { queue.finish(&[finished]).await });
    someone_waits_for_batches(&engine).await;
    assert_eq!((free("jobs").await, free("domains").await), (1, 1), "of two");
    holder.rollback().await.unwrap();
    assert_eq!(finishing.await.unwrap().unwrap().jobs, [claimed[0].id]);

    let holder = hold_batches(&engine).await;
    let (service, scope) = (engine.service.clone(), engine.scope.clone());
    let cancelling = tokio::spawn(async move { service.cancel_batch(&scope, id).await });
    someone_waits_for_batches(&engine).await;
    assert_eq!((free("jobs").await, free("domains").await), (1, 1), "the other one");
    holder.rollback().await.unwrap();
    assert_eq!(cancelling.await.unwrap().unwrap(), 1);
    let ended = batch(&engine, id).await;
    assert_eq!((ended.counts.completed, ended.counts.cancelled), (1, 1));
}

#[cfg_attr(not(postgres), ignore = "needs PostgreSQL")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_try_that_is_repeated_does_not_wait_for_its_batch() {
    let database = TestDatabase::postgres().await;
    let engine = TestEngine::start(&database).await;
    let id = engine.submit(&["a.test"]).await.batch_id.unwrap();
    let claimed = engine.queue.claim(WorkerId::generate(), 1).await.unwrap();
    let holder = hold_batches(&engine).await;
    let message = "It took too long.".to_owned();
    let failure = ScanFailure { code: ScanErrorCode::Timeout, message, retryable: true };
    let repeated = FinishedJob::of(&claimed[0], Outcome::Retry(failure, TimeDelta::seconds(60)));
    let recorded = tokio::time::timeout(Duration::from_secs(20), engine.queue.finish(&[repeated])).await;
    assert_eq!(recorded.expect("it does not wait").unwrap().jobs, [claimed[0].id]);
    holder.rollback().await.unwrap();
    assert_eq!(batch(&engine, id).await.counts.finished(), 0);
    assert_eq!(
        engine.number("SELECT count(*) FROM jobs WHERE status = 'pending' AND run_at > now()").await,
        1
    );
}

async fn hold_batches(engine: &TestEngine) -> DatabaseTransaction {
    let holder = engine.db.writer().begin().await.unwrap();
    holder.execute_unprepared("SELECT 1 FROM batch_jobs FOR UPDATE").await.unwrap();
    holder
}

async fn someone_waits_for_batches(engine: &TestEngine) {
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                   AND wait_event_type = 'Lock' AND query LIKE '%FROM batch_jobs%'";
    eventually_async("somebody waits", || async { engine.number(waiting).await == 1 }).await;
}
