//! When to claim, renew, retry and reap. The SQL is in [`crate::store::engine`].

mod backoff;
mod listen;

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use chrono::TimeDelta;
use tokio::sync::Notify;

pub use backoff::retry_delay;
pub use listen::listen;

use crate::{
    clock::Clock,
    config::WorkerSettings,
    metrics::Metrics,
    model::{BatchId, DomainId, KnownSite, ScanError, ScanErrorCode, ScanFailure, ScanReport, WorkerId},
    store::{
        Db, Notification, StoreError,
        engine::{
            self, Cancelled, Claim, ClaimedJob, Expired, FinishedJob, HeldLease, LostLease, Outcome,
            Recorded, Target,
        },
        tell,
    },
};

/// How long a batch is hidden before its jobs are removed: whoever saw it before has read on, or found that it is gone.
const HIDDEN_FOR: TimeDelta = TimeDelta::minutes(1);

/// None where everything is kept.
fn retention(age: Duration) -> Option<TimeDelta> {
    TimeDelta::from_std(age).ok().filter(|age| !age.is_zero())
}

/// The jobs table as a queue. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Queue(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    db: Db,
    clock: Clock,
    lease: TimeDelta,
    tenant_cap: Option<u32>,
    retention: Option<TimeDelta>,
    max_losses: u32,
    retry_delay: Duration,
    wake: Notify,
    leases: Notify,
    metrics: Metrics,
}

impl Queue {
    /// The queue in this database.
    pub fn new(db: Db, clock: Clock, settings: &WorkerSettings) -> Self {
        Self(Arc::new(Inner {
            db,
            clock,
            lease: TimeDelta::from_std(settings.lease).unwrap_or(TimeDelta::MAX),
            tenant_cap: (settings.max_running_per_tenant > 0).then_some(settings.max_running_per_tenant),
            retention: retention(settings.retention),
            max_losses: settings.max_losses,
            retry_delay: settings.retry_delay,
            wake: Notify::new(),
            leases: Notify::new(),
            metrics: Metrics::default(),
        }))
    }

    /// What this process counts.
    pub fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// Tells other nodes what has changed.
    pub async fn tell(&self, what: &[Notification]) -> Result<(), StoreError> {
        tell(self.0.db.writer(), what).await
    }

    /// How many jobs are in each state.
    pub async fn depth(&self) -> Result<Vec<(&'static str, i64)>, StoreError> {
        engine::depth(self.0.db.reader()).await
    }

    /// Tells the worker of this process that there may be work.
    pub fn wake(&self) {
        self.0.wake.notify_one();
    }

    /// Waits until [`Queue::wake`] is called; a call before the wait counts.
    pub async fn woken(&self) {
        self.0.wake.notified().await;
    }

    /// Tells the worker of this process that jobs it runs may be its own no longer.
    pub fn look_at_leases(&self) {
        self.0.leases.notify_one();
    }

    /// Waits until [`Queue::look_at_leases`] is called; a call before the wait counts.
    pub async fn leases_may_be_lost(&self) {
        self.0.leases.notified().await;
    }

    /// Cancels what is left of batches whose deadline has come; answers what changed.
    pub async fn cancel_overdue(&self) -> Result<Vec<Cancelled>, StoreError> {
        let (db, now) = (&self.0.db, self.0.clock.now());
        let mut all = Vec::new();
        for (tenant, batch) in engine::overdue(db.reader(), now).await? {
            all.extend(engine::cancel(db, tenant, Target::Batch(batch), now).await?);
        }
        Ok(all)
    }

    /// Leases up to `limit` jobs to the worker.
    pub async fn claim(&self, worker: WorkerId, limit: usize) -> Result<Vec<ClaimedJob>, StoreError> {
        let jobs = engine::claim(&self.0.db, self.claim_of(worker, limit), self.0.clock.now()).await?;
        self.0.metrics.claimed(jobs.len());
        Ok(jobs)
    }

    fn claim_of(&self, worker: WorkerId, limit: usize) -> Claim {
        Claim { worker, limit, lease: self.0.lease, tenant_cap: self.0.tenant_cap }
    }

    /// Leases one job that must run alone.
    pub async fn claim_alone(&self, worker: WorkerId) -> Result<Vec<ClaimedJob>, StoreError> {
        let jobs = engine::claim_alone(&self.0.db, self.claim_of(worker, 1), self.0.clock.now()).await?;
        self.0.metrics.claimed(jobs.len());
        Ok(jobs)
    }

    /// What earlier scans left of the sites of these jobs.
    pub async fn known_sites(
        &self,
        jobs: &[ClaimedJob],
    ) -> Result<HashMap<DomainId, Arc<KnownSite>>, StoreError> {
        engine::known_sites(self.0.db.reader(), jobs).await
    }

    /// Whether a job waits that must run alone.
    pub async fn has_isolated(&self) -> Result<bool, StoreError> {
        engine::has_isolated(self.0.db.reader()).await
    }

    /// Notes that work on these batches has begun.
    pub async fn mark_batches_started(&self, batches: &[BatchId]) -> Result<(), StoreError> {
        engine::mark_batches_started(&self.0.db, batches, self.0.clock.now()).await
    }

    /// Extends the leases and stores the steps; answers those that are no longer held.
    pub async fn extend(&self, leases: &[HeldLease]) -> Result<Vec<LostLease>, StoreError> {
        engine::extend(self.0.db.writer(), leases, self.0.lease, self.0.clock.now()).await
    }

    /// Whether no other process works on this database.
    pub fn is_alone(&self) -> bool {
        self.0.db.is_sqlite()
    }

    /// How long leases and turns last without being kept.
    pub fn lease(&self) -> Duration {
        self.0.lease.to_std().unwrap_or(Duration::MAX)
    }

