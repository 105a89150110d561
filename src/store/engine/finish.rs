//! Recording how jobs ended: many in one transaction, so that jobs, domains, sitemaps, batch counters and sequence
//! numbers always agree.

use std::{collections::BTreeMap, iter::once};

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend};
use serde_json::{Value as Json, json};

use super::super::{
    Db, StoreError,
    sql::{self, Column, Kind},
};
use super::{
    claim::ClaimedJob,
    counters::{self, LockedBatch},
    facts, is_running,
};
use crate::model::{BatchId, DomainId, JobId, JobStatus, ScanFailure, ScanReport, TenantId};

/// How a try ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// With a report.
    Complete(Box<ScanReport>),
    /// Without one, for good.
    Failed(ScanFailure),
    /// Without one; it is tried again after the delay.
    Retry(ScanFailure, TimeDelta),
}

impl Outcome {
    const fn status(&self) -> JobStatus {
        match self {
            Self::Complete(_) => JobStatus::Complete,
            Self::Failed(_) => JobStatus::Failed,
            Self::Retry(..) => JobStatus::Pending,
        }
    }
}

/// A job with the way its try ended.
#[derive(Debug, Clone, PartialEq)]
pub struct FinishedJob {
    /// The job.
    pub job_id: JobId,
    /// Whose it is.
    pub tenant_id: TenantId,
    /// The domain that was scanned.
    pub domain_id: DomainId,
    /// Its batch.
    pub batch_id: Option<BatchId>,
    /// The epoch of the claim: a later claim makes this finish void.
    pub lease_epoch: i32,
    /// When the try began: of two results for one domain the later-begun wins.
    pub scanned_at: DateTime<Utc>,
    /// How it ended.
    pub outcome: Outcome,
}

impl FinishedJob {
    /// The job whose claimed try ended in this way.
    pub fn of(job: &ClaimedJob, outcome: Outcome) -> Self {
        Self {
            job_id: job.id,
            tenant_id: job.tenant_id,
            domain_id: job.domain_id,
            batch_id: job.batch_id,
            lease_epoch: job.lease_epoch,
            scanned_at: job.claimed_at,
            outcome,
        }
    }
}

/// What a group of finishes changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recorded {
    /// The jobs that were finished or put back.
    pub jobs: Vec<JobId>,
    /// Those of them that belong to no batch.
    pub singles: Vec<JobId>,
    /// The batches that changed.
    pub batches: Vec<BatchId>,
    /// The jobs whose finish came too late: cancelled, or another worker's by now.
    pub stale: Vec<JobId>,
}

/// Records the group in one transaction; either all of it is stored or nothing. Nobody is told: that is the caller's.
/// Groups of one batch follow one another only from the lock of its row on, so whatever needs no sequence number is
/// done before; a group of which every try is repeated does not wait for the others at all.
pub async fn finish(db: &Db, group: &[FinishedJob], now: DateTime<Utc>) -> Result<Recorded, StoreError> {
    let transaction = db.begin().await?;
    let held = lock_jobs(&transaction, group).await?;
    let (valid, late): (Vec<_>, Vec<_>) =
        group.iter().partition(|job| held.get(&job.job_id) == Some(&job.lease_epoch));
    facts::store(&transaction, &valid, now).await?;
    let ended = valid.iter().filter(|job| !matches!(job.outcome, Outcome::Retry(..)));
    let mut batches = counters::lock(&transaction, ended.filter_map(|job| job.batch_id)).await?;
    let sequences = count(&valid, &mut batches);
    update_jobs(&transaction, &valid, &sequences, now).await?;
    counters::store(&transaction, batches.values(), now).await?;
    transaction.commit().await?;
    Ok(Recorded {
        jobs: valid.iter().map(|job| job.job_id).collect(),
        singles: valid.iter().filter(|job| job.batch_id.is_none()).map(|job| job.job_id).collect(),
        batches: batches.values().filter(|batch| batch.changed()).map(|batch| batch.id).collect(),
        stale: late.iter().map(|job| job.job_id).collect(),
    })
}

