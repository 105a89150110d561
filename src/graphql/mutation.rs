//! What can be changed.

mod scan_domain;
mod scan_domains;

use async_graphql::{Context, Object, Result};
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
}
