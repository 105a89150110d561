//! Ending work that nobody wants any more.

use super::{Service, ServiceError};
use crate::{
    model::{BatchId, JobId, Scope},
    store::engine::{self, Cancelled, Target},
};

impl Service {
    /// Ends a job that waits or runs; one that has ended stays as it is. Answers whether it was ended by this call.
    pub async fn cancel_job(&self, scope: &Scope, id: JobId) -> Result<bool, ServiceError> {
        let cancelled = self.cancel(scope, Target::Job(id)).await?;
        let cancelled = cancelled.ok_or_else(|| ServiceError::not_found("job", &id))?;
        Ok(!cancelled.jobs.is_empty())
    }

    /// Ends all jobs of a batch that wait or run, and with them the batch. Answers how many.
    pub async fn cancel_batch(&self, scope: &Scope, id: BatchId) -> Result<u64, ServiceError> {
        let cancelled = self.cancel(scope, Target::Batch(id)).await?;
        let cancelled = cancelled.ok_or_else(|| ServiceError::not_found("batch", &id))?;
        Ok(cancelled.jobs.len() as u64)
    }

    /// Workers drop the scans when they look at their leases: here at once, elsewhere when they are told.
    async fn cancel(&self, scope: &Scope, target: Target) -> Result<Option<Cancelled>, ServiceError> {
        let cancelled = engine::cancel(self.db(), scope.tenant_id, target, self.clock().now()).await?;
        if let Some(cancelled) = &cancelled
            && !cancelled.jobs.is_empty()
        {
            self.0.queue.look_at_leases();
            cancelled.jobs.iter().for_each(|job| self.0.progress.poke_job(*job));
            cancelled.batch.iter().for_each(|batch| self.0.progress.poke_batch(*batch));
        }
        Ok(cancelled)
    }
}
