//! Accepting work: the batch, its domains and its jobs, in the caller's one transaction.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, QueryResult, Value};
use serde_json::json;

use super::{
    Notification, StoreError,
    engine::{LOSSES_BEFORE_ISOLATION, Lane},
    notify,
    sql::{self, Column, Kind},
};
use crate::model::{
    BatchCounts, BatchId, BatchStatus, DomainId, DomainName, JobId, JsonObject, RejectedName, ScanOptions,
    Scope,
};

/// A batch to be made.
#[derive(Debug)]
pub struct NewBatch<'a> {
    /// Its identifier.
    pub id: BatchId,
    /// How many of its jobs have ended in which way; reused results have ended at once.
    pub counts: BatchCounts,
    /// How its domains are scanned.
    pub options: &'a ScanOptions,
    /// The names that were not accepted.
    pub rejected: &'a [RejectedName],
    /// When what is left of it is cancelled.
    pub deadline: Option<DateTime<Utc>>,
    /// The batch whose failed names it tries again.
    pub retry_of: Option<BatchId>,
}

/// A scan to be made: its name, the identifiers it gets, and the result it reuses instead of fetching.
#[derive(Debug)]
pub struct NewScan {
    /// The domain's name; the domain itself is made when it is not known.
    pub name: DomainName,
    /// The identifier of its job.
    pub job_id: JobId,
    /// The complete job whose result it takes.
    pub reuse: Option<Reusable>,
}

/// A complete job whose result is fresh enough.
#[derive(Debug, Clone, PartialEq)]
pub struct Reusable {
    /// The job.
    pub job_id: JobId,
    /// Its result in short.
    pub result: JsonObject,
}

/// What all scans of one call share.
#[derive(Debug)]
pub struct NewScans<'a> {
    /// The batch they belong to.
    pub batch_id: Option<BatchId>,
    /// How they are done.
    pub options: &'a ScanOptions,
    /// Tries at a site at most.
    pub max_attempts: u32,
    /// When they were asked for.
    pub now: DateTime<Utc>,
}

/// Stores the row of a batch.
pub async fn insert_batch(
    transaction: &impl ConnectionTrait,
    scope: &Scope,
    batch: &NewBatch<'_>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let ended = batch.counts.finished() == batch.counts.total;
    let status = if ended { batch.counts.status() } else { BatchStatus::Pending };
    let end: Option<DateTime<Utc>> = ended.then_some(now);
    let text = "INSERT INTO batch_jobs (id, tenant_id, status, total_domains, completed_domains, options, rejected, \
                deadline, retry_of, created_by, start_time, end_time, created_at, updated_at) \
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
    let values: [Value; 14] = [
        batch.id.0.into(),
        scope.tenant_id.0.into(),
        status.as_str().into(),
        batch.counts.total.into(),
        batch.counts.completed.into(),
        sql::to_json(batch.options)?.into(),
        sql::to_json(batch.rejected)?.into(),
        batch.deadline.into(),
        batch.retry_of.map(|id| id.0).into(),
        scope.user_id.map(|id| id.0).into(),
        end.into(),
        end.into(),
        now.into(),
        now.into(),
    ];
    sql::execute(transaction, text, values).await?;
    Ok(())
}

/// For each of the names whose newest complete scan with equal options began at or after `not_before`: that scan.
pub async fn reusable(
    transaction: &impl ConnectionTrait,
    scope: &Scope,
    names: &[DomainName],
    options: &ScanOptions,
    not_before: DateTime<Utc>,
) -> Result<Vec<(DomainName, Reusable)>, StoreError> {
    let condition = sql::in_texts(transaction.get_database_backend(), "d.name", 4);
    let text = format!(
        "SELECT d.name, j.id, j.result FROM domains d JOIN jobs j ON j.id = (\
           SELECT c.id FROM jobs c WHERE c.domain_id = d.id AND c.status = 'complete' AND c.options_key = $2 \
             AND c.started_at IS NOT NULL ORDER BY c.id DESC LIMIT 1) \
         WHERE d.tenant_id = $1 AND j.started_at >= $3 AND {condition}"
    );
    let names = sql::texts_value(transaction.get_database_backend(), names.iter().map(DomainName::as_str));
    let values = [scope.tenant_id.0.into(), options.result_key().into(), not_before.into(), names];
    sql::all(transaction, text, values).await?.iter().map(reusable_row).collect()
}

