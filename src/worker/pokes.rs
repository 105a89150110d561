//! Telling watchers what has changed: those on this node at once, other nodes a little later and many in one statement.
//! A poke that is sent takes a lock of the whole database server, so none is sent in a transaction that holds anything.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing::debug;

use crate::{
    model::{BatchId, JobId, JobStep},
    progress::ProgressHub,
    queue::Queue,
    store::{Notification, engine::Recorded},
};

/// Changes are gathered for this long.
const GATHERING: Duration = Duration::from_millis(50);

/// The most changes that are gathered; when there are more, other nodes are told to look at everything.
const MOST: usize = 10_000;

/// What changes by the work of this node. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Pokes {
    queue: Queue,
    progress: ProgressHub,
    untold: Arc<Mutex<Untold>>,
    wanted: Arc<Notify>,
}

/// What other nodes have not been told yet.
#[derive(Debug, Default)]
struct Untold {
    batches: HashSet<BatchId>,
    /// With the step that a running job has come to.
    jobs: HashMap<JobId, Option<JobStep>>,
    too_much: bool,
}

impl Pokes {
    pub(super) fn new(queue: Queue, progress: ProgressHub) -> Self {
        Self { queue, progress, untold: Arc::default(), wanted: Arc::default() }
    }

    /// These batches have changed.
    pub(super) fn batches(&self, batches: &[BatchId]) {
        for batch in batches {
            self.progress.poke_batch(*batch);
        }
        self.add(|untold| untold.batches.extend(batches));
    }

    /// A running job has come to a step. Other nodes are told of those that somebody may wait for alone.
    pub(super) fn step(&self, job: JobId, step: JobStep, is_single: bool) {
        self.progress.step(job, step);
        if is_single {
            self.add(|untold| _ = untold.jobs.insert(job, Some(step)));
        }
    }

    /// A group of jobs was recorded. On other nodes the jobs of a batch change with their batch.
    pub(super) fn recorded(&self, recorded: &Recorded) {
        for job in &recorded.jobs {
            self.progress.poke_job(*job);
        }
        self.add(|untold| untold.jobs.extend(recorded.singles.iter().map(|job| (*job, None))));
        self.batches(&recorded.batches);
    }

    fn lock(&self) -> MutexGuard<'_, Untold> {
        self.untold.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, change: impl FnOnce(&mut Untold)) {
        if self.queue.is_alone() {
            return;
        }
        let mut untold = self.lock();
        change(&mut untold);
        untold.keep_within(MOST);
        if !untold.is_empty() {
            self.wanted.notify_one();
        }
    }

    /// Tells other nodes until `ended`.
    pub(super) async fn tell(self, ended: CancellationToken) {
        let gathered = async || {
            self.wanted.notified().await;
            tokio::time::sleep(GATHERING).await;
        };
        while ended.run_until_cancelled(gathered()).await.is_some() {
            self.tell_now().await;
        }
    }

    /// Tells other nodes what they have not been told.
    pub(super) async fn tell_now(&self) {
        let untold = std::mem::take(&mut *self.lock());
        if untold.is_empty() {
            return;
        }
        // Whoever watches looks again by itself a second later.
        if let Err(error) = self.queue.tell(&untold.notifications()).await {
            debug!(%error, "Other nodes could not be told what has changed");
        }
    }
}

impl Untold {
    fn is_empty(&self) -> bool {
        self.batches.is_empty() && self.jobs.is_empty() && !self.too_much
    }

    fn keep_within(&mut self, most: usize) {
        if self.too_much || self.batches.len() + self.jobs.len() > most {
            *self = Self { too_much: true, ..Self::default() };
        }
    }

    fn notifications(self) -> Vec<Notification> {
        let jobs = self.jobs.into_iter().map(|(job, step)| match step {
            Some(step) => Notification::Step(job, step),
            None => Notification::Job(job),
        });
        let everything = self.too_much.then_some(Notification::Missed);
        jobs.chain(self.batches.into_iter().map(Notification::Batch)).chain(everything).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_one_thing_the_newest_is_told_and_of_too_many_that_everything_may_have_changed() {
        let (job, batch) = (JobId::generate(), BatchId::generate());
        let mut untold = Untold::default();
        untold.jobs.extend([(job, Some(JobStep::Fetching)), (job, Some(JobStep::Storing)), (job, None)]);
        untold.batches.extend([batch, batch]);
        untold.keep_within(2);
        assert_eq!(untold.notifications(), [Notification::Job(job), Notification::Batch(batch)]);

        let mut untold = Untold::default();
        for _ in 0..9 {
            untold.batches.insert(BatchId::generate());
            untold.keep_within(4);
            assert!(untold.batches.len() <= 4);
        }
        assert_eq!(untold.notifications(), [Notification::Missed]);
    }
}
