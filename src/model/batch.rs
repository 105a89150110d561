//! Many domains scanned as one piece of work.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{
    BatchId, BatchStatus, JobStatus, JsonObject, NameError, RejectReason, ScanErrorCode, ScanOptions,
    TenantId, UserId,
};

/// How many jobs a batch has, and how many of them have ended in which way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BatchCounts {
    /// All jobs.
    pub total: i64,
    /// Ended with a result.
    pub completed: i64,
    /// Ended without one.
    pub failed: i64,
    /// Ended because somebody asked for that.
    pub cancelled: i64,
}

impl BatchCounts {
    /// How many jobs have ended, in whatever way. Also the sequence number of the newest of them.
    pub const fn finished(&self) -> i64 {
        self.completed + self.failed + self.cancelled
    }

    /// Counts one more finished job and gives its sequence number, from 1. A job that is not finished counts
    /// nowhere and has no number.
    pub const fn count(&mut self, status: JobStatus) -> Option<i64> {
        match status {
            JobStatus::Complete => self.completed += 1,
            JobStatus::Failed => self.failed += 1,
            JobStatus::Cancelled => self.cancelled += 1,
            JobStatus::Pending | JobStatus::Running => return None,
        }
        Some(self.finished())
    }

    /// The share of jobs that have ended, from 0 to 1.
    #[expect(clippy::cast_precision_loss, reason = "a batch has at most 100,000 jobs")]
    pub const fn progress(&self) -> f64 {
        if self.total == 0 { 1.0 } else { self.finished() as f64 / self.total as f64 }
    }

    /// The status that follows from the counts of a batch in which at least one job has started. A batch that was
    /// cancelled as a whole is cancelled whatever the counts.
    pub const fn status(&self) -> BatchStatus {
        if self.finished() < self.total {
            BatchStatus::Running
        } else if self.completed == self.total {
            BatchStatus::Complete
        } else if self.cancelled == self.total {
            BatchStatus::Cancelled
        } else if self.completed == 0 {
            BatchStatus::Failed
        } else {
            BatchStatus::Partial
        }
    }
}

/// How many jobs of a batch failed for one cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FailureCount {
    /// The cause.
    pub code: ScanErrorCode,
    /// How many jobs.
    pub count: i64,
}

/// A name that could not be accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RejectedName {
    /// What was given, shortened to 100 characters.
    pub input: String,
    /// The cause.
    pub reason: RejectReason,
    /// A sentence for people.
    pub message: String,
}

impl From<NameError> for RejectedName {
    fn from(error: NameError) -> Self {
        Self { message: error.to_string(), input: error.input, reason: error.reason }
    }
}

/// Many domains scanned as one piece of work.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchJob {
    /// Its identifier.
    pub id: BatchId,
    /// Whose it is.
    pub tenant_id: TenantId,
    /// Where it is in its life.
    pub status: BatchStatus,
    /// How many of its jobs have ended in which way.
    pub counts: BatchCounts,
    /// Failed jobs by cause, most frequent first.
    pub failure_counts: Vec<FailureCount>,
    /// How its domains are scanned.
    pub options: ScanOptions,
    /// The names that were not accepted.
    pub rejected: Vec<RejectedName>,
    /// When what is left of it is cancelled.
    pub deadline: Option<DateTime<Utc>>,
    /// The batch whose failed names it tries again.
    pub retry_of: Option<BatchId>,
    /// Everything else, by topic.
    pub metadata: JsonObject,
    /// Who asked for it.
    pub created_by: Option<UserId>,
    /// When its first job started.
    pub start_time: Option<DateTime<Utc>>,
    /// When its last job ended.
    pub end_time: Option<DateTime<Utc>>,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// When anything of it last changed.
    pub updated_at: DateTime<Utc>,
}

impl BatchJob {
    /// How long it has been worked on, until `now` or its end.
    pub fn processing_time(&self, now: DateTime<Utc>) -> Option<TimeDelta> {
        self.start_time.map(|start| (self.end_time.unwrap_or(now) - start).max(TimeDelta::zero()))
    }

    /// Finished domains per second of processing time.
    #[expect(clippy::cast_precision_loss, reason = "a batch has at most 100,000 jobs")]
    pub fn domains_per_second(&self, now: DateTime<Utc>) -> Option<f64> {
        let seconds = self.processing_time(now)?.as_seconds_f64();
        (seconds > 0.0 && self.counts.finished() > 0).then(|| self.counts.finished() as f64 / seconds)
    }

    /// When it will end at the present pace; none before there is a pace, and none after its end.
    #[expect(clippy::cast_precision_loss, reason = "a batch has at most 100,000 jobs")]
    pub fn estimated_end_time(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if self.status.is_finished() {
            return None;
        }
        let left = (self.counts.total - self.counts.finished()) as f64;
        let seconds = left / self.domains_per_second(now)?;
        now.checked_add_signed(TimeDelta::try_milliseconds(num_milliseconds(seconds)?)?)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the range is checked first")]
fn num_milliseconds(seconds: f64) -> Option<i64> {
    let milliseconds = seconds * 1_000.0;
    (0.0..1e15).contains(&milliseconds).then_some(milliseconds as i64)
}
