//! Writes finished jobs in groups: one transaction for many.

use std::time::Duration;

use tokio::{sync::mpsc, time::Instant};
use tracing::{Instrument, debug, error, warn};

use super::{leases::Leases, pokes::Pokes};
use crate::{
    model::{ScanError, ScanErrorCode, ScanFailure},
    queue::Queue,
    spans,
    store::{
        StoreError,
        engine::{FinishedJob, Outcome, Recorded},
    },
};

/// The most jobs in one transaction.
pub(super) const GROUP: usize = 256;

/// How long the first job of a group waits for others.
const GATHERING: Duration = Duration::from_millis(20);

/// How long to wait when the database is away; leases are what ends the waiting.
const RETRY: Duration = Duration::from_millis(500);

/// Gathers finished jobs and writes them.
pub(super) struct Recorder {
    queue: Queue,
    pokes: Pokes,
    leases: Leases,
}

impl Recorder {
    pub(super) fn new(queue: Queue, pokes: Pokes, leases: Leases) -> Self {
        Self { queue, pokes, leases }
    }

    /// Records until every sender is gone and everything sent is written.
    pub(super) async fn run(self, mut finished: mpsc::Receiver<FinishedJob>) {
        while let Some(first) = finished.recv().await {
            let mut group = vec![first];
            let deadline = Instant::now() + GATHERING;
            while group.len() < GROUP {
                match tokio::time::timeout_at(deadline, finished.recv()).await {
                    Ok(Some(job)) => group.push(job),
                    Ok(None) | Err(_) => break,
                }
            }
            let span = spans::record(group.len());
            self.record(group).instrument(span).await;
        }
    }

    /// Writes the group. One that cannot be written is split until the culprit is alone, and fails its own job only.
    async fn record(&self, group: Vec<FinishedJob>) {
        let mut groups = vec![group];
        while let Some(mut group) = groups.pop() {
            match self.write(&group).await {
                Ok(recorded) => self.recorded(&group, &recorded),
                Err(error) if group.len() > 1 => {
                    warn!(%error, jobs = group.len(), "A group of results could not be stored and is split");
                    let rest = group.split_off(group.len() / 2);
                    groups.push(rest);
                    groups.push(group);
                }
                Err(error) => self.fail(group, &error).await,
            }
        }
    }

    /// Waits for a database that is away, as long as the leases last.
    async fn write(&self, group: &[FinishedJob]) -> Result<Recorded, StoreError> {
        loop {
            match self.queue.finish(group).await {
                Err(error) if error.is_transient() => {
                    warn!(%error, jobs = group.len(), "Results could not be stored yet");
                    tokio::time::sleep(RETRY).await;
                }
                result => return result,
            }
        }
    }

    /// A result that the database refuses fails its job; when even that is refused, the lease runs out.
    async fn fail(&self, group: Vec<FinishedJob>, error: &StoreError) {
        for mut job in group {
            error!(%error, job_id = %job.job_id, tenant_id = %job.tenant_id, "A result could not be stored");
            let failure = ScanError::new(ScanErrorCode::StoreFailed, "the result could not be stored");
            job.outcome = Outcome::Failed(ScanFailure::from(&failure));
            match self.write(std::slice::from_ref(&job)).await {
                Ok(recorded) => self.recorded(std::slice::from_ref(&job), &recorded),
                Err(error) => {
                    error!(%error, job_id = %job.job_id, "Nor could its failure");
                    self.leases.release(job.job_id);
                }
            }
        }
    }

    fn recorded(&self, group: &[FinishedJob], recorded: &Recorded) {
        for job in &recorded.stale {
            debug!(job_id = %job, "A result came too late and was dropped");
        }
        for job in group {
            self.leases.release(job.job_id);
        }
        self.pokes.recorded(recorded);
    }
}
