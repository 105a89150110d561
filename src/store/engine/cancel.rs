//! Ending work that nobody wants any more: jobs, their places in the log of their batch, and its counters in one
//! transaction, so that they are exact at once. A worker that still runs such a job learns of it by its leases; its
//! late finish finds no running job.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ConnectionTrait, DatabaseTransaction};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::{
    super::{
        Db, Notification, StoreError, notify,
        sql::{self, Column, Kind},
    },
    counters::{self, LockedBatch},
};
use crate::model::{BatchId, JobId, TenantId};

/// What is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// One job, of a batch or not.
    Job(JobId),
    /// All jobs of a batch that have not ended.
    Batch(BatchId),
}

/// What a cancellation changed. Nothing, when everything had ended before.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cancelled {
    /// The jobs that were ended.
    pub jobs: Vec<JobId>,
    /// The batch they belong to.
    pub batch: Option<BatchId>,
}

/// Ends pending and running jobs of the tenant; none when there is no such job or batch.
pub async fn cancel(
    db: &Db,
    tenant: TenantId,
    target: Target,
    now: DateTime<Utc>,
) -> Result<Option<Cancelled>, StoreError> {
    let transaction = db.begin().await?;
    let Some(batch_id) = batch_of(&transaction, tenant, target).await? else { return Ok(None) };
    let jobs = lock_open_jobs(&transaction, tenant, target).await?;
    if !jobs.is_empty() {
        settle_domains(&transaction, &jobs, now).await?;
        let mut batches = counters::lock(&transaction, batch_id).await?;
        let finished = batches.values().map(LockedBatch::finished).sum();
        end_jobs(&transaction, &jobs, finished, now).await?;
        let as_a_whole = matches!(target, Target::Batch(_));
        for batch in batches.values_mut() {
            batch.cancel(jobs.len(), as_a_whole);
        }
        counters::store(&transaction, batches.values(), now).await?;
        notify::tell(&transaction, &pokes(&jobs, batch_id)).await?;
    }
    transaction.commit().await?;
    Ok(Some(Cancelled { jobs, batch: batch_id }))
}

/// The batches whose deadline has come before their end: at most 100.
pub async fn overdue(
    connection: &impl ConnectionTrait,
    now: DateTime<Utc>,
) -> Result<Vec<(TenantId, BatchId)>, StoreError> {
    let (at, at_value) = sql::from_now(connection.get_database_backend(), 1, now, TimeDelta::zero());
    let text = format!(
        "SELECT tenant_id, id FROM batch_jobs WHERE end_time IS NULL AND deadline IS NOT NULL AND deadline <= {at} \
         ORDER BY deadline LIMIT 100"
    );
    let rows = sql::all(connection, text, [at_value]).await?;
    rows.iter()
        .map(|row| Ok((TenantId(row.try_get("", "tenant_id")?), BatchId(row.try_get("", "id")?))))
        .collect()
}

/// The batch of the target, if it has one; the outer option tells whether the tenant has such a target.
async fn batch_of(
    transaction: &DatabaseTransaction,
    tenant: TenantId,
    target: Target,
) -> Result<Option<Option<BatchId>>, StoreError> {
    let (text, id) = match target {
        Target::Job(id) => ("SELECT batch_id FROM jobs WHERE tenant_id = $1 AND id = $2", id.0),
        Target::Batch(id) => (
            "SELECT id AS batch_id FROM batch_jobs WHERE tenant_id = $1 AND id = $2 AND removed_at IS NULL",
            id.0,
        ),
    };
    let rows = sql::all(transaction, text, [tenant.0.into(), id.into()]).await?;
    rows.first().map(|row| Ok(row.try_get::<Option<Uuid>>("", "batch_id")?.map(BatchId))).transpose()
}

/// The jobs that have not ended, locked in the order of their identifiers.
async fn lock_open_jobs(
    transaction: &DatabaseTransaction,
    tenant: TenantId,
    target: Target,
) -> Result<Vec<JobId>, StoreError> {
    let (column, id) = match target {
        Target::Job(id) => ("id", id.0),
        Target::Batch(id) => ("batch_id", id.0),
    };
    let text = format!(
        "SELECT id FROM jobs WHERE tenant_id = $1 AND {column} = $2 AND status IN ('pending', 'running') \
         ORDER BY id {}",
        sql::for_update(transaction.get_database_backend())
    );
    let rows = sql::all(transaction, text, [tenant.0.into(), id.into()]).await?;
    rows.iter().map(|row| Ok(JobId(row.try_get("", "id")?))).collect()
}

/// Ends the jobs and numbers those of a batch after its `finished` ones.
async fn end_jobs(
    transaction: &DatabaseTransaction,
    jobs: &[JobId],
    finished: i64,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    const COLUMNS: &[Column] = &[("id", Kind::Id), ("place", Kind::Integer)];
    let backend = transaction.get_database_backend();
    let (at, at_value) = sql::from_now(backend, 2, now, TimeDelta::zero());
    let text = format!(
        "UPDATE jobs AS j SET status = 'cancelled', \
           sequence = CASE WHEN j.batch_id IS NULL THEN NULL ELSE $1 + x.place END, \
           step = 'done', run_at = NULL, worker_id = NULL, lease_expires_at = NULL, completed_at = {at} \
         FROM {} WHERE j.id = x.id",
        sql::rows(backend, 3, COLUMNS)
    );
    let rows: Vec<Json> =
        (1..).zip(jobs).map(|(place, job)| json!({ "id": sql::hex(job.0), "place": place })).collect();
    let rows = sql::row_values(backend, COLUMNS, &rows);
    sql::execute(transaction, text, [finished.into(), at_value].into_iter().chain(rows)).await?;
    Ok(())
}

/// A domain that waits for one of these jobs is again what it was before. Rows are locked by id first, as elsewhere.
async fn settle_domains(
    transaction: &DatabaseTransaction,
    jobs: &[JobId],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let backend = transaction.get_database_backend();
    let (at, at_value) = sql::from_now(backend, 2, now, TimeDelta::zero());
    let lock = sql::for_update_of(backend, "d");
    let text = format!(
        "WITH waiting AS MATERIALIZED (SELECT d.id FROM jobs j JOIN domains d ON d.id = j.domain_id \
           WHERE {} AND d.latest_job_id = j.id AND d.status = 'pending' {lock}) \
         UPDATE domains SET updated_at = {at}, status = CASE WHEN last_error IS NOT NULL THEN 'failed' \
           WHEN last_scan IS NOT NULL THEN 'scanned' ELSE 'new' END \
         FROM waiting WHERE domains.id = waiting.id",
        sql::in_ids(backend, "j.id", 1)
    );
    sql::execute(transaction, text, [sql::ids_value(backend, jobs.iter().map(|job| job.0)), at_value])
        .await?;
    Ok(())
}

/// Workers look at their leases; watchers look at the batch, or at the job that belongs to none.
fn pokes(jobs: &[JobId], batch: Option<BatchId>) -> Vec<Notification> {
    let changed = match batch {
        Some(batch) => vec![Notification::Batch(batch)],
        None => jobs.iter().copied().map(Notification::Job).collect(),
    };
    [Notification::Leases].into_iter().chain(changed).collect()
}
