//! Watching work: begin to watch, read the state, and after each poke read it again. Pokes carry no state, so the
//! database is the log, and a slow poll stands behind lost pokes.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use chrono::{DateTime, Utc};
use futures_util::{
    StreamExt,
    stream::{self, BoxStream},
};
use tokio::{sync::watch, time::Instant};
use tokio_util::task::AbortOnDropHandle;
use tracing::warn;

use super::{Service, ServiceError};
use crate::{
    model::{BatchId, BatchJob, Job, JobId, JobStatus, JobStep, Scope, TenantId},
    progress::Watcher,
    store::{batches, jobs},
};

/// A watched batch is read at most this often.
const BATCH_REFRESH: Duration = Duration::from_millis(250);

/// A watched thing is read at least this often while nothing pokes.
const POLL: Duration = Duration::from_secs(1);

/// Finished jobs are read in pages of this many, and at most this often.
const PAGE: u32 = 500;
const JOBS_REFRESH: Duration = Duration::from_millis(50);

/// A watched batch, the same for all who watch it on this node.
#[derive(Debug, Clone)]
pub struct BatchState {
    /// The batch.
    pub batch: Arc<BatchJob>,
    /// When it was read.
    pub read_at: DateTime<Utc>,
}

/// What a watched batch is known to be.
#[derive(Debug, Clone)]
enum Known {
    NotYet,
    Absent,
    State(BatchState),
}

/// The watched batches of this node: each is read by one task for all who watch it.
#[derive(Debug, Default)]
pub(super) struct WatchedBatches(Mutex<HashMap<(TenantId, BatchId), Weak<Feed>>>);

/// The task that reads a watched batch ends with the last of those who watch.
#[derive(Debug)]
struct Feed {
    state: watch::Receiver<Known>,
    _task: AbortOnDropHandle<()>,
}

impl Service {
    /// The batch now, then each newer state, at most four a second, ending after the final one.
    pub fn watch_batch(
        &self,
        scope: &Scope,
        id: BatchId,
    ) -> BoxStream<'static, Result<BatchState, ServiceError>> {
        let feed = self.feed(scope, id);
        let mut state = feed.state.clone();
        // What is known already is news to this watcher.
        state.mark_changed();
        stream::unfold(Some((state, feed)), move |watching| async move {
            let (mut state, feed) = watching?;
            loop {
                if state.changed().await.is_err() {
                    return None;
                }
                let known = state.borrow_and_update().clone();
                match known {
                    Known::NotYet => {}
                    Known::Absent => return Some((Err(not_found("batch", &id)), None)),
                    Known::State(last) if last.batch.status.is_finished() => return Some((Ok(last), None)),
                    Known::State(next) => return Some((Ok(next), Some((state, feed)))),
                }
            }
        })
        .boxed()
    }

    fn feed(&self, scope: &Scope, id: BatchId) -> Arc<Feed> {
        let mut feeds = self.0.watched.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(feed) = feeds.get(&(scope.tenant_id, id)).and_then(Weak::upgrade)
            && feed.state.has_changed().is_ok()
        {
            return feed;
        }
        feeds.retain(|_, feed| feed.strong_count() > 0);
        let (publish, state) = watch::channel(Known::NotYet);
        let reading = tokio::spawn(read_batch(self.clone(), scope.clone(), id, publish));
        let feed = Arc::new(Feed { state, _task: AbortOnDropHandle::new(reading) });
        feeds.insert((scope.tenant_id, id), Arc::downgrade(&feed));
        feed
    }

    /// The batch's finished jobs after a sequence number, each exactly once and in order; ends after the last one of an
    /// ended batch.
    pub fn watch_finished_jobs(
        &self,
        scope: &Scope,
        batch: BatchId,
        after: i64,
    ) -> BoxStream<'static, Result<Job, ServiceError>> {
        let reader = FinishedJobs {
            service: self.clone(),
            scope: scope.clone(),
            batch,
            after,
            pokes: self.0.progress.watch_batch(batch),
        };
        stream::unfold(Some(reader), |reader| async {
            let mut reader = reader?;
            match reader.next_page().await {
                Err(error) => Some((vec![Err(error)], None)),
                Ok(page) if page.is_empty() => None,
                Ok(page) => Some((page.into_iter().map(Ok).collect(), Some(reader))),
            }
        })
        .flat_map(stream::iter)
        .boxed()
    }

    /// The job now, then each newer state until it has ended.
    pub fn watch_job(&self, scope: &Scope, id: JobId) -> BoxStream<'static, Result<Job, ServiceError>> {
        let watched = WatchedJob {
            service: self.clone(),
            scope: scope.clone(),
            id,
            pokes: self.0.progress.watch_job(id),
            batch_pokes: None,
            step: None,
            last: None,
        };
        stream::unfold(Some(watched), |watched| async {
            let mut watched = watched?;
            match watched.next_state().await {
                Err(error) => Some((Err(error), None)),
                Ok(job) if job.status.is_finished() => Some((Ok(job), None)),
                Ok(job) => Some((Ok(job), Some(watched))),
            }
        })
        .boxed()
    }
}

