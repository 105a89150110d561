//! What can be watched.

use async_graphql::{Context, ID, Result, Subscription};
use futures_util::{Stream, StreamExt};

use super::{
    LastEvent, context,
    error::InputError,
    selection::shown,
    types::{BatchProgress, Job},
};
use crate::model::{BatchId, JobId};

/// What can be watched. Whatever is absent, or another tenant's, is an error with the code `NOT_FOUND`.
pub(super) struct Subscription;

/// What can be watched. Whatever is absent, or another tenant's, is an error with the code `NOT_FOUND`.
#[Subscription]
impl Subscription {
    /// How far a batch has come: at once, then after every change worth showing (at most a few a second), ending after
    /// the final state.
    async fn batch_progress(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The batch.")] batch_id: ID,
    ) -> Result<impl Stream<Item = Result<BatchProgress>> + use<>> {
        let id: BatchId = context::id("batchId", &batch_id)?;
        let loaders = context::loaders(context)?.clone();
        let states = context::service(context)?.watch_batch(context::scope(context)?, id);
        Ok(states.map(move |state| {
            loaders.renew();
            Ok(BatchProgress(state?))
        }))
    }

    /// Every finished job of a batch, exactly once, in sequence order, ending after the last one.
    async fn job_finished(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The batch.")] batch_id: ID,
        #[graphql(
            desc = "Only jobs whose sequence is greater: that of the last one received goes on where a \
                          connection broke."
        )]
        after: Option<i64>,
    ) -> Result<impl Stream<Item = Result<Job>> + use<>> {
        let id: BatchId = context::id("batchId", &batch_id)?;
        let after = after.unwrap_or_default();
        if after < 0 {
            return Err(
                InputError(format!("`after` is {after}; it must be 0 or the sequence of a job")).into()
            );
        }
        let last_event = context.data_opt::<LastEvent>().cloned().unwrap_or_default();
        let after = after.max(last_event.number());
        let loaders = context::loaders(context)?.clone();
        let (service, scope) = (context::service(context)?, context::scope(context)?);
        let jobs = service.watch_finished_jobs(scope, id, after, shown(context));
        Ok(jobs.map(move |job| {
            loaders.renew();
            let job = job?;
            last_event.set(job.sequence.unwrap_or_default());
            Ok(Job(job))
        }))
    }

    /// One job until it ends: at once, then after every change of its status, step or progress.
    async fn job_progress(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The job.")] job_id: ID,
    ) -> Result<impl Stream<Item = Result<Job>> + use<>> {
        let id: JobId = context::id("jobId", &job_id)?;
        let loaders = context::loaders(context)?.clone();
        let states = context::service(context)?.watch_job(context::scope(context)?, id, shown(context));
        Ok(states.map(move |job| {
            loaders.renew();
            Ok(Job(job?.into()))
        }))
    }
}
