//! The counters of batches. They move only here, under the lock of their rows.

use std::{collections::BTreeMap, iter::once};

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ConnectionTrait, DatabaseTransaction, QueryResult};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::super::{
    StoreError,
    sql::{self, Column, Kind},
};
use crate::model::{BatchCounts, BatchId, BatchStatus, FailureCount, JobStatus, ScanFailure};

/// A batch whose row is locked.
pub(super) struct LockedBatch {
    pub(super) id: BatchId,
    counts: BatchCounts,
    failures: Vec<FailureCount>,
    started: bool,
    cancelled: bool,
    changed: bool,
}

impl LockedBatch {
    /// Counts a job that was worked on; answers its sequence number if it has ended.
    pub(super) fn count(&mut self, status: JobStatus) -> Option<i64> {
        let sequence = self.counts.count(status);
        if sequence.is_some() {
            (self.started, self.changed) = (true, true);
        }
        sequence
    }

    /// Counts the cause of a failure.
    pub(super) fn count_failure(&mut self, failure: &ScanFailure) {
        match self.failures.iter_mut().find(|count| count.code == failure.code) {
            Some(count) => count.count += 1,
            None => self.failures.push(FailureCount { code: failure.code, count: 1 }),
        }
        self.failures.sort_by_key(|count| (-count.count, count.code));
    }

    /// Counts jobs that were cancelled, and whether all that was left of the batch was.
    pub(super) fn cancel(&mut self, jobs: usize, as_a_whole: bool) {
        self.counts.cancelled = self.counts.cancelled.saturating_add(i64::try_from(jobs).unwrap_or(i64::MAX));
        (self.cancelled, self.changed) = (as_a_whole, true);
    }

    /// How many of its jobs have ended: the newest sequence number.
    pub(super) const fn finished(&self) -> i64 {
        self.counts.finished()
    }

    /// Whether anything was counted.
    pub(super) const fn changed(&self) -> bool {
        self.changed
    }

    /// A batch that was cancelled as a whole is a cancelled one, whatever had ended before.
    fn status(&self) -> BatchStatus {
        match self.counts.status() {
            BatchStatus::Running if !self.started => BatchStatus::Pending,
            ended if ended.is_finished() && self.cancelled => BatchStatus::Cancelled,
            status => status,
        }
    }
}

/// Locks the rows of these batches in the order of their identifiers.
pub(super) async fn lock(
    transaction: &DatabaseTransaction,
    batches: impl IntoIterator<Item = BatchId>,
) -> Result<BTreeMap<BatchId, LockedBatch>, StoreError> {
    let backend = transaction.get_database_backend();
    let mut ids: Vec<Uuid> = batches.into_iter().map(|id| id.0).collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let text = format!(
        "SELECT id, total_domains, completed_domains, failed_domains, cancelled_domains, failure_counts, \
           start_time IS NOT NULL AS started FROM batch_jobs WHERE {} ORDER BY id {}",
        sql::in_ids(backend, "id", 1),
        sql::for_update(backend)
    );
    let rows = sql::all(transaction, text, [sql::ids_value(backend, ids)]).await?;
    rows.iter().map(|row| locked(row).map(|batch| (batch.id, batch))).collect()
}

fn locked(row: &QueryResult) -> Result<LockedBatch, StoreError> {
    Ok(LockedBatch {
        id: BatchId(row.try_get("", "id")?),
        counts: BatchCounts {
            total: row.try_get("", "total_domains")?,
            completed: row.try_get("", "completed_domains")?,
            failed: row.try_get("", "failed_domains")?,
            cancelled: row.try_get("", "cancelled_domains")?,
        },
        failures: sql::from_json(row.try_get("", "failure_counts")?)?,
        started: row.try_get("", "started")?,
        cancelled: false,
        changed: false,
    })
}

/// Stores what was counted.
pub(super) async fn store(
    transaction: &DatabaseTransaction,
    batches: impl IntoIterator<Item = &LockedBatch>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    const COLUMNS: &[Column] = &[
        ("id", Kind::Id),
        ("status", Kind::Text),
        ("completed", Kind::Integer),
        ("failed", Kind::Integer),
        ("cancelled", Kind::Integer),
        ("failures", Kind::Json),
        ("started", Kind::Bool),
        ("ended", Kind::Bool),
    ];
    let changed: Vec<Json> = batches.into_iter().filter(|batch| batch.changed).map(row).collect();
    if changed.is_empty() {
        return Ok(());
    }
    let backend = transaction.get_database_backend();
    let (at, at_value) = sql::from_now(backend, 1, now, TimeDelta::zero());
    let text = format!(
        "UPDATE batch_jobs AS b SET status = x.status, completed_domains = x.completed, failed_domains = x.failed, \
           cancelled_domains = x.cancelled, failure_counts = x.failures, updated_at = {at}, \
           start_time = CASE WHEN x.started THEN coalesce(b.start_time, {at}) END, \
           end_time = CASE WHEN x.ended THEN {at} END \
         FROM {} WHERE b.id = x.id",
        sql::rows(backend, 2, COLUMNS)
    );
    let rows = sql::row_values(backend, COLUMNS, &changed);
    sql::execute(transaction, text, once(at_value).chain(rows)).await?;
    Ok(())
}

fn row(batch: &LockedBatch) -> Json {
    let status = batch.status();
    json!({
        "id": sql::hex(batch.id.0),
        "status": status.as_str(),
        "completed": batch.counts.completed,
        "failed": batch.counts.failed,
        "cancelled": batch.counts.cancelled,
        "failures": batch.failures,
        "started": batch.started,
        "ended": status.is_finished(),
    })
}
