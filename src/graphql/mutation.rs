//! What can be changed.

mod cancel_batch_job;
mod cancel_job;
mod retry_batch_job;
mod retry_job;
mod scan_domain;
mod scan_domains;

use async_graphql::{Context, Object, Result};
use cancel_batch_job::{CancelBatchJobInput, CancelBatchJobPayload};
use cancel_job::{CancelJobInput, CancelJobPayload};
use retry_batch_job::{RetryBatchJobInput, RetryBatchJobPayload};
use retry_job::{RetryJobInput, RetryJobPayload};
use scan_domain::{ScanDomainInput, ScanDomainPayload};
use scan_domains::{ScanDomainsInput, ScanDomainsPayload};

use super::context;

/// What can be changed.
pub(super) struct Mutation;

/// What can be changed.
#[Object]
impl Mutation {
    /// Scan one domain soon, ahead of batches.
    async fn scan_domain(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The domain, and how it is scanned.")] input: ScanDomainInput,
    ) -> Result<ScanDomainPayload> {
        let request = input.into_request()?;
        let submitted = context::service(context)?.scan_domain(context::scope(context)?, request).await?;
        context::loaders(context)?.renew();
        ScanDomainPayload::load(context, submitted).await
    }

    /// Scan many domains as one batch. The answer does not wait for the scans.
    async fn scan_domains(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The domains, and how they are scanned.")] input: ScanDomainsInput,
    ) -> Result<ScanDomainsPayload> {
        let request = input.into_request()?;
        let submitted = context::service(context)?.scan_domains(context::scope(context)?, request).await?;
        context::loaders(context)?.renew();
        ScanDomainsPayload::load(context, submitted).await
    }

    /// End a job that waits or runs. One that has ended stays as it is.
    async fn cancel_job(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The job.")] input: CancelJobInput,
    ) -> Result<CancelJobPayload> {
        CancelJobPayload::cancel(context, input).await
    }

    /// Scan the domain of a failed or cancelled job again.
    async fn retry_job(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The job.")] input: RetryJobInput,
    ) -> Result<RetryJobPayload> {
        RetryJobPayload::retry(context, input).await
    }

    /// End all jobs of a batch that wait or run, and with them the batch.
    async fn cancel_batch_job(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The batch.")] input: CancelBatchJobInput,
    ) -> Result<CancelBatchJobPayload> {
        CancelBatchJobPayload::cancel(context, input).await
    }

    /// Scan the failed names of an ended batch again, as a new batch.
    async fn retry_batch_job(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The batch.")] input: RetryBatchJobInput,
    ) -> Result<RetryBatchJobPayload> {
        RetryBatchJobPayload::retry(context, input).await
    }
}