fn reusable_row(row: &QueryResult) -> Result<(DomainName, Reusable), StoreError> {
    let name: String = row.try_get("", "name")?;
    let name = DomainName::parse(&name).map_err(|error| StoreError::Unreadable(error.to_string()))?;
    let result: Option<serde_json::Value> = row.try_get("", "result")?;
    let result = result.map(sql::from_json).transpose()?.unwrap_or_default();
    Ok((name, Reusable { job_id: JobId(row.try_get("", "id")?), result }))
}

/// Makes the domains that are not known yet, marks the others as waiting for a scan, and stores the jobs. The jobs are
/// claimed in the order of `scans`. Those that reuse a result come first: they are finished, and their sequence
/// numbers begin at 1.
pub async fn insert_scans(
    transaction: &impl ConnectionTrait,
    scope: &Scope,
    shared: &NewScans<'_>,
    scans: &[NewScan],
) -> Result<(), StoreError> {
    let rows: Vec<_> = scans.iter().enumerate().map(row_of_scan).collect();
    let rows = sql::row_values(transaction.get_database_backend(), COLUMNS, &rows);
    let made = insert_domains(transaction, scope, shared, &rows).await?;
    let wanted = scans.iter().filter(|scan| scan.reuse.is_none()).count() as u64;
    if made < wanted {
        mark_waiting(transaction, scope, shared, &rows).await?;
    }
    let are_new = made == scans.len() as u64;
    insert_jobs(transaction, scope, shared, rows, are_new).await?;
    notify::tell(transaction, &[Notification::Work]).await
}

const COLUMNS: &[Column] = &[
    ("name", Kind::Text),
    ("domain_id", Kind::Id),
    ("job_id", Kind::Id),
    ("place", Kind::Integer),
    ("sequence", Kind::Integer),
    ("result", Kind::Json),
    ("metadata", Kind::Json),
];

fn row_of_scan((place, scan): (usize, &NewScan)) -> serde_json::Value {
    let mut row = json!({
        "name": scan.name.as_str(),
        "domain_id": sql::hex(DomainId::generate().0),
        "job_id": sql::hex(scan.job_id.0),
        "place": place,
    });
    if let (Some(reuse), Some(fields)) = (&scan.reuse, row.as_object_mut()) {
        fields.insert("sequence".to_owned(), place.saturating_add(1).into());
        fields.insert("result".to_owned(), reuse.result.clone().into());
        fields.insert("metadata".to_owned(), json!({ "reusedFrom": reuse.job_id }));
    }
    row
}

/// In name order, so that two calls with common names cannot wait for each other in a circle. Answers how many were not
/// known.
async fn insert_domains(
    transaction: &impl ConnectionTrait,
    scope: &Scope,
    shared: &NewScans<'_>,
    rows: &[Value],
) -> Result<u64, StoreError> {
    let text = format!(
        "INSERT INTO domains (id, tenant_id, name, status, latest_job_id, batch_id, created_at, updated_at) \
         SELECT x.domain_id, $1, x.name, 'pending', x.job_id, $2, $3, $3 FROM {} WHERE x.sequence IS NULL \
         ORDER BY x.name ON CONFLICT (tenant_id, name) DO NOTHING",
        sql::rows(transaction.get_database_backend(), 4, COLUMNS)
    );
    sql::execute(transaction, text, domain_values(scope, shared, rows)).await
}

/// Locks the rows by id first: the order in which the recorder takes them too.
async fn mark_waiting(
    transaction: &impl ConnectionTrait,
    scope: &Scope,
    shared: &NewScans<'_>,
    rows: &[Value],
) -> Result<(), StoreError> {
    let backend = transaction.get_database_backend();
    let lock = sql::for_update_of(backend, "d");
    let text = format!(
        "WITH known AS MATERIALIZED (SELECT d.id, x.job_id FROM {} CROSS JOIN domains d \
           WHERE d.tenant_id = $1 AND d.name = x.name AND x.sequence IS NULL AND d.latest_job_id IS DISTINCT FROM x.job_id {lock}) \
         UPDATE domains SET status = 'pending', latest_job_id = known.job_id, batch_id = coalesce($2, batch_id), \
           updated_at = $3 FROM known WHERE domains.id = known.id",
        sql::rows(backend, 4, COLUMNS)
    );
    sql::execute(transaction, text, domain_values(scope, shared, rows)).await?;
    Ok(())
}

