//! Ending work that nobody wants any more, and trying again what failed.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use chrono::TimeDelta;
use futures_util::StreamExt;
use scrapersky::{
    model::{
        BatchId, BatchJob, BatchStatus, DomainName, DomainStatus, Job, JobStatus, ScanError, ScanErrorCode,
    },
    service::{RetryBatch, ServiceError, SubmitBatch, SubmitScan},
    store::{Columns, batches, domains, jobs},
};
use serde_json::json;

use crate::{
    on_each_database,
    support::{
        api::{TestApi, error_of},
        database::scope_of,
        engine::{FakeScans, TestEngine, batch_of},
        eventually, eventually_async,
    },
};

/// Counts the scans that are under way.
#[derive(Clone, Default)]
struct UnderWay(Arc<AtomicUsize>);

impl UnderWay {
    fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    fn begin(&self) -> impl Sized + use<> {
        struct Guard(Arc<AtomicUsize>);
        impl Drop for Guard {
            fn drop(&mut self) {
                self.0.fetch_sub(1, Ordering::SeqCst);
            }
        }
        self.0.fetch_add(1, Ordering::SeqCst);
        Guard(Arc::clone(&self.0))
    }

    /// Scans of this name never end.
    fn hang(&self, scans: FakeScans, name: &str) -> FakeScans {
        let under_way = self.clone();
        scans.on(name, move |_| {
            let guard = under_way.begin();
            async move {
                let _under_way = guard;
                std::future::pending().await
            }
        })
    }
}

async fn batch(engine: &TestEngine, id: BatchId) -> BatchJob {
    batches::by_id(engine.db.reader(), &engine.scope, id, Columns::all()).await.unwrap().unwrap()
}

async fn job(engine: &TestEngine, id: scrapersky::model::JobId) -> Job {
    jobs::by_id(engine.db.reader(), &engine.scope, id, Columns::all()).await.unwrap().unwrap()
}

async fn status_of(engine: &TestEngine, name: &str) -> DomainStatus {
    let name = DomainName::parse(name).unwrap();
    let domain = domains::by_name(engine.db.reader(), &engine.scope, &name, Columns::all()).await;
    domain.unwrap().unwrap().status
}

async fn sequences(engine: &TestEngine, id: BatchId) -> Vec<(i64, JobStatus)> {
    let jobs = engine.service.watch_finished_jobs(&engine.scope, id, 0, Columns::all());
    jobs.map(|job| job.map(|job| (job.sequence.unwrap(), job.status)).unwrap()).collect().await
}

fn scan_of(name: &str) -> SubmitScan {
    SubmitScan { name: name.to_owned(), options: <_>::default(), max_age: None, idempotency_key: None }
}

fn failing() -> FakeScans {
    FakeScans::new().on("gone.test", |number| async move {
        if number == 1 {
            Err(ScanError::new(ScanErrorCode::DnsNotFound, "no such name"))
        } else {
            Ok(<_>::default())
        }
    })
}

