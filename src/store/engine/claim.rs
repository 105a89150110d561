//! Taking jobs from the queue.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ConnectionTrait, DbBackend, QueryResult, Value};

use super::super::{Db, StoreError, sql};
use super::{LOSSES_BEFORE_ISOLATION, capped};
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

/// How jobs are claimed.
#[derive(Debug, Clone, Copy)]
pub struct Claim {
    /// Who claims them.
    pub worker: WorkerId,
    /// How many at most.
    pub limit: usize,
    /// How long each is leased.
    pub lease: TimeDelta,
    /// How many jobs of one tenant may run at a time, on all nodes together.
    pub tenant_cap: Option<u32>,
}

/// Takes jobs that may run beside others, by lane and turn.
pub async fn claim(db: &Db, claim: Claim, now: DateTime<Utc>) -> Result<Vec<ClaimedJob>, StoreError> {
    claim_where(db, &format!("losses < {LOSSES_BEFORE_ISOLATION}"), claim, now).await
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
pub async fn claim_alone(db: &Db, claim: Claim, now: DateTime<Utc>) -> Result<Vec<ClaimedJob>, StoreError> {
    let one = Claim { limit: 1, ..claim };
    claim_where(db, &format!("losses >= {LOSSES_BEFORE_ISOLATION}"), one, now).await
}

/// With a cap, one claim at a time counts what runs and adds to it: of two that counted alike, both would.
async fn claim_where(
    db: &Db,
    which: &str,
    claim: Claim,
    now: DateTime<Utc>,
) -> Result<Vec<ClaimedJob>, StoreError> {
    let waiting = format!("status = 'pending' AND run_at IS NULL AND {which}");
    let Some(cap) = claim.tenant_cap else {
        let lock = skip_locked(db.backend());
        let picked = format!("SELECT id FROM jobs WHERE {waiting} ORDER BY lane, turn, id LIMIT $1 {lock}");
        return lease_picked(db.writer(), &format!("WITH {}", picked_as(&picked)), claim, None, now).await;
    };
    let transaction = db.begin().await?;
    if db.backend() == DbBackend::Postgres {
        sql::execute(&transaction, "SELECT pg_advisory_xact_lock($1)", [CLAIM_LOCK.into()]).await?;
    }
    let picked = capped::picked(db.backend(), &waiting, 5);
    let claimed = lease_picked(&transaction, &picked, claim, Some(i64::from(cap).into()), now).await?;
    transaction.commit().await?;
    Ok(claimed)
}

/// Any one number, the same in every process: capped claims take turns.
const CLAIM_LOCK: i64 = 0x5353_6b79_0001;

/// The CTE is materialised because a LIMIT in a plain sub-query may be evaluated again and claim too many.
pub(super) fn picked_as(select: &str) -> String {
    format!("picked AS MATERIALIZED ({select})")
}

pub(super) const fn skip_locked(backend: DbBackend) -> &'static str {
    match backend {
        DbBackend::Postgres => "FOR UPDATE SKIP LOCKED",
        _ => "",
    }
}

/// Leases the jobs that the common table expressions give as `picked`; in them `$1` is the limit, `$5` the cap.
async fn lease_picked(
    connection: &impl ConnectionTrait,
    picked: &str,
    claim: Claim,
    cap: Option<Value>,
    now: DateTime<Utc>,
) -> Result<Vec<ClaimedJob>, StoreError> {
    let backend = connection.get_database_backend();
    // As an array: its planner would expect a tenth of the table from a LIMIT that it does not know, and read all of it.
    let is_picked = match backend {
        DbBackend::Postgres => "= ANY (ARRAY(SELECT id FROM picked))",
        _ => "IN (SELECT id FROM picked)",
    };
    let (expires, expires_value) = sql::from_now(backend, 3, now, claim.lease);
    let (started, started_value) = sql::from_now(backend, 4, now, TimeDelta::zero());
    let text = format!(
        "{picked} UPDATE jobs SET status = 'running', worker_id = $2, lease_expires_at = {expires}, \
           lease_epoch = lease_epoch + 1, attempts = attempts + 1, step = 'resolving', progress = 0.0, \
           started_at = coalesce(started_at, {started}) \
         WHERE id {is_picked} \
         RETURNING id, tenant_id, batch_id, job_type, domain_id, options, lease_epoch, attempts, max_attempts, \
           lease_expires_at, (SELECT d.name FROM domains d WHERE d.id = jobs.domain_id) AS name, \
           (SELECT d.revisit IS NOT NULL FROM domains d WHERE d.id = jobs.domain_id) AS has_revisit"
    );
    let limit = i64::try_from(claim.limit).unwrap_or(i64::MAX);
    let values: [Value; 4] = [limit.into(), claim.worker.0.into(), expires_value, started_value];
    let rows = sql::all(connection, text, values.into_iter().chain(cap)).await?;
    rows.iter().map(|row| claimed(row, claim.lease)).collect()
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

/// Notes that work on these batches has begun. Those that had begun before stay as they are. Rows are locked by id
/// first, as elsewhere.
pub async fn mark_batches_started(
    db: &Db,
    batches: &[BatchId],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let backend = db.backend();
    let (started, started_value) = sql::from_now(backend, 2, now, TimeDelta::zero());
    let pending = format!(
        "SELECT id FROM batch_jobs WHERE status = 'pending' AND {} ORDER BY id {}",
        sql::in_ids(backend, "id", 1),
        sql::for_update(backend)
    );
    let text = format!(
        "UPDATE batch_jobs SET status = 'running', start_time = {started}, updated_at = {started} \
         WHERE id IN ({pending})"
    );
    let ids = sql::ids_value(backend, batches.iter().map(|id| id.0));
    sql::execute(db.writer(), text, [ids, started_value]).await?;
    Ok(())
}
