//! Turns at hosts. The limits that the scanner keeps are those of one process; where there may be several, a worker
//! visits a host only while no other does.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use crate::{
    model::WorkerId,
    queue::Queue,
    store::engine::{ClaimedJob, HeldLease},
};

/// Ended turns are gathered for this long.
const GATHERING: Duration = Duration::from_millis(200);

/// The hosts that this worker visits. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Turns {
    queue: Queue,
    worker: WorkerId,
    hosts: Arc<Mutex<Hosts>>,
    /// Held while the database is told, so that a turn is not ended while it is being taken again.
    telling: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Debug, Default)]
struct Hosts {
    /// How many jobs visit each host.
    visits: HashMap<String, usize>,
    /// Hosts that no job visits any more.
    left: HashSet<String>,
}

/// A job's visit to its host, until it is dropped, however the job ends.
#[derive(Debug)]
pub(super) struct Visit {
    host: String,
    turns: Turns,
}

impl Turns {
    pub(super) fn new(queue: Queue, worker: WorkerId) -> Self {
        Self { queue, worker, hosts: Arc::default(), telling: Arc::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Hosts> {
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes turns for these jobs and begins their visits; those whose host another worker visits go back to the queue
    /// for a while, without charge.
    pub(super) async fn take(&self, jobs: Vec<ClaimedJob>) -> Vec<(ClaimedJob, Visit)> {
        let _telling = self.telling.lock().await;
        let jobs = if jobs.is_empty() || self.queue.is_alone() { jobs } else { self.take_turns(jobs).await };
        let visited = |job: ClaimedJob| {
            let visit = self.visit(&job);
            (job, visit)
        };
        jobs.into_iter().map(visited).collect()
    }

    async fn take_turns(&self, jobs: Vec<ClaimedJob>) -> Vec<ClaimedJob> {
        let hosts: HashSet<&str> = jobs.iter().map(|job| job.name.as_str()).collect();
        let hosts: Vec<&str> = hosts.into_iter().collect();
        let mine = match self.queue.take_turns(self.worker, &hosts).await {
            Ok(mine) => mine,
            Err(error) => {
                warn!(%error, "Turns at hosts could not be taken; two workers may visit one together");
                return jobs;
            }
        };
        let (mine, others): (Vec<_>, Vec<_>) =
            jobs.into_iter().partition(|job| mine.contains(job.name.as_str()));
        self.put_off(&others).await;
        mine
    }

    async fn put_off(&self, jobs: &[ClaimedJob]) {
        if jobs.is_empty() {
            return;
        }
        debug!(jobs = jobs.len(), "Another worker visits the hosts of some jobs, which wait");
        let leases: Vec<HeldLease> = jobs.iter().map(HeldLease::of).collect();
        if let Err(error) = self.queue.put_off(&leases).await {
            warn!(%error, "Jobs could not be put off; they are taken when their leases run out");
        }
    }

    fn visit(&self, job: &ClaimedJob) -> Visit {
        let host = job.name.as_str().to_owned();
        let mut hosts = self.lock();
        hosts.left.remove(&host);
        *hosts.visits.entry(host.clone()).or_default() += 1;
        drop(hosts);
        Visit { host, turns: self.clone() }
    }

    /// Ends turns that are over and keeps the others, until `ended`; then ends what is over once more.
    pub(super) async fn keep(self, ended: CancellationToken) {
        if self.queue.is_alone() {
            return;
        }
        let mut beat = interval(GATHERING);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut kept = Instant::now();
        while ended.run_until_cancelled(beat.tick()).await.is_some() {
            self.end_left().await;
            if kept.elapsed() >= self.queue.lease() / 4 {
                kept = Instant::now();
                self.keep_visited().await;
            }
        }
        self.end_left().await;
    }

    async fn end_left(&self) {
        let _telling = self.telling.lock().await;
        let left: Vec<String> = std::mem::take(&mut self.lock().left).into_iter().collect();
        if left.is_empty() {
            return;
        }
        if let Err(error) = self.queue.end_turns(self.worker, &left).await {
            debug!(%error, "Turns at hosts could not be ended; they run out");
        }
    }

    async fn keep_visited(&self) {
        let visited: Vec<String> = self.lock().visits.keys().cloned().collect();
        if visited.is_empty() {
            return;
        }
        if let Err(error) = self.queue.keep_turns(self.worker, &visited).await {
            warn!(%error, "Turns at hosts could not be kept");
        }
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        let mut hosts = self.turns.lock();
        let Some(visits) = hosts.visits.get_mut(&self.host) else { return };
        *visits -= 1;
        if *visits == 0 {
            hosts.visits.remove(&self.host);
            // A worker that is alone tells nobody, so nobody would take the host out again.
            if !self.turns.queue.is_alone() {
                let host = std::mem::take(&mut self.host);
                hosts.left.insert(host);
            }
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use chrono::DateTime;
    use tempfile::TempDir;

    use super::*;
    use crate::{
        clock::Clock,
        config::{DatabaseSettings, WorkerSettings},
        model::{DomainId, DomainName, JobId, JobType, ScanOptions, TenantId},
        store::{Access, Db},
    };

    /// A queue in a file of the test's own.
    pub(crate) async fn queue() -> (TempDir, Queue) {
        let folder = tempfile::tempdir().unwrap();
        let database_url = folder.path().join("worker.db").display().to_string();
        let db = Db::open(&DatabaseSettings { database_url, ..<_>::default() }, Access::Serve).await.unwrap();
        (folder, Queue::new(db, Clock::system(), &WorkerSettings::default()))
    }

    pub(crate) fn job(name: &str) -> ClaimedJob {
        ClaimedJob {
            id: JobId::generate(),
            tenant_id: TenantId::generate(),
            batch_id: None,
            job_type: JobType::DomainScan,
            domain_id: DomainId::generate(),
            name: DomainName::parse(name).unwrap(),
            options: ScanOptions::default(),
            has_revisit: false,
            lease_epoch: 1,
            attempts: 1,
            max_attempts: 3,
            claimed_at: DateTime::UNIX_EPOCH,
        }
    }

    #[tokio::test]
    async fn a_worker_that_is_alone_remembers_no_host_that_it_has_left() {
        let (_folder, queue) = queue().await;
        let turns = Turns::new(queue, WorkerId::generate());
        let visits = turns.take(["a.test", "b.test", "a.test"].map(job).into()).await;
        assert_eq!((visits.len(), turns.lock().visits.len()), (3, 2));
        drop(visits);
        let hosts = turns.lock();
        assert!(hosts.visits.is_empty() && hosts.left.is_empty(), "{hosts:?}");
    }
}