    /// Takes turns at hosts; answers those that the worker may visit.
    pub async fn take_turns(&self, worker: WorkerId, hosts: &[&str]) -> Result<HashSet<String>, StoreError> {
        engine::take_turns(self.0.db.writer(), worker, hosts, self.0.lease).await
    }

    /// Keeps the worker's turns at hosts.
    pub async fn keep_turns(&self, worker: WorkerId, hosts: &[String]) -> Result<u64, StoreError> {
        engine::keep_turns(self.0.db.writer(), worker, hosts, self.0.lease).await
    }

    /// Ends the worker's turns at hosts.
    pub async fn end_turns(&self, worker: WorkerId, hosts: &[String]) -> Result<(), StoreError> {
        engine::end_turns(self.0.db.writer(), worker, hosts).await
    }

    /// Says that the worker lives; answers how many do.
    pub async fn keep_alive(&self, worker: WorkerId) -> Result<usize, StoreError> {
        let workers = engine::keep_alive(self.0.db.writer(), worker, self.0.lease).await?;
        Ok(usize::try_from(workers).unwrap_or(1))
    }

    /// Says that the worker has ended.
    pub async fn end_worker(&self, worker: WorkerId) -> Result<(), StoreError> {
        engine::end_worker(self.0.db.writer(), worker).await
    }

    /// Puts jobs back for a second, without charge.
    pub async fn put_off(&self, leases: &[HeldLease]) -> Result<u64, StoreError> {
        engine::put_off(self.0.db.writer(), leases, TimeDelta::seconds(1), self.0.clock.now()).await
    }

    /// Puts unfinished jobs back without charge.
    pub async fn give_back(&self, leases: &[HeldLease]) -> Result<u64, StoreError> {
        engine::give_back(self.0.db.writer(), leases).await
    }

    /// Records how a group of jobs ended, all or none.
    pub async fn finish(&self, group: &[FinishedJob]) -> Result<Recorded, StoreError> {
        let recorded = engine::finish(&self.0.db, group, self.0.clock.now()).await?;
        if self.0.tenant_cap.is_some() {
            // A tenant that had no room has some now.
            self.wake();
        }
        Ok(recorded)
    }

    /// Removes a few rows that are older than they are kept; answers how many.
    pub async fn remove_old(&self) -> Result<u64, StoreError> {
        let Some(age) = self.0.retention else { return Ok(0) };
        let (db, now) = (&self.0.db, self.0.clock.now());
        let hidden = engine::hide_batches(db.writer(), age, now).await?;
        let jobs = engine::remove_single_jobs(db.writer(), age, now).await?;
        let keys = engine::remove_idempotency_keys(db.writer(), age, now).await?;
        let of_batches = engine::remove_hidden_batch(db, HIDDEN_FOR, now).await?;
        Ok(hidden + jobs + keys + of_batches)
    }

    /// Lets jobs be claimed whose next try is due; answers how many.
    pub async fn promote_due(&self) -> Result<u64, StoreError> {
        engine::promote_due(self.0.db.writer(), self.0.clock.now()).await
    }

    /// Takes the jobs of silent workers: puts them back, and fails those that were lost too often.
    pub async fn reap(&self) -> Result<Recorded, StoreError> {
        let expired = engine::expired(self.0.db.reader(), false, self.0.clock.now()).await?;
        self.take(expired).await
    }

    /// What a worker does first. Alone on SQLite it knows that whatever runs has lost its worker.
    pub async fn recover(&self) -> Result<(), StoreError> {
        while self.0.db.is_sqlite() {
            let lost = engine::expired(self.0.db.reader(), true, self.0.clock.now()).await?;
            if lost.is_empty() {
                break;
            }
            self.take(lost).await?;
        }
        Ok(())
    }

    async fn take(&self, expired: Vec<Expired>) -> Result<Recorded, StoreError> {
        self.0.metrics.expired(expired.len());
        let (hopeless, again): (Vec<_>, Vec<_>) =
            expired.into_iter().partition(|job| job.losses.saturating_add(1) >= self.0.max_losses);
        if !again.is_empty() {
            engine::reopen(self.0.db.writer(), &again).await?;
            self.wake();
        }
        if hopeless.is_empty() {
            return Ok(Recorded::default());
        }
        let failed: Vec<FinishedJob> = hopeless.iter().map(|job| self.lost(job)).collect();
        self.finish(&failed).await
    }

    fn lost(&self, job: &Expired) -> FinishedJob {
        let message =
            format!("{} workers were lost while they worked on this job", job.losses.saturating_add(1));
        let error = ScanError::new(ScanErrorCode::WorkerLost, message);
        FinishedJob {
            job_id: job.job_id,
            tenant_id: job.tenant_id,
            domain_id: job.domain_id,
            batch_id: job.batch_id,
            lease_epoch: job.lease_epoch,
            scanned_at: self.0.clock.now(),
            outcome: Outcome::Failed(ScanFailure::from(&error)),
        }
    }

    /// What becomes of a job after a try: complete, another try, or failed for good.
    pub fn outcome(&self, job: &ClaimedJob, result: Result<Box<ScanReport>, ScanError>) -> Outcome {
        match result {
            Ok(report) => Outcome::Complete(report),
            Err(error) => {
                let failure = ScanFailure::from(&error);
                if failure.retryable && job.attempts < job.max_attempts {
                    let delay = retry_delay(self.0.retry_delay, job.attempts, error.retry_after);
                    Outcome::Retry(failure, TimeDelta::from_std(delay).unwrap_or(TimeDelta::MAX))
                } else {
                    Outcome::Failed(failure)
                }
            }
        }
    }
}
