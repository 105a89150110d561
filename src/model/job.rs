//! One unit of background work.

use chrono::{DateTime, Utc};

use super::{
    BatchId, DomainId, JobId, JobStatus, JobStep, JobType, JsonObject, ScanFailure, TenantId, UserId,
};

/// One unit of background work.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// Its identifier.
    pub id: JobId,
    /// Whose it is.
    pub tenant_id: TenantId,
    /// What it does.
    pub job_type: JobType,
    /// Where it is in its life.
    pub status: JobStatus,
    /// The domain it scans.
    pub domain_id: Option<DomainId>,
    /// The batch it belongs to.
    pub batch_id: Option<BatchId>,
    /// How far it has come, from 0 to 1.
    pub progress: f64,
    /// What it does now.
    pub step: JobStep,
    /// Tries at the site so far, this one included.
    pub attempts: i32,
    /// Tries at most.
    pub max_attempts: i32,
    /// Why it failed, or why its newest try did.
    pub failure: Option<ScanFailure>,
    /// Its place among the finished jobs of its batch, from 1, without gaps.
    pub sequence: Option<i64>,
    /// What it found, in short; the facts are on the domain.
    pub result: Option<JsonObject>,
    /// Everything else, by topic.
    pub metadata: JsonObject,
    /// Who asked for it.
    pub created_by: Option<UserId>,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// When its first try began.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub completed_at: Option<DateTime<Utc>>,
    /// Not before this time will it be tried again.
    pub next_attempt_at: Option<DateTime<Utc>>,
}
