//! The loop that does the work: claim, scan, record, until told to stop.

mod leases;
mod pokes;
mod recorder;
mod scan_job;
mod turns;
mod upkeep;

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use futures_util::future::BoxFuture;
use tokio::{
    sync::mpsc,
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, Span, debug, info, warn};

use self::{
    leases::Leases,
    pokes::Pokes,
    recorder::Recorder,
    turns::{Turns, Visit},
};
use crate::{
    config::WorkerSettings,
    model::{
        BatchId, DomainId, DomainName, JobStep, KnownSite, ScanError, ScanOptions, ScanReport, WorkerId,
    },
    progress::ProgressHub,
    queue::Queue,
    scanner::Scanner,
    spans,
    store::engine::{ClaimedJob, FinishedJob},
};

/// A lost wake-up costs at most this long.
const POLL: Duration = Duration::from_secs(1);

/// Freed permits are gathered for this long, so that one claim fills many of them.
const CLAIM_GATHERING: Duration = Duration::from_millis(10);

/// What a scan is to the worker: a name in, a report out. Dropping the future ends the scan.
pub trait Scan: Send + Sync + 'static {
    /// Scans the domain, of which an earlier scan may have left something, and tells each step.
    fn scan<'a>(
        &'a self,
        name: &'a DomainName,
        options: &'a ScanOptions,
        known: Option<&'a KnownSite>,
        on_step: &'a (dyn Fn(JobStep) + Send + Sync),
    ) -> BoxFuture<'a, Result<ScanReport, ScanError>>;

    /// So many workers scan, each of which may take its part of the limits for addresses.
    fn share_addresses(&self, _workers: usize) {}
}

impl Scan for Scanner {
    fn scan<'a>(
        &'a self,
        name: &'a DomainName,
        options: &'a ScanOptions,
        known: Option<&'a KnownSite>,
        on_step: &'a (dyn Fn(JobStep) + Send + Sync),
    ) -> BoxFuture<'a, Result<ScanReport, ScanError>> {
        Box::pin(self.scan_again(name, options, known, on_step))
    }

    fn share_addresses(&self, workers: usize) {
        self.share_addresses(workers);
    }
}

/// Does the work of one process.
pub struct Worker {
    id: WorkerId,
    queue: Queue,
    scanner: Arc<dyn Scan>,
    progress: ProgressHub,
    pokes: Pokes,
    leases: Leases,
    turns: Turns,
    concurrency: usize,
    drain_timeout: Duration,
    /// Batches that are known to have been marked as started.
    started: HashSet<BatchId>,
}

impl Worker {
    /// A worker that takes its jobs from the queue and tells their progress to the hub.
    pub fn new(
        queue: Queue,
        scanner: Arc<dyn Scan>,
        progress: ProgressHub,
        settings: &WorkerSettings,
    ) -> Self {
        let id = WorkerId::generate();
        let pokes = Pokes::new(queue.clone(), progress.clone());
        Self {
            id,
            turns: Turns::new(queue.clone(), id),
            leases: Leases::new(pokes.clone(), queue.metrics().clone()),
            pokes,
            queue,
            scanner,
            progress,
            concurrency: settings.concurrency,
            drain_timeout: settings.drain_timeout,
            started: HashSet::new(),
        }
    }

    /// Works until `stop`; then running scans may end within the drain timeout, and the rest goes back to the queue.
    pub async fn run(mut self, stop: CancellationToken) {
        if let Err(error) = self.queue.recover().await {
            warn!(%error, "Jobs of an earlier process could not be put back yet");
        }
        let (finished, to_record) = mpsc::channel(recorder::GROUP * 2);
        let recorder = Recorder::new(self.queue.clone(), self.pokes.clone(), self.leases.clone());
        let ended = CancellationToken::new();
        let mut upkeep = JoinSet::new();
        upkeep.spawn(upkeep::keep_leases(self.queue.clone(), self.leases.clone(), ended.clone()));
        upkeep.spawn(self.turns.clone().keep(ended.clone()));
        upkeep.spawn(self.pokes.clone().tell(ended.clone()));
        let scanner = Arc::clone(&self.scanner);
        upkeep.spawn(upkeep::share_addresses(self.queue.clone(), scanner, self.id, ended.clone()));
        let (pokes, progress) = (self.pokes.clone(), self.progress.clone());
        upkeep.spawn(upkeep::maintain(self.queue.clone(), pokes, progress, ended.clone()));
        upkeep.spawn(upkeep::clean_up(self.queue.clone(), ended.clone()));
        let recording = tokio::spawn(recorder.run(to_record));

        let mut running = JoinSet::new();
        self.work(&mut running, &finished, &stop).await;
        self.drain(&mut running).await;
        drop(finished);
        if recording.await.is_err() {
            warn!("The recorder ended early; the jobs it held are tried again when their leases run out");
        }
        ended.cancel();
        upkeep.join_all().await;
        self.pokes.tell_now().await;
    }

