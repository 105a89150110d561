//! `scanDomain`.

use async_graphql::{Context, InputObject, Result, SimpleObject};

use crate::{
    graphql::{
        context,
        error::InputError,
        types::{Domain, Job, ScanOptionsInput},
    },
    service::{SubmitScan, SubmittedScan},
    store::{Columns, StoreError},
};

/// A domain to be scanned.
#[derive(Debug, InputObject)]
pub(super) struct ScanDomainInput {
    /// Its name, or an address of which only the host counts.
    name: String,
    /// How it is scanned.
    options: Option<ScanOptionsInput>,
    /// A text of 1 to 255 characters of your choice. A repeated call with the same key and input answers the same job
    /// and starts nothing; with other input it is refused as CONFLICT.
    idempotency_key: Option<String>,
}

impl ScanDomainInput {
    pub(super) fn into_request(self) -> Result<SubmitScan, InputError> {
        let (options, max_age) = self.options.unwrap_or_default().into_model()?;
        Ok(SubmitScan { name: self.name, options, max_age, idempotency_key: self.idempotency_key })
    }
}

/// A scan that was accepted.
#[derive(SimpleObject)]
pub(super) struct ScanDomainPayload {
    /// Its job.
    job: Job,
    /// The domain.
    domain: Domain,
    /// Whether the result of an earlier scan was taken, so that the job is complete already.
    reused: bool,
}

impl ScanDomainPayload {
    pub(super) async fn load(context: &Context<'_>, submitted: SubmittedScan) -> Result<Self> {
        let loaders = context::loaders(context)?;
        let (job, domain) = tokio::try_join!(
            loaders.job(submitted.job_id, Columns::all()),
            loaders.domain(submitted.domain_id, Columns::all())
        )?;
        let gone = || StoreError::Unreadable(format!("{} is gone", submitted.job_id));
        Ok(Self {
            job: Job(job.ok_or_else(gone)?),
            domain: Domain(domain.ok_or_else(gone)?),
            reused: submitted.reused,
        })
    }
}
