//! The engine without an API: a database, the queue, the service, and a worker whose scans the test decides.

use std::{collections::HashMap, sync::Arc, time::Duration};

use futures_util::{StreamExt, future::BoxFuture};
use scrapersky::{
    clock::Clock,
    config::WorkerSettings,
    model::{BatchId, BatchJob, DomainName, JobStep, ScanError, ScanOptions, ScanReport, Scope, SiteFacts},
    progress::ProgressHub,
    queue::Queue,
    service::{Service, SubmitBatch, SubmittedBatch},
    store::Db,
    worker::{Scan, Worker},
};
use sea_orm::{ConnectionTrait, Statement};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::database::{TestDatabase, scope_of};

/// The parts of one process that do the work.
pub struct TestEngine {
    pub db: Db,
    pub queue: Queue,
    pub progress: ProgressHub,
    pub service: Service,
    pub scope: Scope,
    pub settings: WorkerSettings,
}

impl TestEngine {
    /// On a fresh database, with retries that come at once.
    pub async fn start(database: &TestDatabase) -> Self {
        let settings = WorkerSettings { retry_delay: Duration::from_millis(1), ..WorkerSettings::default() };
        Self::start_with(database, settings).await
    }

    pub async fn start_with(database: &TestDatabase, settings: WorkerSettings) -> Self {
        super::log::capture();
        let db = database.open().await;
        let (clock, progress) = (Clock::system(), ProgressHub::default());
        let queue = Queue::new(db.clone(), clock.clone(), &settings);
        let service = Service::new(db.clone(), queue.clone(), progress.clone(), clock, settings.max_attempts);
        let scope = scope_of(&db, "default").await;
        Self { db, queue, progress, service, scope, settings }
    }

    /// Starts a worker; it ends with [`RunningWorker::stop`].
    pub fn work(&self, scans: impl Scan) -> RunningWorker {
        let worker = Worker::new(self.queue.clone(), Arc::new(scans), self.progress.clone(), &self.settings);
        let stop = CancellationToken::new();
        RunningWorker { task: tokio::spawn(worker.run(stop.clone())), stop }
    }

    /// Submits names as one batch with default options.
    pub async fn submit(&self, names: &[&str]) -> SubmittedBatch {
        self.service.scan_domains(&self.scope, batch_of(names)).await.unwrap()
    }

    /// Watches the batch until it has ended.
    pub async fn ended(&self, id: BatchId) -> BatchJob {
        let states = self.service.watch_batch(&self.scope, id);
        let states = tokio::time::timeout(Duration::from_secs(30), states.collect::<Vec<_>>()).await.unwrap();
        states.into_iter().next_back().unwrap().unwrap().batch.as_ref().clone()
    }

    /// The single number that the statement answers.
    pub async fn number(&self, sql: &str) -> i64 {
        let row =
            self.db.reader().query_one_raw(Statement::from_string(self.db.backend(), sql)).await.unwrap();
        row.unwrap().try_get_by_index(0).unwrap()
    }

    /// Runs a statement for its effect.
    pub async fn execute(&self, sql: &str) {
        self.db.writer().execute_unprepared(sql).await.unwrap();
    }
}

/// Input for a batch with default options.
pub fn batch_of(names: &[&str]) -> SubmitBatch {
    SubmitBatch {
        names: names.iter().map(|name| (*name).to_owned()).collect(),
        options: ScanOptions::default(),
        max_age: None,
        deadline: None,
        idempotency_key: None,
    }
}

/// A worker in the background.
pub struct RunningWorker {
    task: JoinHandle<()>,
    stop: CancellationToken,
}

impl RunningWorker {
    /// Tells it to stop, as SIGTERM does, and waits for its end.
    pub async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }
}

type Answer = Box<dyn Fn(usize) -> BoxFuture<'static, Result<ScanReport, ScanError>> + Send + Sync>;

/// Scans that answer what the test says: for each name by the number of the try, from 1.
#[derive(Default)]
pub struct FakeScans {
    answers: HashMap<String, Answer>,
    tries: std::sync::Mutex<HashMap<String, usize>>,
}

impl FakeScans {
    /// Every name has a plain report.
    pub fn new() -> Self {
        Self::default()
    }

    /// The scans of one name.
    pub fn on<F>(mut self, name: &str, answer: impl Fn(usize) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<ScanReport, ScanError>> + Send + 'static,
    {
        self.answers.insert(name.to_owned(), Box::new(move |number| Box::pin(answer(number))));
        self
    }
}

impl Scan for FakeScans {
    fn scan<'a>(
        &'a self,
        name: &'a DomainName,
        _options: &'a ScanOptions,
        _known: Option<&'a scrapersky::model::KnownSite>,
        on_step: &'a (dyn Fn(JobStep) + Send + Sync),
    ) -> BoxFuture<'a, Result<ScanReport, ScanError>> {
        let number = {
            let mut tries = self.tries.lock().unwrap();
            let number = tries.entry(name.as_str().to_owned()).or_default();
            *number += 1;
            *number
        };
        Box::pin(async move {
            on_step(JobStep::Fetching);
            match self.answers.get(name.as_str()) {
                Some(answer) => answer(number).await,
                None => Ok(report(name.as_str())),
            }
        })
    }
}

/// A report whose title is the name.
pub fn report(name: &str) -> ScanReport {
    ScanReport {
        url: format!("https://{name}/"),
        facts: SiteFacts { title: Some(name.to_owned()), ..SiteFacts::default() },
        ..ScanReport::default()
    }
}
