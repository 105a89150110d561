//! What is old goes, a few rows at a time; what is under way or young stays.

use std::time::Duration;

use futures_util::StreamExt;
use scrapersky::{
    clock::Clock,
    config::WorkerSettings,
    model::{BatchId, ScanOptions, WorkerId},
    service::{ServiceError, SubmitBatch, SubmitScan},
    store::{Columns, batches, domains, engine, jobs},
};

use crate::{
    on_each_database,
    support::{
        engine::{FakeScans, TestEngine, batch_of},
        eventually_async,
    },
};

const OLD: &str = "2020-01-01T00:00:00+00:00";

async fn keeping_a_day(database: &crate::support::database::TestDatabase) -> TestEngine {
    let retention = Duration::from_secs(86_400);
    TestEngine::start_with(database, WorkerSettings { retention, ..WorkerSettings::default() }).await
}

/// Submits the names and waits until they are scanned.
async fn scanned(engine: &TestEngine, names: &[&str]) -> BatchId {
    let id = engine.submit(names).await.batch_id.unwrap();
    let worker = engine.work(FakeScans::new());
    let ended = async || {
        let batch = batches::by_id(engine.db.reader(), &engine.scope, id, Columns::all()).await.unwrap();
        batch.unwrap().status.is_finished()
    };
    eventually_async("the batch has ended", ended).await;
    worker.stop().await;
    id
}

async fn submit_single(engine: &TestEngine, name: &str) -> scrapersky::model::JobId {
    let scan = SubmitScan {
        name: name.to_owned(),
        options: ScanOptions::default(),
        max_age: None,
        idempotency_key: None,
    };
    engine.service.scan_domain(&engine.scope, scan).await.unwrap().job_id
}

/// As if everything that has ended had done so long ago.
async fn grow_old(engine: &TestEngine) {
    engine.execute(&format!("UPDATE jobs SET completed_at = '{OLD}' WHERE completed_at IS NOT NULL")).await;
    engine.execute(&format!("UPDATE batch_jobs SET end_time = '{OLD}' WHERE end_time IS NOT NULL")).await;
}

async fn forget_when_hidden(engine: &TestEngine) {
    engine.execute(&format!("UPDATE batch_jobs SET removed_at = '{OLD}' WHERE removed_at IS NOT NULL")).await;
}

async fn remove_all(engine: &TestEngine) {
    while engine.queue.remove_old().await.unwrap() > 0 {}
}

