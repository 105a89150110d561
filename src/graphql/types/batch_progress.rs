//! How far a batch has come.

use std::sync::Arc;

use async_graphql::{Context, Object, Result};

use super::{BatchJob, enums::BatchStatus, scalars::DateTime};
use crate::{
    graphql::{context, selection::shown},
    service::BatchState,
    store::StoreError,
};

/// How far a batch has come at one moment.
pub(crate) struct BatchProgress(pub(crate) BatchState);

/// How far a batch has come at one moment.
#[Object]
impl BatchProgress {
    /// The batch.
    async fn batch_job(&self, context: &Context<'_>) -> Result<BatchJob> {
        let (columns, batch) = (shown(context), &self.0.batch);
        if BatchState::columns().cover(columns) {
            return Ok(BatchJob(Arc::clone(batch)));
        }
        let batch = context::loaders(context)?.batch(batch.id, columns).await?;
        let gone = || StoreError::Unreadable(format!("{} is gone", self.0.batch.id));
        Ok(BatchJob(batch.ok_or_else(gone)?))
    }

    /// Where the batch is in its life.
    async fn status(&self) -> BatchStatus {
        self.0.batch.status.into()
    }

    /// How many domains it has.
    async fn total_domains(&self) -> i64 {
        self.0.batch.counts.total
    }

    /// How many of its jobs ended with a result.
    async fn completed_domains(&self) -> i64 {
        self.0.batch.counts.completed
    }

    /// How many of its jobs ended without one.
    async fn failed_domains(&self) -> i64 {
        self.0.batch.counts.failed
    }

    /// How many of its jobs ended because somebody asked for that.
    async fn cancelled_domains(&self) -> i64 {
        self.0.batch.counts.cancelled
    }

    /// The share of its jobs that have ended, from 0 to 1.
    async fn progress(&self) -> f64 {
        self.0.batch.counts.progress()
    }

    /// Finished domains per second of processing time.
    async fn domains_per_second(&self) -> Option<f64> {
        self.0.batch.domains_per_second(self.0.read_at)
    }

    /// When it will end at the present pace; none before there is a pace, and none after its end.
    async fn estimated_end_time(&self) -> Option<DateTime> {
        self.0.batch.estimated_end_time(self.0.read_at).map(DateTime)
    }

    /// When this state was read; the same for all who watch the batch on one node.
    async fn emitted_at(&self) -> DateTime {
        DateTime(self.0.read_at)
    }
}
