//! Trying again what failed. An ended job or batch never changes: the new try is a new one.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    Service, ServiceError,
    batches::{BatchPlan, Sorted},
    idempotency::{self, Begun, Call},
    scans::SubmittedScan,
};
use crate::{
    model::{BatchId, DomainName, JobId, JobStatus, Scope},
    store::{Columns, StoreError, batches, retries},
};

/// A batch whose names are to be tried again.
#[derive(Debug, Clone)]
pub struct RetryBatch {
    /// The batch, which must have ended.
    pub id: BatchId,
    /// Whether names whose jobs were cancelled are tried again as well as those whose jobs failed.
    pub include_cancelled: bool,
    /// Makes a repeated call answer the same batch.
    pub idempotency_key: Option<String>,
}

/// The batch that tries again; none when there was nothing to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetriedBatch {
    /// The new batch.
    pub batch_id: Option<BatchId>,
}

impl Service {
    /// Scans the domain of a failed or cancelled job again, with the same options and ahead of batches.
    pub async fn retry_job(
        &self,
        scope: &Scope,
        id: JobId,
        idempotency_key: Option<&str>,
    ) -> Result<SubmittedScan, ServiceError> {
        idempotency::check_key(idempotency_key)?;
        let input_hash = idempotency::hash(&id)?;
        let call = Call { operation: "retryJob", key: idempotency_key, input_hash: &input_hash };
        let transaction = match self.begin_call(scope, &call).await? {
            Begun::Repeated(answer) => return Ok(answer),
            Begun::Fresh(transaction) => transaction,
        };
        let job = retries::of_job(&transaction, scope, id).await?;
        let job = job.ok_or_else(|| ServiceError::not_found("job", &id))?;
        if !matches!(job.status, JobStatus::Failed | JobStatus::Cancelled) {
            let status = job.status;
            return Err(ServiceError::Conflict(format!(
                "the job `{id}` is {status}; only a failed or cancelled job can be tried again"
            )));
        }
        let answer = self.store_scan(&transaction, scope, job.name, &job.options, None).await?;
        self.end_call(transaction, scope, &call, &answer).await?;
        self.0.queue.wake();
        Ok(answer)
    }

    /// Scans the names of an ended batch whose jobs failed, with the same options, as a new batch.
    pub async fn retry_batch(&self, scope: &Scope, input: RetryBatch) -> Result<RetriedBatch, ServiceError> {
        let key = input.idempotency_key.as_deref();
        idempotency::check_key(key)?;
        let input_hash = idempotency::hash(&json!([input.id, input.include_cancelled]))?;
        let call = Call { operation: "retryBatchJob", key, input_hash: &input_hash };
        let transaction = match self.begin_call(scope, &call).await? {
            Begun::Repeated(answer) => return Ok(answer),
            Begun::Fresh(transaction) => transaction,
        };
        let columns = Columns::of(&[batches::Column::Options]);
        let batch = batches::by_id(&transaction, scope, input.id, columns).await?;
        let batch = batch.ok_or_else(|| ServiceError::not_found("batch", &input.id))?;
        if !batch.status.is_finished() {
            return Err(ServiceError::Conflict(format!(
                "the batch `{}` is {}; wait for its end or cancel it, then try again",
                input.id, batch.status
            )));
        }
        let names = retries::of_batch(&transaction, scope, input.id, input.include_cancelled).await?;
        let names = names.iter().map(|name| DomainName::parse(name)).collect::<Result<Vec<_>, _>>();
        let accepted = names.map_err(|error| StoreError::Unreadable(error.to_string()))?;
        let plan =
            BatchPlan { options: &batch.options, max_age: None, deadline: None, retry_of: Some(input.id) };
        let sorted = Sorted { accepted, rejected: Vec::new(), duplicates: 0 };
        let stored = self.store_batch(&transaction, scope, &plan, sorted).await?;
        let answer = RetriedBatch { batch_id: stored.batch_id };
        self.end_call(transaction, scope, &call, &answer).await?;
        self.0.queue.wake();
        Ok(answer)
    }
}