/// The epoch of each job of the group that is still running.
async fn lock_jobs(
    transaction: &DatabaseTransaction,
    group: &[FinishedJob],
) -> Result<BTreeMap<JobId, i32>, StoreError> {
    let backend = transaction.get_database_backend();
    let text = format!(
        "SELECT id, lease_epoch FROM jobs WHERE {} AND {} ORDER BY id {}",
        is_running("status"),
        sql::in_ids(backend, "id", 1),
        sql::for_update(backend)
    );
    let ids = sql::ids_value(backend, group.iter().map(|job| job.job_id.0));
    let rows = sql::all(transaction, text, [ids]).await?;
    rows.iter().map(|row| Ok((JobId(row.try_get("", "id")?), row.try_get("", "lease_epoch")?))).collect()
}

/// Counts each finished job in its batch and gives it the next sequence number.
fn count(valid: &[&FinishedJob], batches: &mut BTreeMap<BatchId, LockedBatch>) -> BTreeMap<JobId, i64> {
    let mut sequences = BTreeMap::new();
    for job in valid {
        let Some(batch) = job.batch_id.and_then(|id| batches.get_mut(&id)) else { continue };
        if let Some(sequence) = batch.count(job.outcome.status()) {
            sequences.insert(job.job_id, sequence);
        }
        if let Outcome::Failed(failure) = &job.outcome {
            batch.count_failure(failure);
        }
    }
    sequences
}

const JOB_COLUMNS: &[Column] = &[
    ("id", Kind::Id),
    ("status", Kind::Text),
    ("sequence", Kind::Integer),
    ("failure", Kind::Json),
    ("result", Kind::Json),
    ("delay", Kind::Double),
    ("run_at", Kind::Time),
];

async fn update_jobs(
    transaction: &DatabaseTransaction,
    valid: &[&FinishedJob],
    sequences: &BTreeMap<JobId, i64>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    if valid.is_empty() {
        return Ok(());
    }
    let backend = transaction.get_database_backend();
    let (at, at_value) = sql::from_now(backend, 1, now, TimeDelta::zero());
    let run_at = match backend {
        DbBackend::Postgres => "clock_timestamp() + make_interval(secs => x.delay)",
        _ => "x.run_at",
    };
    let text = format!(
        "UPDATE jobs AS j SET status = x.status, sequence = x.sequence, failure = x.failure, \
           result = coalesce(x.result, j.result), \
           run_at = {run_at}, worker_id = NULL, lease_expires_at = NULL, \
           progress = CASE WHEN x.status = 'pending' THEN 0.0 ELSE 1.0 END, \
           step = CASE WHEN x.status = 'pending' THEN 'queued' ELSE 'done' END, \
           completed_at = CASE WHEN x.status = 'pending' THEN NULL ELSE {at} END \
         FROM {} WHERE j.id = x.id",
        sql::rows(backend, 2, JOB_COLUMNS)
    );
    let rows: Vec<Json> = valid.iter().map(|job| job_row(job, sequences, now)).collect();
    let rows = sql::row_values(backend, JOB_COLUMNS, &rows);
    sql::execute(transaction, text, once(at_value).chain(rows)).await?;
    Ok(())
}

fn job_row(job: &FinishedJob, sequences: &BTreeMap<JobId, i64>, now: DateTime<Utc>) -> Json {
    let mut row = json!({
        "id": sql::hex(job.job_id.0),
        "status": job.outcome.status().as_str(),
        "sequence": sequences.get(&job.job_id),
    });
    match &job.outcome {
        Outcome::Complete(report) => row["result"] = summary(report),
        Outcome::Failed(failure) => row["failure"] = json!(failure),
        Outcome::Retry(failure, delay) => {
            row["failure"] = json!(failure);
            row["delay"] = json!(delay.as_seconds_f64());
            row["run_at"] = json!(sql::time(now.checked_add_signed(*delay).unwrap_or(now)));
        }
    }
    row
}

/// What a job keeps of its report; the facts are on the domain.
fn summary(report: &ScanReport) -> Json {
    json!({
        "url": report.url,
        "title": report.facts.title,
        "isWordpress": report.facts.is_wordpress,
        "technologies": report.facts.technologies.len(),
        "emailAddresses": report.facts.email_addresses.len(),
        "phoneNumbers": report.facts.phone_numbers.len(),
        "totalSitemaps": report.total_sitemaps,
        "sitemapUrls": report.sitemap_urls,
    })
}
