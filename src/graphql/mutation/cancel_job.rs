//! `cancelJob`.

use async_graphql::{Context, ID, InputObject, Result, SimpleObject};

use crate::{
    graphql::{context, types::Job},
    model::JobId,
    store::{Columns, StoreError},
};

/// A job that is no longer wanted.
#[derive(Debug, InputObject)]
pub(super) struct CancelJobInput {
    /// Its identifier.
    id: ID,
}

/// What became of the job.
#[derive(SimpleObject)]
pub(super) struct CancelJobPayload {
    /// The job, which has ended.
    job: Job,
    /// Whether this call ended it; false when it had ended before.
    cancelled: bool,
}

impl CancelJobPayload {
    pub(super) async fn cancel(context: &Context<'_>, input: CancelJobInput) -> Result<Self> {
        let id: JobId = context::id("id", &input.id)?;
        let cancelled = context::service(context)?.cancel_job(context::scope(context)?, id).await?;
        context::loaders(context)?.renew();
        let job = context::loaders(context)?.job(id, Columns::all()).await?;
        let gone = || StoreError::Unreadable(format!("{id} is gone"));
        Ok(Self { job: Job(job.ok_or_else(gone)?), cancelled })
    }
}
