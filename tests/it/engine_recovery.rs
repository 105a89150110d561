//! What becomes of jobs whose worker is told to stop, goes silent, or comes too late.

use std::time::Duration;

use futures_util::StreamExt;
use scrapersky::{
    config::WorkerSettings,
    model::{BatchId, BatchJob, BatchStatus, JobStatus, JobStep, ScanErrorCode, ScanFailure, WorkerId},
    store::{
        Columns, batches,
        engine::{self, ClaimedJob, FinishedJob, HeldLease, Outcome},
    },
};

use crate::{
    on_each_database,
    support::{
        engine::{FakeScans, TestEngine, report},
        eventually_async,
    },
};

fn complete(job: &ClaimedJob) -> FinishedJob {
    FinishedJob::of(job, Outcome::Complete(Box::new(report(job.name.as_str()))))
}

fn failed(job: &ClaimedJob) -> FinishedJob {
    let failure =
        ScanFailure { code: ScanErrorCode::Timeout, message: "as the test says".to_owned(), retryable: true };
    FinishedJob::of(job, Outcome::Failed(failure))
}

async fn batch(engine: &TestEngine, id: BatchId) -> BatchJob {
    batches::by_id(engine.db.reader(), &engine.scope, id, Columns::all()).await.unwrap().unwrap()
}

/// Makes every lease look as if its worker had been silent for too long.
async fn expire_leases(engine: &TestEngine) {
    let past = "2020-01-01T00:00:00+00:00";
    engine.execute(&format!("UPDATE jobs SET lease_expires_at = '{past}' WHERE status = 'running'")).await;
}

