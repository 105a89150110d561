//! Keeping leases, giving them back, and taking those of lost workers.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ConnectionTrait, DbBackend, QueryResult, Value};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::super::{
    StoreError,
    sql::{self, Column, Kind},
};
use super::{claim::ClaimedJob, is_running};
use crate::model::{BatchId, DomainId, JobId, JobStep, TenantId};

/// A lease as its worker knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeldLease {
    /// The job.
    pub job_id: JobId,
    /// The epoch of the claim.
    pub lease_epoch: i32,
    /// What the job does now; none where its end is about to be stored, so that this need not be.
    pub step: Option<JobStep>,
}

impl HeldLease {
    /// The lease of a job that has just been claimed.
    pub const fn of(job: &ClaimedJob) -> Self {
        Self { job_id: job.id, lease_epoch: job.lease_epoch, step: Some(JobStep::Resolving) }
    }
}

/// A lease that is no longer held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LostLease {
    /// The job.
    pub job_id: JobId,
    /// The epoch of the claim that is over.
    pub lease_epoch: i32,
}

const COLUMNS: &[Column] =
    &[("id", Kind::Id), ("epoch", Kind::Integer), ("step", Kind::Text), ("progress", Kind::Double)];

fn rows_of(backend: DbBackend, leases: &[HeldLease]) -> Vec<Value> {
    let rows: Vec<Json> = leases
        .iter()
        .map(|lease| {
            json!({
                "id": sql::hex(lease.job_id.0), "epoch": lease.lease_epoch,
                "step": lease.step.map(JobStep::as_str), "progress": lease.step.map(JobStep::progress),
            })
        })
        .collect();
    sql::row_values(backend, COLUMNS, &rows)
}

/// A condition that job `j` is still held by lease `x`.
fn still_held() -> String {
    format!("j.id = x.id AND {} AND j.lease_epoch = x.epoch", is_running("j.status"))
}

/// Stores the steps and extends the leases of which a third is over; answers those that are no longer held, because the
/// job was cancelled, finished, or taken by another claim. Rows that another transaction holds are left for the next
/// time, and those in which nothing changes are not written; where the step alone changes, no index is.
pub async fn extend(
    connection: &impl ConnectionTrait,
    leases: &[HeldLease],
    lease: TimeDelta,
    now: DateTime<Utc>,
) -> Result<Vec<LostLease>, StoreError> {
    let backend = connection.get_database_backend();
    let held = still_held();
    let (expires, expires_value) = sql::from_now(backend, 1, now, lease);
    let (soon, soon_value) = sql::from_now(backend, 2, now, lease * 2 / 3);
    let rows = sql::rows(backend, 3, COLUMNS);
    let lock = if backend == DbBackend::Postgres { "FOR UPDATE OF j SKIP LOCKED" } else { "" };
    let update = format!(
        "WITH held AS MATERIALIZED (SELECT j.id, coalesce(x.step, j.step) AS step, \
           coalesce(x.progress, j.progress) AS progress FROM {rows} JOIN jobs j ON {held} \
           WHERE j.lease_expires_at < {soon} OR j.step <> x.step {lock}) \
         UPDATE jobs SET step = held.step, progress = held.progress, lease_expires_at = \
           CASE WHEN lease_expires_at < {soon} THEN {expires} ELSE lease_expires_at END \
         FROM held WHERE jobs.id = held.id"
    );
    let values = rows_of(backend, leases);
    sql::execute(connection, update, [expires_value, soon_value].into_iter().chain(values.clone())).await?;
    let rows = sql::rows(backend, 1, COLUMNS);
    let select =
        format!("SELECT x.id, x.epoch FROM {rows} WHERE NOT EXISTS (SELECT 1 FROM jobs j WHERE {held})");
    let lost = sql::all(connection, select, values).await?;
    lost.iter().map(lost_lease).collect()
}

fn lost_lease(row: &QueryResult) -> Result<LostLease, StoreError> {
    let epoch: i64 = row.try_get("", "epoch")?;
    let lease_epoch =
        i32::try_from(epoch).map_err(|_| StoreError::Unreadable(format!("lease epoch {epoch}")))?;
    Ok(LostLease { job_id: JobId(row.try_get("", "id")?), lease_epoch })
}

/// Puts jobs back that their worker did not finish, and charges nothing: the next try is the same one.
pub async fn give_back(connection: &impl ConnectionTrait, leases: &[HeldLease]) -> Result<u64, StoreError> {
    let backend = connection.get_database_backend();
    let text = format!(
        "UPDATE jobs AS j SET status = 'pending', worker_id = NULL, lease_expires_at = NULL, attempts = j.attempts - 1, \
           step = 'queued', progress = 0.0 FROM {} WHERE {}",
        sql::rows(backend, 1, COLUMNS),
        still_held()
    );
    sql::execute(connection, text, rows_of(backend, leases)).await
}

