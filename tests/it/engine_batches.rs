//! What becomes of a batch, from its submission to its last job.

use std::time::Duration;

use futures_util::StreamExt;
use scrapersky::{
    config::WorkerSettings,
    model::{BatchStatus, JobStatus, RejectReason, ScanError, ScanErrorCode, ScanOptions},
    service::{ServiceError, SubmitBatch, SubmitScan},
    store::{Columns, batches, domains, jobs},
};

use crate::{
    on_each_database,
    support::engine::{FakeScans, TestEngine, batch_of, report},
};

fn failing(code: ScanErrorCode) -> Result<scrapersky::model::ScanReport, ScanError> {
    Err(ScanError::new(code, "as the test says"))
}

on_each_database! {
    async fn a_batch_ends_with_exact_counts_gapless_sequences_and_facts(database: TestDatabase) {
        let engine = TestEngine::start(&database).await;
        let names: Vec<String> = (0..600).map(|number| format!("site-{number}.test")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let submitted = engine.submit(&names).await;
        let id = submitted.batch_id.unwrap();
        let worker = engine.work(
            FakeScans::new()
                .on("site-7.test", |_| async { failing(ScanErrorCode::DnsNotFound) })
                .on("site-8.test", |_| async { failing(ScanErrorCode::DnsNotFound) })
                .on("site-9.test", |_| async { panic!("a scan that panics") }),
        );
        let batch = engine.ended(id).await;
        worker.stop().await;
        assert_eq!(batch.status, BatchStatus::Partial);
        assert_eq!((batch.counts.total, batch.counts.completed, batch.counts.failed), (600, 597, 3));
        let failures: Vec<_> = batch.failure_counts.iter().map(|count| (count.code, count.count)).collect();
        assert_eq!(failures, [(ScanErrorCode::DnsNotFound, 2), (ScanErrorCode::Internal, 1)]);
        assert!(batch.start_time.is_some() && batch.end_time >= batch.start_time);

        let finished = engine.service.watch_finished_jobs(&engine.scope, id, 0, Columns::all());
        let finished: Vec<_> = finished.map(Result::unwrap).collect().await;
        let sequences: Vec<_> = finished.iter().map(|job| job.sequence.unwrap()).collect();
        assert_eq!(sequences, (1..=600).collect::<Vec<_>>());
        assert!(finished.iter().all(|job| job.status.is_finished() && job.attempts == 1 && job.progress >= 1.0));
        let resumed = engine.service.watch_finished_jobs(&engine.scope, id, 590, Columns::all());
        assert_eq!(resumed.count().await, 10);

        let name = "site-42.test".parse_name();
        let domain = domains::by_name(engine.db.reader(), &engine.scope, &name, Columns::all()).await.unwrap().unwrap();
        assert_eq!(domain.facts.unwrap().title.as_deref(), Some("site-42.test"));
        let failed = "site-7.test".parse_name();
        let domain = domains::by_name(engine.db.reader(), &engine.scope, &failed, Columns::all()).await.unwrap().unwrap();
        assert_eq!(domain.last_error.unwrap().code, ScanErrorCode::DnsNotFound);
        assert!(domain.facts.is_none());
    }

    async fn a_failure_that_can_change_is_tried_again_and_one_that_cannot_is_not(database: TestDatabase) {
        let engine = TestEngine::start(&database).await;
        let id = engine.submit(&["flaky.test", "down.test", "gone.test"]).await.batch_id.unwrap();
        let worker = engine.work(
            FakeScans::new()
                .on("flaky.test", |number| async move {
                    if number < 3 { failing(ScanErrorCode::ConnectionReset) } else { Ok(report("flaky.test")) }
                })
                .on("down.test", |_| async { failing(ScanErrorCode::Timeout) })
                .on("gone.test", |_| async { failing(ScanErrorCode::HttpClientError) }),
        );
        let batch = engine.ended(id).await;
        worker.stop().await;
        assert_eq!((batch.counts.completed, batch.counts.failed), (1, 2));
        let jobs: Vec<_> =
            engine.service.watch_finished_jobs(&engine.scope, id, 0, Columns::all()).map(Result::unwrap).collect().await;
        let attempts_of = |status, code| {
            jobs.iter()
                .find(|job| job.status == status && job.failure.as_ref().map(|failure| failure.code) == code)
                .map(|job| job.attempts)
        };
        assert_eq!(attempts_of(JobStatus::Complete, None), Some(3), "an old failure is no part of a success");
        assert_eq!(attempts_of(JobStatus::Failed, Some(ScanErrorCode::Timeout)), Some(3));
        assert_eq!(attempts_of(JobStatus::Failed, Some(ScanErrorCode::HttpClientError)), Some(1));
    }

    async fn a_scan_keeps_its_own_deadline_and_one_that_never_ends_is_ended(database: TestDatabase) {
        let settings = WorkerSettings { max_attempts: 1, ..WorkerSettings::default() };
        let engine = TestEngine::start_with(&database, settings).await;
        let options = ScanOptions { timeout_seconds: 1, ..ScanOptions::default() };
        let input = SubmitBatch { options, ..batch_of(&["waited.test", "endless.test"]) };
        let id = engine.service.scan_domains(&engine.scope, input).await.unwrap().batch_id.unwrap();
        let worker = engine.work(
            FakeScans::new()
                .on("waited.test", |_| async {
                    // As after a wait for its turn at a shared address.
                    tokio::time::sleep(Duration::from_millis(1_500)).await;
                    Ok(report("waited.test"))
                })
                .on("endless.test", |_| std::future::pending()),
        );
        let batch = engine.ended(id).await;
        worker.stop().await;
        assert_eq!((batch.counts.completed, batch.counts.failed), (1, 1));
        assert_eq!(batch.failure_counts[0].code, ScanErrorCode::DeadlineExceeded);
    }

    async fn invalid_names_are_rejected_with_reasons_and_the_others_go_on(database: TestDatabase) {
        let engine = TestEngine::start(&database).await;
        let submitted =
            engine.submit(&["good.test", "10.0.0.1", "https://www.good.test/x", "a b.test", "GOOD.test."]).await;
        assert_eq!(submitted.duplicates, 2);
        let reasons: Vec<_> = submitted.rejected.iter().map(|rejected| rejected.reason).collect();
        assert_eq!(reasons, [RejectReason::IpAddress, RejectReason::HasSpace]);
        let id = submitted.batch_id.unwrap();
        let batch = batches::by_id(engine.db.reader(), &engine.scope, id, Columns::all()).await.unwrap().unwrap();
        assert_eq!(batch.counts.total, 1);
        assert_eq!(batch.rejected, submitted.rejected);
        let none = engine.submit(&["localhost", ""]).await;
        assert_eq!((none.batch_id, none.rejected.len()), (None, 2));
        assert_eq!(engine.number("SELECT count(*) FROM batch_jobs").await, 1);
    }

    async fn too_few_and_too_many_names_are_refused_and_nothing_is_stored(database: TestDatabase) {
        let engine = TestEngine::start(&database).await;
        for (count, says) in [(0, "`names` is empty"), (100_001, "`names` has 100001 names; at most 100000")] {
            let input = SubmitBatch { names: vec!["a.test".to_owned(); count], ..batch_of(&[]) };
            let error = engine.service.scan_domains(&engine.scope, input).await.unwrap_err();
            assert!(matches!(&error, ServiceError::BadInput(text) if text.contains(says)), "{error}");
        }
        assert_eq!(engine.number("SELECT count(*) FROM jobs").await, 0);
    }

    async fn twenty_calls_with_one_key_make_one_batch_and_answer_alike(database: TestDatabase) {
        let engine = TestEngine::start(&database).await;
        let input = SubmitBatch { idempotency_key: Some("k".to_owned()), ..batch_of(&["a.test", "b.test", "::1"]) };
        let calls = (0..20).map(|_| engine.service.scan_domains(&engine.scope, input.clone()));
        let answers = futures_util::future::try_join_all(calls).await.unwrap();
        assert!(answers.iter().all(|answer| *answer == answers[0] && answer.rejected.len() == 1));
        assert_eq!(engine.number("SELECT count(*) FROM batch_jobs").await, 1);
        assert_eq!(engine.number("SELECT count(*) FROM jobs").await, 2);
        let other = SubmitBatch { names: vec!["c.test".to_owned()], ..input };
        let error = engine.service.scan_domains(&engine.scope, other).await.unwrap_err();
        assert!(matches!(&error, ServiceError::Conflict(text) if text.contains("`k`")), "{error}");
    }

    async fn fresh_results_with_equal_options_are_reused(database: TestDatabase) {
        let engine = TestEngine::start(&database).await;
        let worker = engine.work(FakeScans::new());
        let first = engine.submit(&["a.test", "b.test"]).await.batch_id.unwrap();
        engine.ended(first).await;
        worker.stop().await;

        let hour = Some(Duration::from_secs(3_600));
        let again = |names: &[&str], max_age| SubmitBatch { max_age, ..batch_of(names) };
        let mixed = engine.service.scan_domains(&engine.scope, again(&["new.test", "b.test", "a.test"], hour)).await;
        let mixed = mixed.unwrap();
        assert_eq!(mixed.reused, 2);
        let id = mixed.batch_id.unwrap();
        let batch = batches::by_id(engine.db.reader(), &engine.scope, id, Columns::all()).await.unwrap().unwrap();
        assert_eq!((batch.status, batch.counts.completed), (BatchStatus::Pending, 2));
        let jobs = jobs::finished_after(engine.db.reader(), &engine.scope, id, 0, 10, Columns::all()).await.unwrap();
        assert_eq!(jobs.iter().map(|job| job.sequence).collect::<Vec<_>>(), [Some(1), Some(2)]);
        assert!(jobs.iter().all(|job| job.result.is_some() && job.metadata.contains_key("reusedFrom")));

        let all = engine.service.scan_domains(&engine.scope, again(&["a.test", "b.test"], hour)).await.unwrap();
        let all = batches::by_id(engine.db.reader(), &engine.scope, all.batch_id.unwrap(), Columns::all()).await.unwrap().unwrap();
        assert_eq!(all.status, BatchStatus::Complete, "an all-reused batch is complete at once");
        assert!(all.end_time.is_some());

        let stale = engine.service.scan_domains(&engine.scope, again(&["a.test"], Some(Duration::ZERO))).await;
        assert_eq!(stale.unwrap().reused, 0);
        let other_options = SubmitBatch {
            options: ScanOptions { follow_sitemaps: false, ..ScanOptions::default() },
            ..again(&["a.test"], hour)
        };
        assert_eq!(engine.service.scan_domains(&engine.scope, other_options).await.unwrap().reused, 0);
        let single = SubmitScan {
            name: "b.test".to_owned(),
            options: ScanOptions::default(),
            max_age: hour,
            idempotency_key: None,
        };
        let single = engine.service.scan_domain(&engine.scope, single).await.unwrap();
        assert!(single.reused);
        let job = jobs::by_id(engine.db.reader(), &engine.scope, single.job_id, Columns::all()).await.unwrap().unwrap();
        assert_eq!((job.status, job.sequence), (JobStatus::Complete, None));
    }

    async fn a_small_batch_does_not_wait_behind_a_large_one(database: TestDatabase) {
        let engine = TestEngine::start(&database).await;
        let names: Vec<String> = (0..100_000).map(|number| format!("n{number}.test")).collect();
        let large = SubmitBatch { names, ..batch_of(&[]) };
        let large = engine.service.scan_domains(&engine.scope, large).await.unwrap().batch_id.unwrap();
        // Each scan holds its permit for a while: without turns the small batch would wait for minutes.
        let slow = SlowScans(Duration::from_millis(100));
        let worker = engine.work(slow);
        let mut progress = engine.service.watch_batch(&engine.scope, large);
        while progress.next().await.unwrap().unwrap().batch.counts.completed < 200 {}
        let submitted_at = std::time::Instant::now();
        let names: Vec<String> = (0..10).map(|number| format!("small{number}.test")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let small = engine.submit(&names).await.batch_id.unwrap();
        let batch = engine.ended(small).await;
        let started = batch.start_time.unwrap() - batch.created_at;
        worker.stop().await;
        assert_eq!(batch.counts.completed, 10);
        assert!(started < chrono::TimeDelta::seconds(1), "the first job started after {started}");
        assert!(submitted_at.elapsed() < Duration::from_secs(10));
        let large = batches::by_id(engine.db.reader(), &engine.scope, large, Columns::all()).await.unwrap().unwrap();
        assert!(large.counts.finished() < 50_000, "the large one was still far from its end");
    }
}

struct SlowScans(Duration);

impl scrapersky::worker::Scan for SlowScans {
    fn scan<'a>(
        &'a self,
        name: &'a scrapersky::model::DomainName,
        _options: &'a ScanOptions,
        _known: Option<&'a scrapersky::model::KnownSite>,
        _on_step: &'a (dyn Fn(scrapersky::model::JobStep) + Send + Sync),
    ) -> futures_util::future::BoxFuture<'a, Result<scrapersky::model::ScanReport, ScanError>> {
        Box::pin(async move {
            tokio::time::sleep(self.0).await;
            Ok(report(name.as_str()))
        })
    }
}

trait ParseName {
    fn parse_name(&self) -> scrapersky::model::DomainName;
}

impl ParseName for str {
    fn parse_name(&self) -> scrapersky::model::DomainName {
        scrapersky::model::DomainName::parse(self).unwrap()
    }
}
