//! The jobs that this process holds.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::task::AbortHandle;
use tracing::info;

use super::pokes::Pokes;
use crate::{
    metrics::Metrics,
    model::{JobId, JobStep},
    store::engine::{ClaimedJob, HeldLease, LostLease},
};

/// The leases of running jobs, and of ended ones until they are recorded. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Leases {
    held: Arc<Mutex<HashMap<JobId, Held>>>,
    pokes: Pokes,
    metrics: Metrics,
}

#[derive(Debug)]
struct Held {
    lease: HeldLease,
    /// Whether somebody may wait for this job alone.
    is_single: bool,
    /// Whether the recorder has its outcome.
    handed_over: bool,
    task: Option<AbortHandle>,
}

impl Leases {
    pub(super) fn new(pokes: Pokes, metrics: Metrics) -> Self {
        Self { held: Arc::default(), pokes, metrics }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<JobId, Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins to hold a job's lease.
    pub(super) fn hold(&self, job: &ClaimedJob) {
        let lease = HeldLease::of(job);
        self.lock().insert(
            job.id,
            Held { lease, is_single: job.batch_id.is_none(), handed_over: false, task: None },
        );
        self.pokes.step(job.id, JobStep::Resolving, false);
    }

    /// Lets the job's task be ended when its lease is lost.
    pub(super) fn set_abort_handle(&self, job: JobId, task: AbortHandle) {
        if let Some(held) = self.lock().get_mut(&job) {
            held.task = Some(task);
        }
    }

    /// Notes what the job does now; watchers on this node see it at once, those on others when they are told, or with the
    /// next heartbeat.
    pub(super) fn step(&self, job: JobId, step: JobStep) {
        let is_single = self.lock().get_mut(&job).is_some_and(|held| {
            // Heartbeats write no row once more while many wait for the recorder, which writes them anyway.
            held.lease.step = (step != JobStep::Storing).then_some(step);
            held.is_single
        });
        self.pokes.step(job, step, is_single);
    }

    /// Notes that the recorder has the job's outcome.
    pub(super) fn hand_over(&self, job: JobId) {
        if let Some(held) = self.lock().get_mut(&job) {
            held.handed_over = true;
        }
    }

    /// Ends to hold the lease.
    pub(super) fn release(&self, job: JobId) {
        self.lock().remove(&job);
    }

    /// Every lease.
    pub(super) fn all(&self) -> Vec<HeldLease> {
        self.lock().values().map(|held| held.lease).collect()
    }

    /// The leases of jobs whose outcome the recorder does not have.
    pub(super) fn unfinished(&self) -> Vec<HeldLease> {
        self.lock().values().filter(|held| !held.handed_over).map(|held| held.lease).collect()
    }

    /// Ends the tasks of jobs that are no longer this worker's.
    pub(super) fn drop_lost(&self, lost: &[LostLease]) {
        let mut all = self.lock();
        for lost in lost {
            // A later claim of the same job by this worker is another lease.
            let Some(held) = all.remove(&lost.job_id) else { continue };
            if held.lease.lease_epoch != lost.lease_epoch {
                all.insert(lost.job_id, held);
            } else if let Some(task) = held.task.filter(|_| !held.handed_over) {
                info!(job_id = %lost.job_id, "A running scan is dropped: its job was cancelled or its lease lost");
                task.abort();
                self.metrics.dropped();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::turns::tests::{job, queue},
        *,
    };
    use crate::progress::ProgressHub;

    #[tokio::test]
    async fn a_step_is_stored_until_the_recorder_is_about_to_store_the_end() {
        let (_folder, queue) = queue().await;
        let leases = Leases::new(Pokes::new(queue.clone(), ProgressHub::default()), queue.metrics().clone());
        let job = job("a.test");
        leases.hold(&job);
        let steps = || leases.all().iter().map(|lease| lease.step).collect::<Vec<_>>();
        leases.step(job.id, JobStep::Fetching);
        assert_eq!(steps(), [Some(JobStep::Fetching)]);
        leases.step(job.id, JobStep::Storing);
        assert_eq!(steps(), [None]);
    }
}