fn domain_values(scope: &Scope, shared: &NewScans<'_>, rows: &[Value]) -> Vec<Value> {
    let own = [scope.tenant_id.0.into(), shared.batch_id.map(|id| id.0).into(), shared.now.into()];
    own.into_iter().chain(rows.iter().cloned()).collect()
}

/// A job that reuses a result is complete at once and has its sequence number; the others wait in their lane. Domains
/// that are all new need not be looked up by their names.
async fn insert_jobs(
    transaction: &impl ConnectionTrait,
    scope: &Scope,
    shared: &NewScans<'_>,
    rows: Vec<Value>,
    are_new: bool,
) -> Result<(), StoreError> {
    let lane = if shared.batch_id.is_some() { Lane::Batch } else { Lane::Single };
    let first_turn = first_turn(transaction, scope, lane).await?;
    let (domain_id, domains) = if are_new {
        ("x.domain_id", "")
    } else {
        ("d.id", "CROSS JOIN domains d WHERE d.tenant_id = $1 AND d.name = x.name")
    };
    let text = format!(
        "INSERT INTO jobs (id, tenant_id, domain_id, batch_id, created_by, job_type, status, lane, turn, max_attempts, \
           progress, step, sequence, options_key, options, result, metadata, created_at, completed_at) \
         SELECT x.job_id, $1, {domain_id}, $2, $3, 'domain_scan', \
           CASE WHEN x.sequence IS NULL THEN 'pending' ELSE 'complete' END, $4, $5 + x.place, $6, \
           CASE WHEN x.sequence IS NULL THEN 0.0 ELSE 1.0 END, \
           CASE WHEN x.sequence IS NULL THEN 'queued' ELSE 'done' END, \
           CASE WHEN $7 THEN x.sequence END, $8, $9, x.result, coalesce(x.metadata, '{{}}'), $10, \
           CASE WHEN x.sequence IS NULL THEN NULL ELSE $10 END \
         FROM {} {domains}",
        sql::rows(transaction.get_database_backend(), 11, COLUMNS)
    );
    let values: [Value; 10] = [
        scope.tenant_id.0.into(),
        shared.batch_id.map(|id| id.0).into(),
        scope.user_id.map(|id| id.0).into(),
        lane.as_number().into(),
        first_turn.into(),
        i64::from(shared.max_attempts).into(),
        shared.batch_id.is_some().into(),
        shared.options.result_key().into(),
        sql::to_json(shared.options)?.into(),
        shared.now.into(),
    ];
    sql::execute(transaction, text, values.into_iter().chain(rows)).await?;
    Ok(())
}

/// Where new work joins its lane, so that those who share it take turns (start-time fair queuing): beside the work that
/// is being done now, and behind the tenant's own single scans that wait already.
async fn first_turn(
    transaction: &impl ConnectionTrait,
    scope: &Scope,
    lane: Lane,
) -> Result<i64, StoreError> {
    let lane_number = lane.as_number();
    // As the index of claimable jobs has it, so that it serves.
    let waiting = format!(
        "status = 'pending' AND run_at IS NULL AND losses < {LOSSES_BEFORE_ISOLATION} AND lane = {lane_number}"
    );
    let now_at = format!(
        "SELECT coalesce((SELECT max(turn) FROM jobs WHERE status = 'running' AND lane = {lane_number}), \
                         (SELECT min(turn) FROM jobs WHERE {waiting}), 0)"
    );
    let turn: i64 = sql::scalar(transaction, now_at, []).await?;
    if lane == Lane::Batch {
        return Ok(turn);
    }
    let own = format!("SELECT coalesce(max(turn) + 1, 0) FROM jobs WHERE {waiting} AND tenant_id = $1");
    let own: i64 = sql::scalar(transaction, own, [scope.tenant_id.0.into()]).await?;
    Ok(turn.max(own))
}
