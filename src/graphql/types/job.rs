//! Jobs.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result};

use super::{
    BatchJob, Domain,
    enums::{JobStatus, JobStep, JobType},
    scalars::{DateTime, JsonValue},
    scan_failure::ScanFailure,
};
use crate::{
    graphql::{
        context,
        selection::{Shown, shown},
    },
    model,
    store::jobs::Column,
};

/// One unit of background work.
pub(crate) struct Job(pub(crate) Arc<model::Job>);

impl Shown for model::Job {
    fn columns_of(field: &str) -> &'static [Column] {
        match field {
            "nextAttemptAt" => &[Column::RunAt],
            _ => &[],
        }
    }
}

/// One unit of background work.
#[Object]
impl Job {
    /// Its identifier: `job_` and 32 hexadecimal digits.
    pub(super) async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// What it does.
    async fn job_type(&self) -> JobType {
        self.0.job_type.into()
    }

    /// Where it is in its life.
    async fn status(&self) -> JobStatus {
        self.0.status.into()
    }

    /// How far it has come, from 0 to 1.
    async fn progress(&self) -> f64 {
        self.0.progress
    }

    /// What it does now.
    async fn step(&self) -> Option<JobStep> {
        Some(self.0.step.into())
    }

    /// Tries at the site so far, this one included.
    async fn attempts(&self) -> i32 {
        self.0.attempts
    }

    /// Tries at most.
    async fn max_attempts(&self) -> i32 {
        self.0.max_attempts
    }

    /// Why it failed, or why its newest try did.
    async fn failure(&self) -> Option<ScanFailure> {
        self.0.failure.as_ref().map(ScanFailure::from)
    }

    /// Its place among the finished jobs of its batch, from 1, without gaps; none before it ends, and outside batches.
    async fn sequence(&self) -> Option<i64> {
        self.0.sequence
    }

    /// The domain it scans.
    async fn domain(&self, context: &Context<'_>) -> Result<Option<Domain>> {
        let Some(id) = self.0.domain_id else { return Ok(None) };
        Ok(context::loaders(context)?.domain(id, shown(context)).await?.map(Domain))
    }

    /// The batch it belongs to.
    async fn batch_job(&self, context: &Context<'_>) -> Result<Option<BatchJob>> {
        let Some(id) = self.0.batch_id else { return Ok(None) };
        Ok(context::loaders(context)?.batch(id, shown(context)).await?.map(BatchJob))
    }

    /// What it found, in short; the facts are on the domain.
    async fn result(&self) -> Option<JsonValue> {
        self.0.result.as_ref().map(JsonValue::from)
    }

    /// Everything else, by topic.
    async fn metadata(&self) -> JsonValue {
        (&self.0.metadata).into()
    }

    /// The user who asked for it.
    async fn created_by(&self) -> Option<ID> {
        self.0.created_by.map(ID::from)
    }

    /// When it was asked for.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When its first try began.
    async fn started_at(&self) -> Option<DateTime> {
        self.0.started_at.map(DateTime)
    }

    /// When it ended.
    async fn completed_at(&self) -> Option<DateTime> {
        self.0.completed_at.map(DateTime)
    }

    /// Not before this time will it be tried again.
    async fn next_attempt_at(&self) -> Option<DateTime> {
        self.0.next_attempt_at.map(DateTime)
    }
}
