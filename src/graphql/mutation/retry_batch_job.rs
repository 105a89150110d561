//! `retryBatchJob`.

use async_graphql::{Context, ID, InputObject, Result, SimpleObject};

use crate::{
    graphql::{context, types::BatchJob},
    service::RetryBatch,
    store::Columns,
};

/// A batch whose failed names are to be scanned again.
#[derive(Debug, InputObject)]
pub(super) struct RetryBatchJobInput {
    /// Its identifier. It must have ended.
    id: ID,
    /// Whether the names whose jobs were cancelled are scanned again as well.
    #[graphql(default)]
    include_cancelled: bool,
    /// A text of 1 to 255 characters of your choice. A repeated call with the same key and input answers the same batch
    /// and starts nothing; with other input it is refused as CONFLICT.
    idempotency_key: Option<String>,
}

/// The new try.
#[derive(SimpleObject)]
pub(super) struct RetryBatchJobPayload {
    /// A new batch of those names with the same options, whose `retryOf` is the earlier one; none when there were no
    /// such names. The earlier one stays as it ended.
    batch_job: Option<BatchJob>,
}

impl RetryBatchJobPayload {
    pub(super) async fn retry(context: &Context<'_>, input: RetryBatchJobInput) -> Result<Self> {
        let request = RetryBatch {
            id: context::id("id", &input.id)?,
            include_cancelled: input.include_cancelled,
            idempotency_key: input.idempotency_key,
        };
        let retried = context::service(context)?.retry_batch(context::scope(context)?, request).await?;
        context::loaders(context)?.renew();
        let Some(id) = retried.batch_id else { return Ok(Self { batch_job: None }) };
        let batch = context::loaders(context)?.batch(id, Columns::all()).await?;
        Ok(Self { batch_job: batch.map(BatchJob) })
    }
}
