//! Taking jobs from the queue.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ConnectionTrait, DbBackend, QueryResult, Value};

use super::super::{Db, Notification, StoreError, notify, sql};
use super::LOSSES_BEFORE_ISOLATION;
use crate::model::{BatchId, DomainId, DomainName, JobId, JobType, ScanOptions, TenantId, WorkerId};

/// A job whose lease a worker holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedJob {
    /// The job.
    pub id: JobId,
    /// Whose it is.
    pub tenant_id: TenantId,
    /// Its batch.
    pub batch_id: Option<BatchId>,
    /// What it does.
    pub job_type: JobType,
    /// The domain to scan.
    pub domain_id: DomainId,
    /// The name of that domain.
    pub name: DomainName,
    /// How to scan it.
    pub options: ScanOptions,
    /// Whether an earlier scan left a way to ask if the page has changed.
    pub has_revisit: bool,
    /// Fences the finish: another claim makes it greater.
    pub lease_epoch: i32,
    /// Tries at the site, this one included.
    pub attempts: u32,
    /// Tries at most.
    pub max_attempts: u32,
    /// When this try began.
    pub claimed_at: DateTime<Utc>,
}

/// Takes up to `limit` jobs that may run beside others, by lane and turn. Each is leased for `lease`.
pub async fn claim(
    connection: &impl ConnectionTrait,
    worker: WorkerId,
    limit: usize,
    lease: TimeDelta,
    now: DateTime<Utc>,
) -> Result<Vec<ClaimedJob>, StoreError> {
    let which = format!("losses < {LOSSES_BEFORE_ISOLATION}");
    claim_where(connection, &which, worker, limit, lease, now).await
}

/// Whether a job waits to be run alone.
pub async fn has_isolated(connection: &impl ConnectionTrait) -> Result<bool, StoreError> {
    let text = format!(
        "SELECT EXISTS (SELECT 1 FROM jobs WHERE status = 'pending' AND run_at IS NULL \
           AND losses >= {LOSSES_BEFORE_ISOLATION})"
    );
    sql::scalar(connection, text, []).await
}

/// Takes one job that took workers down with it, to be run alone.
pub async fn claim_alone(
    connection: &impl ConnectionTrait,
    worker: WorkerId,
    lease: TimeDelta,
    now: DateTime<Utc>,
) -> Result<Vec<ClaimedJob>, StoreError> {
    let which = format!("losses >= {LOSSES_BEFORE_ISOLATION}");
    claim_where(connection, &which, worker, 1, lease, now).await
}

/// The CTE is materialised because a LIMIT in a plain sub-query may be evaluated again and claim too many.
async fn claim_where(
    connection: &impl ConnectionTrait,
    which: &str,
    worker: WorkerId,
    limit: usize,
    lease: TimeDelta,
    now: DateTime<Utc>,
) -> Result<Vec<ClaimedJob>, StoreError> {
    let backend = connection.get_database_backend();
    // As an array: its planner would expect a tenth of the table from a LIMIT that it does not know, and read all of it.
    let (lock, is_picked) = match backend {
        DbBackend::Postgres => ("FOR UPDATE SKIP LOCKED", "= ANY (ARRAY(SELECT id FROM picked))"),
        _ => ("", "IN (SELECT id FROM picked)"),
    };
    let (expires, expires_value) = sql::from_now(backend, 3, now, lease);
    let (started, started_value) = sql::from_now(backend, 4, now, TimeDelta::zero());
    let text = format!(
        "WITH picked AS MATERIALIZED (SELECT id FROM jobs \
           WHERE status = 'pending' AND run_at IS NULL AND {which} ORDER BY lane, turn, id LIMIT $1 {lock}) \
         UPDATE jobs SET status = 'running', worker_id = $2, lease_expires_at = {expires}, \
           lease_epoch = lease_epoch + 1, attempts = attempts + 1, step = 'resolving', progress = 0.0, \
           started_at = coalesce(started_at, {started}) \
         WHERE id {is_picked} \
         RETURNING id, tenant_id, batch_id, job_type, domain_id, options, lease_epoch, attempts, max_attempts, \
           lease_expires_at, (SELECT d.name FROM domains d WHERE d.id = jobs.domain_id) AS name, \
           (SELECT d.revisit IS NOT NULL FROM domains d WHERE d.id = jobs.domain_id) AS has_revisit"
    );
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let values: [Value; 4] = [limit.into(), worker.0.into(), expires_value, started_value];
    let rows = sql::all(connection, text, values).await?;
    rows.iter().map(|row| claimed(row, lease)).collect()
}

fn claimed(row: &QueryResult, lease: TimeDelta) -> Result<ClaimedJob, StoreError> {
    let name: String = row.try_get("", "name")?;
    let count = |column| -> Result<u32, StoreError> { Ok(row.try_get::<i32>("", column)?.unsigned_abs()) };
    Ok(ClaimedJob {
        id: JobId(row.try_get("", "id")?),
        tenant_id: TenantId(row.try_get("", "tenant_id")?),
        batch_id: row.try_get::<Option<_>>("", "batch_id")?.map(BatchId),
        job_type: row.try_get::<String>("", "job_type")?.parse()?,
        domain_id: DomainId(row.try_get("", "domain_id")?),
        name: DomainName::parse(&name).map_err(|error| StoreError::Unreadable(error.to_string()))?,
        options: sql::from_json(row.try_get("", "options")?)?,
        has_revisit: row.try_get("", "has_revisit")?,
        lease_epoch: row.try_get("", "lease_epoch")?,
        attempts: count("attempts")?,
        max_attempts: count("max_attempts")?,
        claimed_at: row.try_get::<DateTime<Utc>>("", "lease_expires_at")? - lease,
    })
}

/// Notes that work on these batches has begun, and tells the other nodes. Those that had begun before stay as they are.
pub async fn mark_batches_started(
    db: &Db,
    batches: &[BatchId],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let backend = db.backend();
    let (started, started_value) = sql::from_now(backend, 2, now, TimeDelta::zero());
    let text = format!(
        "UPDATE batch_jobs SET status = 'running', start_time = {started}, updated_at = {started} \
         WHERE status = 'pending' AND {}",
        sql::in_ids(backend, "id", 1)
    );
    let ids = sql::ids_value(backend, batches.iter().map(|id| id.0));
    sql::execute(db.writer(), text, [ids, started_value]).await?;
    let pokes: Vec<Notification> = batches.iter().copied().map(Notification::Batch).collect();
    notify::send_all(db.writer(), &pokes).await
}