/// Puts jobs back as [`give_back`] does, to be claimed after the delay.
pub async fn put_off(
    connection: &impl ConnectionTrait,
    leases: &[HeldLease],
    delay: TimeDelta,
    now: DateTime<Utc>,
) -> Result<u64, StoreError> {
    let backend = connection.get_database_backend();
    let (later, later_value) = sql::from_now(backend, 1, now, delay);
    let text = format!(
        "UPDATE jobs AS j SET status = 'pending', worker_id = NULL, lease_expires_at = NULL, attempts = j.attempts - 1, \
           step = 'queued', progress = 0.0, run_at = {later} FROM {} WHERE {}",
        sql::rows(backend, 2, COLUMNS),
        still_held()
    );
    sql::execute(connection, text, std::iter::once(later_value).chain(rows_of(backend, leases))).await
}

/// A job whose worker went silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expired {
    /// The job.
    pub job_id: JobId,
    /// Whose it is.
    pub tenant_id: TenantId,
    /// The domain it was to scan.
    pub domain_id: DomainId,
    /// Its batch.
    pub batch_id: Option<BatchId>,
    /// The epoch of the lost claim.
    pub lease_epoch: i32,
    /// Workers lost with it before.
    pub losses: u32,
}

/// Up to 1,000 jobs whose lease has run out, oldest first; with `all`, every running job: on SQLite a process that
/// starts knows that no other one runs them.
pub async fn expired(
    connection: &impl ConnectionTrait,
    all: bool,
    now: DateTime<Utc>,
) -> Result<Vec<Expired>, StoreError> {
    let (at, at_value) = sql::from_now(connection.get_database_backend(), 1, now, TimeDelta::zero());
    // A statement for each, so that the index is read from its beginning to now and no further.
    let (range, values) =
        if all { (String::new(), vec![]) } else { (format!("AND lease_expires_at < {at}"), vec![at_value]) };
    let text = format!(
        "SELECT id, tenant_id, domain_id, batch_id, lease_epoch, losses FROM jobs \
         WHERE status = 'running' {range} ORDER BY lease_expires_at LIMIT 1000"
    );
    let rows = sql::all(connection, text, values).await?;
    rows.iter().map(expired_row).collect()
}

fn expired_row(row: &QueryResult) -> Result<Expired, StoreError> {
    Ok(Expired {
        job_id: JobId(row.try_get("", "id")?),
        tenant_id: TenantId(row.try_get("", "tenant_id")?),
        domain_id: DomainId(row.try_get("", "domain_id")?),
        batch_id: row.try_get::<Option<Uuid>>("", "batch_id")?.map(BatchId),
        lease_epoch: row.try_get("", "lease_epoch")?,
        losses: row.try_get::<i32>("", "losses")?.unsigned_abs(),
    })
}

/// Puts jobs of lost workers back: the loss is counted, the try is not. A job that was finished, extended or
/// claimed again in the meantime stays as it is.
pub async fn reopen(connection: &impl ConnectionTrait, jobs: &[Expired]) -> Result<u64, StoreError> {
    const COLUMNS: &[Column] = &[("id", Kind::Id), ("epoch", Kind::Integer)];
    let backend = connection.get_database_backend();
    let rows: Vec<Json> =
        jobs.iter().map(|job| json!({ "id": sql::hex(job.job_id.0), "epoch": job.lease_epoch })).collect();
    let text = format!(
        "UPDATE jobs AS j SET status = 'pending', worker_id = NULL, lease_expires_at = NULL, attempts = j.attempts - 1, \
           losses = j.losses + 1, step = 'queued', progress = 0.0 FROM {} WHERE {}",
        sql::rows(backend, 1, COLUMNS),
        still_held()
    );
    sql::execute(connection, text, sql::row_values(backend, COLUMNS, &rows)).await
}

/// Lets jobs whose time has come be claimed; answers how many.
pub async fn promote_due(connection: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<u64, StoreError> {
    let (at, at_value) = sql::from_now(connection.get_database_backend(), 1, now, TimeDelta::zero());
    let text = format!(
        "UPDATE jobs SET run_at = NULL WHERE status = 'pending' AND run_at IS NOT NULL AND run_at <= {at}"
    );
    sql::execute(connection, text, [at_value]).await
}