fn not_found(kind: &'static str, id: &impl ToString) -> ServiceError {
    ServiceError::NotFound { kind, id: id.to_string() }
}

/// Reads the batch after each poke and publishes what is new, until its final state or until nobody watches.
async fn read_batch(service: Service, scope: Scope, id: BatchId, publish: watch::Sender<Known>) {
    let mut pokes = service.0.progress.watch_batch(id);
    loop {
        let read_at = Instant::now();
        match batches::by_id(service.db().reader(), &scope, id).await {
            Ok(None) => {
                publish.send_replace(Known::Absent);
                return;
            }
            Ok(Some(batch)) => {
                let ended = batch.status.is_finished();
                let read_at = service.clock().now();
                publish.send_if_modified(|known| replace_if_new(known, batch, read_at));
                if ended {
                    return;
                }
            }
            Err(error) => warn!(%error, batch_id = %id, "A watched batch could not be read"),
        }
        let _ = tokio::time::timeout(POLL, pokes.poked()).await;
        tokio::time::sleep_until(read_at + BATCH_REFRESH).await;
    }
}

fn replace_if_new(known: &mut Known, batch: BatchJob, read_at: DateTime<Utc>) -> bool {
    if matches!(known, Known::State(last) if *last.batch == batch) {
        return false;
    }
    *known = Known::State(BatchState { batch: Arc::new(batch), read_at });
    true
}

struct FinishedJobs {
    service: Service,
    scope: Scope,
    batch: BatchId,
    after: i64,
    pokes: Watcher<BatchId, ()>,
}

impl FinishedJobs {
    /// The next finished jobs, as soon as there are some; none when the batch has ended and all have been read.
    async fn next_page(&mut self) -> Result<Vec<Job>, ServiceError> {
        loop {
            let read_at = Instant::now();
            let reader = self.service.db().reader();
            // The batch first: when it has ended, the jobs read after it are all there are.
            let batch = batches::by_id(reader, &self.scope, self.batch).await?;
            let batch = batch.ok_or_else(|| not_found("batch", &self.batch))?;
            let page = jobs::finished_after(reader, &self.scope, self.batch, self.after, PAGE).await?;
            if let Some(sequence) = page.last().and_then(|job| job.sequence) {
                self.after = sequence;
                return Ok(page);
            }
            if batch.status.is_finished() {
                return Ok(page);
            }
            let _ = tokio::time::timeout(POLL, self.pokes.poked()).await;
            tokio::time::sleep_until(read_at + JOBS_REFRESH).await;
        }
    }
}

struct WatchedJob {
    service: Service,
    scope: Scope,
    id: JobId,
    pokes: Watcher<JobId, Option<JobStep>>,
    batch_pokes: Option<Watcher<BatchId, ()>>,
    step: Option<JobStep>,
    last: Option<Job>,
}

impl WatchedJob {
    /// The next state that differs from the last one.
    async fn next_state(&mut self) -> Result<Job, ServiceError> {
        loop {
            if self.last.is_some() {
                let _ = tokio::time::timeout(POLL, self.poked()).await;
            }
            let job = jobs::by_id(self.service.db().reader(), &self.scope, self.id).await?;
            let mut job = job.ok_or_else(|| not_found("job", &self.id))?;
            if let (None, Some(batch)) = (&self.batch_pokes, job.batch_id) {
                self.batch_pokes = Some(self.service.0.progress.watch_batch(batch));
            }
            self.add_step(&mut job);
            if self.last.as_ref() != Some(&job) {
                self.last = Some(job.clone());
                return Ok(job);
            }
        }
    }

    /// A job's own pokes come from the worker of this node, its batch's from all nodes.
    async fn poked(&mut self) {
        let batch = async {
            match &mut self.batch_pokes {
                Some(pokes) => pokes.poked().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            step = self.pokes.poked() => self.step = step,
            () = batch => {}
        }
    }

    /// A step that this node's worker told is newer than the one that the last heartbeat stored.
    fn add_step(&self, job: &mut Job) {
        if let (JobStatus::Running, Some(step)) = (job.status, self.step)
            && step > job.step
        {
            job.step = step;
            job.progress = step.progress();
        }
    }
}