on_each_database! {
    async fn a_cancelled_batch_ends_at_once_and_its_scans_within_two_seconds(database: TestDatabase) {
        let engine = TestEngine::start_with(&database, scrapersky::config::WorkerSettings { concurrency: 3, ..<_>::default() }).await;
        let under_way = UnderWay::default();
        let mut scans = FakeScans::new();
        for name in ["b.test", "c.test", "d.test"] {
            scans = under_way.hang(scans, name);
        }
        let id = engine.submit(&["a.test", "b.test", "c.test", "d.test", "e.test", "f.test"]).await.batch_id.unwrap();
        let worker = engine.work(scans);
        eventually("three scans hang", || under_way.count() == 3).await;
        eventually_async("one has completed", || async { batch(&engine, id).await.counts.completed == 1 }).await;

        assert_eq!(engine.service.cancel_batch(&engine.scope, id).await.unwrap(), 5);
        let ended = batch(&engine, id).await;
        assert_eq!((ended.status, ended.counts.completed, ended.counts.cancelled), (BatchStatus::Cancelled, 1, 5));
        assert!(ended.end_time.is_some());
        let began = tokio::time::Instant::now();
        eventually("the scans are dropped", || under_way.count() == 0).await;
        assert!(began.elapsed() < Duration::from_secs(2), "it took {:?}", began.elapsed());

        let log = sequences(&engine, id).await;
        assert_eq!(log.iter().map(|(sequence, _)| *sequence).collect::<Vec<_>>(), (1..=6).collect::<Vec<_>>());
        assert_eq!(log.iter().filter(|(_, status)| *status == JobStatus::Cancelled).count(), 5);
        assert_eq!(status_of(&engine, "a.test").await, DomainStatus::Scanned);
        assert_eq!(status_of(&engine, "b.test").await, DomainStatus::New);
        assert_eq!(engine.service.cancel_batch(&engine.scope, id).await.unwrap(), 0, "an ended batch never changes");
        assert_eq!(batch(&engine, id).await, ended);

        // The permits are free again.
        let next = engine.submit(&["x.test", "y.test", "z.test"]).await.batch_id.unwrap();
        assert_eq!(engine.ended(next).await.status, BatchStatus::Complete);
        worker.stop().await;
        assert_eq!(batch(&engine, id).await, ended);
    }

    async fn a_finish_after_the_cancellation_changes_nothing(database: TestDatabase) {
        let engine = TestEngine::start(&database).await;
        let id = engine.submit(&["a.test", "b.test"]).await.batch_id.unwrap();
        let claimed = engine.queue.claim(scrapersky::model::WorkerId::generate(), 1).await.unwrap();
        engine.service.cancel_batch(&engine.scope, id).await.unwrap();
        let before = batch(&engine, id).await;
        let late = scrapersky::store::engine::FinishedJob::of(&claimed[0], scrapersky::store::engine::Outcome::Complete(<_>::default()));
        let recorded = engine.queue.finish(&[late]).await.unwrap();
        assert_eq!((recorded.stale.len(), recorded.jobs.len()), (1, 0));
        assert_eq!(batch(&engine, id).await, before);
        assert!(engine.queue.claim(scrapersky::model::WorkerId::generate(), 10).await.unwrap().is_empty());
    }

    async fn one_job_of_a_batch_is_cancelled_and_the_others_go_on(database: TestDatabase) {
        let engine = TestEngine::start(&database).await;
        let id = engine.submit(&["a.test", "b.test", "c.test"]).await.batch_id.unwrap();
        let first = engine.queue.claim(scrapersky::model::WorkerId::generate(), 1).await.unwrap().remove(0);
        let waiting = engine.number("SELECT count(*) FROM jobs WHERE status = 'pending'").await;
        assert_eq!(waiting, 2);
        assert!(engine.service.cancel_job(&engine.scope, first.id).await.unwrap(), "one that runs");
        assert!(!engine.service.cancel_job(&engine.scope, first.id).await.unwrap(), "one that has ended");
        let cancelled = job(&engine, first.id).await;
        assert_eq!((cancelled.status, cancelled.sequence), (JobStatus::Cancelled, Some(1)));
        let now = batch(&engine, id).await;
        assert_eq!((now.counts.cancelled, now.status.is_finished()), (1, false));
        let worker = engine.work(FakeScans::new());
        let ended = engine.ended(id).await;
        worker.stop().await;
        assert_eq!((ended.status, ended.counts.completed, ended.counts.cancelled), (BatchStatus::Partial, 2, 1));
        assert_eq!(sequences(&engine, id).await.len(), 3);
    }

    async fn the_last_open_job_ends_its_batch_when_it_is_cancelled(database: TestDatabase) {
        let engine = TestEngine::start(&database).await;
        let id = engine.submit(&["a.test"]).await.batch_id.unwrap();
        let only = engine.queue.claim(scrapersky::model::WorkerId::generate(), 1).await.unwrap().remove(0);
        assert!(engine.service.cancel_job(&engine.scope, only.id).await.unwrap());
        let ended = batch(&engine, id).await;
        assert_eq!((ended.status, ended.counts.cancelled), (BatchStatus::Cancelled, 1));
        assert!(ended.end_time.is_some());
    }

    async fn a_single_scan_is_cancelled_and_its_domain_is_as_before(database: TestDatabase) {
        let engine = TestEngine::start(&database).await;
        let under_way = UnderWay::default();
        let worker = engine.work(under_way.hang(FakeScans::new(), "hangs.test"));
        let scan = engine.service.scan_domain(&engine.scope, scan_of("hangs.test")).await.unwrap();
        eventually("it runs", || under_way.count() == 1).await;
        assert!(engine.service.cancel_job(&engine.scope, scan.job_id).await.unwrap());
        eventually("it is dropped", || under_way.count() == 0).await;
        worker.stop().await;
        let ended = job(&engine, scan.job_id).await;
        assert_eq!((ended.status, ended.sequence, ended.completed_at.is_some()), (JobStatus::Cancelled, None, true));
        assert_eq!(status_of(&engine, "hangs.test").await, DomainStatus::New);
        let watched: Vec<_> = engine.service.watch_job(&engine.scope, scan.job_id, Columns::all()).collect().await;
        assert_eq!(watched.len(), 1, "who watches sees the end");
    }

    async fn what_is_left_of_a_batch_at_its_deadline_is_cancelled(database: TestDatabase) {
        let engine = TestEngine::start(&database).await;
        let under_way = UnderWay::default();
        let worker = engine.work(under_way.hang(FakeScans::new(), "hangs.test"));
        let now = engine.service.clock().now();
        let in_time = |seconds| SubmitBatch { deadline: Some(now + TimeDelta::seconds(seconds)), ..batch_of(&["a.test", "hangs.test"]) };
        let refused = engine.service.scan_domains(&engine.scope, in_time(-1)).await.unwrap_err();
        assert!(matches!(&refused, ServiceError::BadInput(message) if message.contains("`deadline` is 20") && message.contains("later than now")), "{refused}");
        let id = engine.service.scan_domains(&engine.scope, in_time(2)).await.unwrap().batch_id.unwrap();
        let later = engine.service.scan_domains(&engine.scope, SubmitBatch { names: vec!["b.test".to_owned()], ..in_time(3_600) }).await.unwrap();
        let ended = engine.ended(id).await;
        assert_eq!((ended.status, ended.counts.completed, ended.counts.cancelled), (BatchStatus::Cancelled, 1, 1));
        assert!(ended.end_time >= ended.deadline, "{ended:?}");
        eventually("the scan is dropped", || under_way.count() == 0).await;
        assert_eq!(engine.ended(later.batch_id.unwrap()).await.status, BatchStatus::Complete);
        worker.stop().await;
    }

    async fn a_failed_job_is_tried_again_as_a_new_one(database: TestDatabase) {
        let engine = TestEngine::start(&database).await;
        let worker = engine.work(failing());
        let options = scrapersky::model::ScanOptions { max_pages: 3, ..<_>::default() };
        let first = engine.service.scan_domain(&engine.scope, SubmitScan { options: options.clone(), ..scan_of("gone.test") }).await.unwrap();
        eventually_async("it has failed", || async { job(&engine, first.job_id).await.status == JobStatus::Failed }).await;
        let retry = |key| engine.service.retry_job(&engine.scope, first.job_id, key);
        let second = retry(Some("once")).await.unwrap();
        assert_eq!(retry(Some("once")).await.unwrap().job_id, second.job_id);
        assert_ne!(second.job_id, first.job_id);
        assert_eq!(second.domain_id, first.domain_id);
        eventually_async("it is complete", || async { job(&engine, second.job_id).await.status == JobStatus::Complete }).await;
        worker.stop().await;
        assert_eq!(job(&engine, first.job_id).await.status, JobStatus::Failed, "an ended job never changes");
        let same = engine.number("SELECT count(DISTINCT options_key) FROM jobs").await;
        assert_eq!((same, options.max_pages), (1, 3));
        let refused = engine.service.retry_job(&engine.scope, second.job_id, None).await.unwrap_err();
        assert!(matches!(&refused, ServiceError::Conflict(message) if message.contains("is complete")), "{refused}");
    }

    async fn the_failed_names_of_a_batch_are_tried_again_as_a_new_one(database: TestDatabase) {
        let engine = TestEngine::start(&database).await;
        let again = |id, include_cancelled, key: Option<&str>| RetryBatch { id, include_cancelled, idempotency_key: key.map(str::to_owned) };
        let id = engine.submit(&["a.test", "gone.test", "b.test"]).await.batch_id.unwrap();
        let early = engine.service.retry_batch(&engine.scope, again(id, false, None)).await.unwrap_err();
        assert!(matches!(&early, ServiceError::Conflict(message) if message.contains("is pending")), "{early}");
        let worker = engine.work(failing());
        let first = engine.ended(id).await;
        assert_eq!(first.status, BatchStatus::Partial);
        let retried = engine.service.retry_batch(&engine.scope, again(id, false, Some("key"))).await.unwrap();
        assert_eq!(engine.service.retry_batch(&engine.scope, again(id, false, Some("key"))).await.unwrap(), retried);
        let second = engine.ended(retried.batch_id.unwrap()).await;
        assert_eq!((second.status, second.counts.total, second.retry_of), (BatchStatus::Complete, 1, Some(id)));
        assert_eq!(batch(&engine, id).await, first, "an ended batch never changes");
        let nothing = engine.service.retry_batch(&engine.scope, again(second.id, true, None)).await.unwrap();
        assert_eq!(nothing.batch_id, None);
        worker.stop().await;

        let id = engine.submit(&["c.test", "d.test"]).await.batch_id.unwrap();
        engine.service.cancel_batch(&engine.scope, id).await.unwrap();
        assert_eq!(engine.service.retry_batch(&engine.scope, again(id, false, None)).await.unwrap().batch_id, None);
        let retried = engine.service.retry_batch(&engine.scope, again(id, true, None)).await.unwrap();
        assert_eq!(batch(&engine, retried.batch_id.unwrap()).await.counts.total, 2);
    }

    async fn the_mutations_tell_what_became_of_jobs_and_batches(database: TestDatabase) {
        let api = TestApi::start(&database).await;
        let id = api.engine.submit(&["a.test", "b.test"]).await.batch_id.unwrap().to_string();
        let data = api.data(&format!("{{ batchJob(id: \"{id}\") {{ jobs {{ nodes {{ id }} }} }} }}")).await;
        let first = data["batchJob"]["jobs"]["nodes"][0]["id"].as_str().unwrap().to_owned();
        let data = api.data(&format!("mutation {{ cancelJob(input: {{ id: \"{first}\" }}) {{ cancelled job {{ id status step sequence batchJob {{ cancelledDomains }} domain {{ status }} }} }} }}")).await;
        assert_eq!(data["cancelJob"], json!({ "cancelled": true, "job": { "id": first, "status": "CANCELLED", "step": "DONE", "sequence": 1, "batchJob": { "cancelledDomains": 1 }, "domain": { "status": "NEW" } } }));
        let cancel = format!("mutation {{ cancelBatchJob(input: {{ id: \"{id}\" }}) {{ cancelledJobs batchJob {{ status cancelledDomains }} }} }}");
        assert_eq!(api.data(&cancel).await["cancelBatchJob"], json!({ "cancelledJobs": 1, "batchJob": { "status": "CANCELLED", "cancelledDomains": 2 } }));
        assert_eq!(api.data(&cancel).await["cancelBatchJob"]["cancelledJobs"], 0);
        let data = api.data(&format!("mutation {{ retryJob(input: {{ id: \"{first}\" }}) {{ job {{ status batchJob {{ id }} domain {{ name }} }} }} retryBatchJob(input: {{ id: \"{id}\", includeCancelled: true }}) {{ batchJob {{ status totalDomains retryOf {{ id }} }} }} }}")).await;
        assert_eq!(data["retryJob"]["job"], json!({ "status": "PENDING", "batchJob": null, "domain": { "name": "a.test" } }));
        assert_eq!(data["retryBatchJob"]["batchJob"], json!({ "status": "PENDING", "totalDomains": 2, "retryOf": { "id": id } }));

        let stranger = scope_of(&api.engine.db, "stranger").await;
        let absent = "00000000-0000-7000-8000-000000000000";
        for (field, job, batch) in [("cancelJob", &*first, absent), ("retryJob", &first, absent), ("cancelBatchJob", absent, &*id), ("retryBatchJob", absent, &id)] {
            let own = if field.contains("Batch") { batch } else { job };
            let mutation = |id: &str| format!("mutation {{ {field}(input: {{ id: \"{id}\" }}) {{ __typename }} }}");
            assert_eq!(error_of(&api.answer_to(&stranger, &mutation(own), json!({})).await).0, "NOT_FOUND", "{field}: another tenant's");
            assert_eq!(error_of(&api.answer(&mutation(absent)).await).0, "NOT_FOUND", "{field}");
            assert_eq!(error_of(&api.answer(&mutation("nonsense")).await).0, "BAD_USER_INPUT", "{field}");
        }
    }
}