on_each_database! {
    async fn what_ended_long_ago_is_removed_and_everything_else_stays(database: TestDatabase) {
        let engine = keeping_a_day(&database).await;
        let old = scanned(&engine, &["a.test", "b.test"]).await;
        let keyed = SubmitBatch { idempotency_key: Some("k".to_owned()), ..batch_of(&["waits.test", "ended.test"]) };
        let waiting = engine.service.scan_domains(&engine.scope, keyed.clone()).await.unwrap().batch_id.unwrap();
        let held = engine.queue.claim(WorkerId::generate(), 1).await.unwrap();
        engine.queue.finish(&[engine::FinishedJob::of(&held[0], engine::Outcome::Complete(Box::default()))]).await.unwrap();
        let running = submit_single(&engine, "running.test").await;
        assert_eq!(engine.queue.claim(WorkerId::generate(), 1).await.unwrap()[0].id, running);
        let single = submit_single(&engine, "single.test").await;
        engine.execute("UPDATE jobs SET status = 'complete' WHERE batch_id IS NULL AND status = 'pending'").await;
        engine.execute("UPDATE jobs SET completed_at = created_at WHERE batch_id IS NULL AND status = 'complete'").await;
        grow_old(&engine).await;
        let young = submit_single(&engine, "young.test").await;
        engine.execute("UPDATE jobs SET status = 'failed', completed_at = created_at WHERE batch_id IS NULL AND status = 'pending'").await;

        remove_all(&engine).await;
        let (db, scope) = (engine.db.reader(), &engine.scope);
        assert_eq!(batches::by_id(db, scope, old, Columns::all()).await.unwrap(), None, "hidden at once");
        let order = batches::BatchOrder { by: batches::BatchSort::CreatedAt, direction: scrapersky::store::Direction::Ascending };
        let request = scrapersky::store::PageRequest { limit: 10, backward: false, from: None };
        let listed = batches::page(db, scope, &batches::BatchFilter::default(), order, &request, Columns::all()).await.unwrap();
        assert_eq!(listed.items.iter().map(|batch| batch.id).collect::<Vec<_>>(), [waiting]);
        assert_eq!(batches::count(db, scope, &batches::BatchFilter::default()).await.unwrap(), 1);
        assert_eq!(engine.number("SELECT count(*) FROM jobs WHERE sequence = 2").await, 1, "no job of it has gone yet");
        let events: Vec<_> = engine.service.watch_finished_jobs(scope, old, 1, Columns::all()).collect().await;
        assert!(matches!(&events[..], [Err(ServiceError::NotFound { .. })]), "no gap, but an end: {events:?}");

        forget_when_hidden(&engine).await;
        remove_all(&engine).await;
        assert_eq!(engine.number("SELECT count(*) FROM batch_jobs").await, 1);
        let kept = [held[0].id, running, young];
        assert_eq!(jobs::by_ids(db, scope, &kept, Columns::all()).await.unwrap().len(), 3, "running work, young jobs, and those of a batch under way");
        assert_eq!(engine.number("SELECT count(*) FROM jobs").await, 4);
        assert_eq!(jobs::by_id(db, scope, single, Columns::all()).await.unwrap(), None);
        let name = scrapersky::model::DomainName::parse("a.test").unwrap();
        let domain = domains::by_name(db, scope, &name, Columns::all()).await.unwrap().unwrap();
        assert_eq!(domain.facts.unwrap().title.as_deref(), Some("a.test"), "what is known of domains stays");
        let again = engine.service.scan_domains(&engine.scope, keyed).await.unwrap();
        assert_eq!(again.batch_id, Some(waiting), "a young key is known");
        engine.execute(&format!("UPDATE idempotency_keys SET created_at = '{OLD}'")).await;
        remove_all(&engine).await;
        assert_eq!(engine.number("SELECT count(*) FROM idempotency_keys").await, 0);
    }

    async fn without_a_retention_nothing_is_removed(database: TestDatabase) {
        let settings = WorkerSettings { retention: Duration::ZERO, ..WorkerSettings::default() };
        let engine = TestEngine::start_with(&database, settings).await;
        scanned(&engine, &["a.test"]).await;
        grow_old(&engine).await;
        assert_eq!(engine.queue.remove_old().await.unwrap(), 0);
        assert_eq!(engine.number("SELECT count(*) FROM batch_jobs WHERE removed_at IS NULL").await, 1);
    }

    async fn fifty_thousand_rows_go_in_small_steps_while_the_queue_is_claimed_from(database: TestDatabase) {
        let engine = keeping_a_day(&database).await;
        let names: Vec<String> = (0..50_000).map(|number| format!("n{number}.test")).collect();
        let large = SubmitBatch { names, ..batch_of(&[]) };
        engine.service.scan_domains(&engine.scope, large).await.unwrap();
        engine.execute(&format!("UPDATE jobs SET status = 'complete', completed_at = '{OLD}'")).await;
        engine.execute(&format!(
            "UPDATE batch_jobs SET status = 'complete', completed_domains = total_domains, end_time = '{OLD}', removed_at = '{OLD}'"
        )).await;
        let names: Vec<String> = (0..90).map(|number| format!("late{number}.test")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        engine.submit(&names).await;
        let (now, grace) = (Clock::system().now(), chrono::TimeDelta::minutes(1));
        let mut steps = 0;
        loop {
            let removed = engine::remove_hidden_batch(&engine.db, grace, now).await.unwrap();
            if removed == 0 {
                break;
            }
            assert!(removed <= engine::STEP, "{removed} rows in one step");
            steps += 1;
            if steps <= 90 {
                assert_eq!(engine.queue.claim(WorkerId::generate(), 1).await.unwrap().len(), 1);
            }
        }
        assert_eq!(steps, 101, "the row of the batch goes with the last of its jobs");
        assert_eq!(engine.number("SELECT count(*) FROM jobs").await, 90);
        assert_eq!(engine.number("SELECT count(*) FROM batch_jobs").await, 1);
    }

    async fn nodes_that_clean_up_at_once_share_the_work(database: TestDatabase) {
        let engine = keeping_a_day(&database).await;
        for batch in 0..4 {
            let names: Vec<String> = (0..1_200).map(|number| format!("n{batch}-{number}.test")).collect();
            engine.service.scan_domains(&engine.scope, SubmitBatch { names, ..batch_of(&[]) }).await.unwrap();
        }
        engine.execute(&format!("UPDATE jobs SET status = 'complete', completed_at = '{OLD}'")).await;
        engine.execute(&format!("UPDATE batch_jobs SET end_time = '{OLD}', removed_at = '{OLD}'")).await;
        let all = (0..4).map(|_| async {
            let mut removed = 0;
            loop {
                match engine.queue.remove_old().await.unwrap() {
                    0 => return removed,
                    some => removed += some,
                }
            }
        });
        let removed: u64 = futures_util::future::join_all(all).await.iter().sum();
        assert!(removed <= 4 * 1_201, "no row is counted twice: {removed}");
        remove_all(&engine).await;
        assert_eq!(engine.number("SELECT count(*) FROM jobs").await, 0);
        assert_eq!(engine.number("SELECT count(*) FROM batch_jobs").await, 0);
    }
}
