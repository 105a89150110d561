//! The finished jobs of batches.
//!
//! One task reads the end of the log for all who watch a batch on this node and keeps the newest of it. Whoever is
//! further behind, because it asked for an earlier part or reads slowly, reads the log itself until it has caught up.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use futures_util::{
    StreamExt,
    stream::{self, BoxStream},
};
use tokio::{sync::watch, time::Instant};
use tracing::warn;

use super::{Feed, POLL};
use crate::{
    model::{BatchId, Job, Scope},
    service::{Service, ServiceError},
    store::{Columns, StoreError, batches, jobs},
};

/// Finished jobs are read in pages of this many, and at most this often.
const PAGE: u32 = 500;
const REFRESH: Duration = Duration::from_millis(50);

/// How many of the newest finished jobs are kept for all who watch.
const KEPT: usize = 1_000;

/// The end of a batch's log as far as it has been read.
#[derive(Debug, Default)]
pub(super) struct Tail {
    /// None before the first read.
    jobs: Option<VecDeque<Arc<Job>>>,
    /// The sequence number after which the jobs come, without gaps.
    after: i64,
    /// Whether the batch has ended and all of it has been read.
    ended: bool,
    absent: bool,
}

/// What the tail has for somebody who has read up to a sequence number.
enum Next {
    Jobs(Vec<Arc<Job>>),
    Ended,
    NotYet,
    /// The tail begins later.
    InTheLog,
    Absent,
}

impl Tail {
    fn next(&self, after: i64) -> Next {
        let Some(jobs) = &self.jobs else { return if self.absent { Next::Absent } else { Next::NotYet } };
        let Ok(known) = usize::try_from(after - self.after) else { return Next::InTheLog };
        let newer: Vec<_> = jobs.iter().skip(known).map(Arc::clone).collect();
        match newer.is_empty() {
            false => Next::Jobs(newer),
            true if self.ended => Next::Ended,
            true => Next::NotYet,
        }
    }

    /// The sequence number of the newest job.
    fn newest(&self) -> i64 {
        let jobs = self.jobs.as_ref().map_or(0, VecDeque::len);
        self.after.saturating_add(i64::try_from(jobs).unwrap_or(i64::MAX))
    }

    fn add(&mut self, page: Vec<Job>) {
        let jobs = self.jobs.get_or_insert_default();
        jobs.extend(page.into_iter().map(Arc::new));
        while jobs.len() > KEPT {
            jobs.pop_front();
            self.after += 1;
        }
    }
}

impl Service {
    /// The batch's finished jobs after a sequence number, each exactly once and in order; ends after the last one of an
    /// ended batch. Of each job the columns are read.
    pub fn watch_finished_jobs(
        &self,
        scope: &Scope,
        batch: BatchId,
        after: i64,
        columns: Columns<Job>,
    ) -> BoxStream<'static, Result<Arc<Job>, ServiceError>> {
        let log = Log { service: self.clone(), scope: scope.clone(), batch, columns };
        let key = (scope.tenant_id, batch, columns);
        let feed = self.0.watched.finished.join(key, |publish| read(log.clone(), publish));
        let reader = Reader { tail: feed.state.clone(), _feed: feed, log, after };
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
}

/// The finished jobs of a batch, as the database has them.
#[derive(Clone)]
struct Log {
    service: Service,
    scope: Scope,
    batch: BatchId,
    columns: Columns<Job>,
}

impl Log {
    async fn after(&self, after: i64) -> Result<Vec<Job>, StoreError> {
        let reader = self.service.db().reader();
        jobs::finished_after(reader, &self.scope, self.batch, after, PAGE, self.columns).await
    }

    /// How many jobs have finished, and whether that is all; none when there is no such batch.
    async fn finished(&self) -> Result<Option<(i64, bool)>, StoreError> {
        let reader = self.service.db().reader();
        let batch = batches::by_id(reader, &self.scope, self.batch, Columns::of(&[])).await?;
        Ok(batch.map(|batch| (batch.counts.finished(), batch.status.is_finished())))
    }
}

/// Reads the end of the log after each poke, until the batch has ended or nobody watches.
async fn read(log: Log, publish: watch::Sender<Tail>) {
    let mut pokes = log.service.0.progress.watch_batch(log.batch);
    loop {
        let read_at = Instant::now();
        match read_once(&log, &publish).await {
            Ok(true) => return,
            Ok(false) => {}
            Err(error) => {
                warn!(%error, batch_id = %log.batch, "The finished jobs of a watched batch could not be read");
            }
        }
        let _ = tokio::time::timeout(POLL, pokes.poked()).await;
        tokio::time::sleep_until(read_at + REFRESH).await;
    }
}

/// Publishes what is new; true when nothing more can come.
async fn read_once(log: &Log, publish: &watch::Sender<Tail>) -> Result<bool, StoreError> {
    // The batch first: when it has ended, the jobs read after it are all there are.
    let Some((finished, ended)) = log.finished().await? else {
        publish.send_modify(|tail| tail.absent = true);
        return Ok(true);
    };
    if publish.borrow().jobs.is_none() {
        publish.send_modify(|tail| (tail.after, tail.jobs) = (finished, Some(VecDeque::new())));
    }
    loop {
        let newest = publish.borrow().newest();
        let page = if newest < finished { log.after(newest).await? } else { Vec::new() };
        if page.is_empty() {
            break;
        }
        publish.send_modify(|tail| tail.add(page));
    }
    if ended {
        publish.send_modify(|tail| tail.ended = true);
    }
    Ok(ended)
}

/// One who watches.
struct Reader {
    log: Log,
    /// Up to where it has read.
    after: i64,
    tail: watch::Receiver<Tail>,
    _feed: Arc<Feed<Tail>>,
}

impl Reader {
    /// The next finished jobs, as soon as there are some; none when the batch has ended and all have been read.
    async fn next_page(&mut self) -> Result<Vec<Arc<Job>>, ServiceError> {
        loop {
            let next = self.tail.borrow_and_update().next(self.after);
            let page = match next {
                Next::Jobs(jobs) => jobs,
                Next::Ended => return Ok(Vec::new()),
                Next::Absent => return Err(ServiceError::not_found("batch", &self.log.batch)),
                Next::InTheLog => self.log.after(self.after).await?.into_iter().map(Arc::new).collect(),
                Next::NotYet => Vec::new(),
            };
            if let Some(sequence) = page.last().and_then(|job| job.sequence) {
                self.after = sequence;
                return Ok(page);
            }
            // Whoever feeds the tail ends only when it has told all; else the log is read as long as somebody watches.
            if self.tail.changed().await.is_err() {
                return Ok(Vec::new());
            }
        }
    }
}