on_each_database! {
    async fn a_finish_that_comes_too_late_changes_nothing(database: TestDatabase) {
        let engine = TestEngine::start(&database).await;
        let id = engine.submit(&["a.test"]).await.batch_id.unwrap();
        let (first, second) = (WorkerId::generate(), WorkerId::generate());
        let stale = engine.queue.claim(first, 10).await.unwrap().remove(0);
        expire_leases(&engine).await;
        engine.queue.reap().await.unwrap();
        let current = engine.queue.claim(second, 10).await.unwrap().remove(0);
        assert_eq!(current.lease_epoch, stale.lease_epoch + 1);

        let recorded = engine.queue.finish(&[failed(&stale)]).await.unwrap();
        assert_eq!((recorded.stale, recorded.jobs.len()), (vec![stale.id], 0));
        assert_eq!(batch(&engine, id).await.counts.finished(), 0);

        let recorded = engine.queue.finish(&[complete(&current)]).await.unwrap();
        assert_eq!(recorded.jobs, [current.id]);
        let recorded = engine.queue.finish(&[complete(&current), failed(&current)]).await.unwrap();
        assert_eq!(recorded.stale.len(), 2, "a job ends once");
        let batch = batch(&engine, id).await;
        assert_eq!((batch.status, batch.counts.completed, batch.counts.failed), (BatchStatus::Complete, 1, 0));
    }

    async fn a_lost_worker_costs_its_jobs_a_loss_and_no_try(database: TestDatabase) {
        let engine = TestEngine::start(&database).await;
        let id = engine.submit(&["poison.test", "innocent.test"]).await.batch_id.unwrap();
        let worker = WorkerId::generate();
        assert_eq!(engine.queue.claim(worker, 10).await.unwrap().len(), 2);
        expire_leases(&engine).await;
        engine.queue.reap().await.unwrap();
        let counters = "SELECT sum(attempts) * 100 + sum(losses) FROM jobs WHERE status = 'pending'";
        assert_eq!(engine.number(&format!("SELECT cast(({counters}) AS bigint)")).await, 2);

        // After the second loss each is claimed alone, so that only the culprit takes its worker with it again.
        assert_eq!(engine.queue.claim(worker, 10).await.unwrap().len(), 2);
        expire_leases(&engine).await;
        engine.queue.reap().await.unwrap();
        assert!(engine.queue.claim(worker, 10).await.unwrap().is_empty());
        assert!(engine.queue.has_isolated().await.unwrap());
        let mut alone = engine.queue.claim_alone(worker).await.unwrap();
        assert_eq!((alone.len(), alone[0].attempts), (1, 1), "the tries before were none");
        let (poison, innocent) = match alone.remove(0) {
            job if job.name.as_str() == "poison.test" => (job, None),
            job => (engine.queue.claim_alone(worker).await.unwrap().remove(0), Some(job)),
        };
        let innocent = match innocent {
            Some(job) => job,
            None => engine.queue.claim_alone(worker).await.unwrap().remove(0),
        };
        engine.queue.finish(&[complete(&innocent)]).await.unwrap();
        expire_leases(&engine).await;
        let recorded = engine.queue.reap().await.unwrap();
        assert_eq!((recorded.jobs, recorded.batches), (vec![poison.id], vec![id]));
        let batch = batch(&engine, id).await;
        assert_eq!((batch.status, batch.counts.completed, batch.counts.failed), (BatchStatus::Partial, 1, 1));
        assert_eq!(batch.failure_counts[0].code, ScanErrorCode::WorkerLost);
    }

    async fn a_worker_that_is_told_to_stop_gives_unfinished_jobs_back_without_charge(database: TestDatabase) {
        let settings = WorkerSettings { drain_timeout: Duration::from_millis(100), ..WorkerSettings::default() };
        let engine = TestEngine::start_with(&database, settings).await;
        let id = engine.submit(&["quick.test", "endless.test"]).await.batch_id.unwrap();
        let worker = engine.work(FakeScans::new().on("endless.test", |_| std::future::pending()));
        eventually_async("the quick one has ended", || async { batch(&engine, id).await.counts.completed == 1 }).await;
        worker.stop().await;
        let query = "SELECT count(*) FROM jobs WHERE status = 'pending' AND attempts = 0 AND losses = 0 \
                     AND worker_id IS NULL AND lease_expires_at IS NULL";
        assert_eq!(engine.number(query).await, 1);

        let worker = engine.work(FakeScans::new());
        let last = engine.service.watch_batch(&engine.scope, id).map(Result::unwrap).collect::<Vec<_>>().await;
        worker.stop().await;
        assert_eq!(last.last().unwrap().batch.counts.completed, 2);
    }

    async fn a_running_scan_whose_job_is_no_longer_the_workers_is_dropped(database: TestDatabase) {
        let engine = TestEngine::start(&database).await;
        let id = engine.submit(&["endless.test"]).await.batch_id.unwrap();
        let (dropped, was_dropped) = tokio::sync::oneshot::channel::<()>();
        let guard = std::sync::Mutex::new(Some(dropped));
        let worker = engine.work(FakeScans::new().on("endless.test", move |_| {
            let guard = guard.lock().unwrap().take();
            async move {
                let _guard = guard;
                std::future::pending().await
            }
        }));
        eventually_async("the scan runs", || async { batch(&engine, id).await.status == BatchStatus::Running }).await;
        engine.execute("UPDATE jobs SET status = 'cancelled' WHERE status = 'running'").await;
        let ended = tokio::time::timeout(Duration::from_secs(5), was_dropped).await;
        assert!(ended.expect("the heartbeat notices").is_err(), "its future was dropped");
        worker.stop().await;
    }

    async fn a_result_that_cannot_be_stored_fails_its_own_job_only(database: TestDatabase) {
        let engine = TestEngine::start(&database).await;
        // The database refuses one title: what a value outside a column's bounds would do.
        if engine.db.is_sqlite() {
            engine.execute(
                "CREATE TRIGGER refuse BEFORE UPDATE ON domains WHEN NEW.title = 'bad-3.test' \
                 BEGIN SELECT raise(ABORT, 'refused'); END",
            ).await;
        } else {
            engine.execute("ALTER TABLE domains ADD CHECK (title <> 'bad-3.test')").await;
        }
        let names: Vec<String> = (0..40).map(|number| format!("bad-{number}.test")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let id = engine.submit(&names).await.batch_id.unwrap();
        let worker = engine.work(FakeScans::new().on("bad-4.test", |_| async {
            let mut found = report("bad-4.test");
            found.facts.title = Some("a nul: \0 and \u{fffd}".to_owned());
            Ok(found)
        }));
        let states = engine.service.watch_batch(&engine.scope, id).map(Result::unwrap).collect::<Vec<_>>().await;
        worker.stop().await;
        let counts = states.last().unwrap().batch.counts;
        assert_eq!((counts.completed, counts.failed), (39, 1));
        assert_eq!(states.last().unwrap().batch.failure_counts[0].code, ScanErrorCode::StoreFailed);
    }

    async fn of_two_results_for_one_domain_the_later_begun_wins(database: TestDatabase) {
        let engine = TestEngine::start(&database).await;
        engine.submit(&["a.test"]).await;
        engine.submit(&["a.test"]).await;
        let jobs = engine.queue.claim(WorkerId::generate(), 10).await.unwrap();
        let (earlier, later) = (&jobs[0], &jobs[1]);
        let titled = |job: &ClaimedJob, title: &str, at| {
            let mut found = report("a.test");
            found.facts.title = Some(title.to_owned());
            FinishedJob { scanned_at: at, ..FinishedJob::of(job, Outcome::Complete(Box::new(found))) }
        };
        let now = scrapersky::clock::Clock::system().now();
        engine.queue.finish(&[titled(later, "later", now)]).await.unwrap();
        engine.queue.finish(&[titled(earlier, "earlier", now - chrono::TimeDelta::seconds(9))]).await.unwrap();
        assert_eq!(engine.number("SELECT count(*) FROM domains WHERE title = 'later'").await, 1);
    }

    async fn a_heartbeat_keeps_leases_and_tells_which_are_lost(database: TestDatabase) {
        let engine = TestEngine::start(&database).await;
        engine.submit(&["a.test", "b.test", "c.test", "d.test"]).await;
        let mut jobs = engine.queue.claim(WorkerId::generate(), 10).await.unwrap();
        jobs.sort_by_key(|job| job.id);
        let held: Vec<HeldLease> = jobs
            .iter()
            .zip([Some(JobStep::Sitemaps), Some(JobStep::Sitemaps), None, None])
            .map(|(job, step)| HeldLease { job_id: job.id, lease_epoch: job.lease_epoch, step })
            .collect();
        expire_leases(&engine).await;
        engine.queue.finish(&[complete(&jobs[0])]).await.unwrap();
        let lost = engine.queue.extend(&held).await.unwrap();
        assert_eq!(lost.iter().map(|lost| lost.job_id).collect::<Vec<_>>(), [jobs[0].id]);
        assert_eq!(engine.queue.reap().await.unwrap().jobs.len(), 0);
        for (step, count) in [("sitemaps", 1), ("resolving", 2)] {
            let query = format!("SELECT count(*) FROM jobs WHERE status = 'running' AND step = '{step}' AND losses = 0");
            assert_eq!(engine.number(&query).await, count, "the others were extended, those about to end with the step that they had");
        }
    }

    async fn no_job_is_run_twice_however_many_work(database: TestDatabase) {
        let engine = TestEngine::start(&database).await;
        let names: Vec<String> = (0..2_000).map(|number| format!("n{number}.test")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let id = engine.submit(&names).await.batch_id.unwrap();
        // A file has one worker, which begins with what the one before it left.
        let count = if engine.db.is_sqlite() { 1 } else { 4 };
        let workers: Vec<_> = (0..count).map(|_| engine.work(FakeScans::new())).collect();
        let states = engine.service.watch_batch(&engine.scope, id).map(Result::unwrap).collect::<Vec<_>>().await;
        for worker in workers {
            worker.stop().await;
        }
        assert_eq!(states.last().unwrap().batch.counts.completed, 2_000);
        assert!(states.is_sorted_by_key(|state| state.batch.counts.finished()), "progress never goes back");
        assert_eq!(engine.number("SELECT count(*) FROM jobs WHERE attempts = 1 AND lease_epoch = 1").await, 2_000);
        let jobs: Vec<_> = engine.service.watch_finished_jobs(&engine.scope, id, 0, Columns::all()).collect().await;
        assert_eq!(jobs.len(), 2_000);
        assert!(jobs.iter().all(|job| job.as_ref().unwrap().status == JobStatus::Complete));
    }
}

#[tokio::test]
async fn a_process_that_starts_on_a_file_puts_back_what_the_last_one_was_running() {
    let database = crate::support::database::TestDatabase::sqlite();
    let engine = TestEngine::start(&database).await;
    let id = engine.submit(&["a.test", "b.test"]).await.batch_id.unwrap();
    assert_eq!(engine.queue.claim(WorkerId::generate(), 10).await.unwrap().len(), 2);
    let lease =
        engine::expired(engine.db.reader(), false, scrapersky::clock::Clock::system().now()).await.unwrap();
    assert!(lease.is_empty(), "the leases have not run out");
    let worker = engine.work(FakeScans::new());
    let states = engine.service.watch_batch(&engine.scope, id).map(Result::unwrap).collect::<Vec<_>>().await;
    worker.stop().await;
    assert_eq!(states.last().unwrap().batch.counts.completed, 2);
    assert_eq!(engine.number("SELECT count(*) FROM jobs WHERE losses = 1 AND attempts = 1").await, 2);
}