    async fn work(
        &mut self,
        running: &mut Running,
        finished: &mpsc::Sender<FinishedJob>,
        stop: &CancellationToken,
    ) {
        let mut poll = interval(POLL);
        poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut claiming = Claiming::new(self.concurrency);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = poll.tick() => {
                    claiming.look_again();
                    claiming.isolate = self.isolation_wanted().await;
                }
                () = self.queue.woken() => claiming.look_again(),
                Some(ended) = running.join_next() => log_end(ended),
                () = tokio::time::sleep_until(claiming.not_before), if claiming.waits(running.len()) => {}
            }
            while let Some(ended) = running.try_join_next() {
                log_end(ended);
            }
            if claiming.may_claim(running.len()) {
                self.claim(&mut claiming, running, finished).await;
            }
        }
    }

    async fn isolation_wanted(&self) -> bool {
        self.queue.has_isolated().await.unwrap_or_else(|error| {
            warn!(%error, "The queue could not be read");
            false
        })
    }

    async fn claim(
        &mut self,
        claiming: &mut Claiming,
        running: &mut Running,
        finished: &mpsc::Sender<FinishedJob>,
    ) {
        let free = self.concurrency - running.len();
        let began = Instant::now();
        let claimed = if claiming.isolate {
            self.queue.claim_alone(self.id).await
        } else {
            self.queue.claim(self.id, free).await
        };
        let jobs = claimed.unwrap_or_else(|error| {
            warn!(%error, "No jobs could be claimed");
            Vec::new()
        });
        claiming.claimed(jobs.len(), free);
        let span = if jobs.is_empty() { Span::none() } else { spans::claim(jobs.len(), began.elapsed()) };
        self.begin(jobs, running, finished).instrument(span).await;
    }

    async fn begin(
        &mut self,
        jobs: Vec<ClaimedJob>,
        running: &mut Running,
        finished: &mpsc::Sender<FinishedJob>,
    ) {
        self.mark_started(&jobs).await;
        let known = self.known_sites(&jobs).await;
        for (job, visit) in self.turns.take(jobs).await {
            let known = known.get(&job.domain_id).cloned();
            self.start((job, visit), known, running, finished.clone());
        }
    }

    /// Without what is known of them sites are scanned all the same.
    async fn known_sites(&self, jobs: &[ClaimedJob]) -> HashMap<DomainId, Arc<KnownSite>> {
        self.queue.known_sites(jobs).await.unwrap_or_else(|error| {
            warn!(%error, "What is known of the sites could not be read; their pages are read in full");
            HashMap::new()
        })
    }

    fn start(
        &self,
        (job, visit): (ClaimedJob, Visit),
        known: Option<Arc<KnownSite>>,
        running: &mut Running,
        finished: mpsc::Sender<FinishedJob>,
    ) {
        debug!(job_id = %job.id, domain = %job.name, tenant_id = %job.tenant_id, "A scan begins");
        let leases = self.leases.clone();
        let (queue, scanner) = (self.queue.clone(), Arc::clone(&self.scanner));
        leases.hold(&job);
        let id = job.id;
        let scanning = scan_job::run(job, known, queue, scanner, leases.clone(), finished);
        let handle = running.spawn(async move {
            let _visiting = visit;
            scanning.await;
        });
        leases.set_abort_handle(id, handle);
    }

    async fn mark_started(&mut self, jobs: &[ClaimedJob]) {
        let batches: HashSet<BatchId> = jobs.iter().filter_map(|job| job.batch_id).collect();
        let new: Vec<BatchId> = batches.difference(&self.started).copied().collect();
        if !new.is_empty() {
            if let Err(error) = self.queue.mark_batches_started(&new).await {
                warn!(%error, "Batches could not be marked as started; their first finished job does it");
            }
            self.pokes.batches(&new);
        }
        self.started = batches;
    }

    /// Lets running scans end for a while, then gives the rest back.
    async fn drain(&self, running: &mut Running) {
        if running.is_empty() {
            return;
        }
        info!(running = running.len(), "Waiting for running scans to end");
        let all_ended = async { while running.join_next().await.is_some() {} };
        if tokio::time::timeout(self.drain_timeout, all_ended).await.is_ok() {
            return;
        }
        running.shutdown().await;
        let left = self.leases.unfinished();
        match self.queue.give_back(&left).await {
            Ok(count) => info!(count, "Unfinished scans went back to the queue"),
            Err(error) => {
                warn!(%error, "Unfinished scans could not be given back; others take them when their leases run out");
            }
        }
    }
}

type Running = JoinSet<()>;

fn log_end(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        warn!(%error, "A job's task ended early; the job is tried again when its lease runs out");
    }
}

/// When to claim: while the queue may hold work and enough permits are free.
struct Claiming {
    concurrency: usize,
    /// Whether the queue may hold claimable jobs.
    hungry: bool,
    /// Whether the next job must run alone.
    isolate: bool,
    not_before: Instant,
}

impl Claiming {
    fn new(concurrency: usize) -> Self {
        Self { concurrency, hungry: true, isolate: false, not_before: Instant::now() }
    }

    const fn look_again(&mut self) {
        self.hungry = true;
    }

    /// After a claim: fewer jobs than permits mean that the queue is empty.
    fn claimed(&mut self, jobs: usize, free: usize) {
        self.hungry = self.isolate || jobs >= free;
        self.isolate = self.isolate && jobs > 0;
        self.not_before = Instant::now() + CLAIM_GATHERING;
    }

    /// Whether time alone lets the next claim come.
    const fn waits(&self, running: usize) -> bool {
        self.hungry && running < self.concurrency && !(self.isolate && running > 0)
    }

    fn may_claim(&self, running: usize) -> bool {
        let enough = (self.concurrency - running.min(self.concurrency)) >= (self.concurrency / 8).max(1);
        self.waits(running) && (enough || running == 0 || Instant::now() >= self.not_before)
    }
}
