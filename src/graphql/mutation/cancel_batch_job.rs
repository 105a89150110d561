//! `cancelBatchJob`.

use async_graphql::{Context, ID, InputObject, Result, SimpleObject};

use crate::{
    graphql::{context, types::BatchJob},
    model::BatchId,
    store::{Columns, StoreError},
};

/// A batch that is no longer wanted.
#[derive(Debug, InputObject)]
pub(super) struct CancelBatchJobInput {
    /// Its identifier.
    id: ID,
}

/// What became of the batch.
#[derive(SimpleObject)]
pub(super) struct CancelBatchJobPayload {
    /// The batch, which has ended.
    batch_job: BatchJob,
    /// How many of its jobs this call ended; 0 when all had ended before.
    cancelled_jobs: u64,
}

impl CancelBatchJobPayload {
    pub(super) async fn cancel(context: &Context<'_>, input: CancelBatchJobInput) -> Result<Self> {
        let id: BatchId = context::id("id", &input.id)?;
        let cancelled_jobs = context::service(context)?.cancel_batch(context::scope(context)?, id).await?;
        context::loaders(context)?.renew();
        let batch = context::loaders(context)?.batch(id, Columns::all()).await?;
        let gone = || StoreError::Unreadable(format!("{id} is gone"));
        Ok(Self { batch_job: BatchJob(batch.ok_or_else(gone)?), cancelled_jobs })
    }
}
