//! `retryJob`.

use async_graphql::{Context, ID, InputObject, Result, SimpleObject};

use crate::{
    graphql::{context, types::Job},
    store::{Columns, StoreError},
};

/// A job to be done again.
#[derive(Debug, InputObject)]
pub(super) struct RetryJobInput {
    /// Its identifier. It must have failed or been cancelled.
    id: ID,
    /// A text of 1 to 255 characters of your choice. A repeated call with the same key and input answers the same job
    /// and starts nothing; with other input it is refused as CONFLICT.
    idempotency_key: Option<String>,
}

/// The new try.
#[derive(SimpleObject)]
pub(super) struct RetryJobPayload {
    /// A new job for the same domain with the same options, ahead of batches. The earlier one stays as it ended.
    job: Job,
}

impl RetryJobPayload {
    pub(super) async fn retry(context: &Context<'_>, input: RetryJobInput) -> Result<Self> {
        let (id, key) = (context::id("id", &input.id)?, input.idempotency_key.as_deref());
        let submitted = context::service(context)?.retry_job(context::scope(context)?, id, key).await?;
        context::loaders(context)?.renew();
        let job = context::loaders(context)?.job(submitted.job_id, Columns::all()).await?;
        let gone = || StoreError::Unreadable(format!("{} is gone", submitted.job_id));
        Ok(Self { job: Job(job.ok_or_else(gone)?) })
    }
}
