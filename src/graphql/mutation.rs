//! What can be changed.

mod scan_domain;
mod scan_domains;

use async_graphql::{Context, Object, Result};
use scan_domain::{ScanDomainInput, ScanDomainPayload};
use scan_domains::{ScanDomainsInput, ScanDomainsPayload};

use super::{context, error::InputError};

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

/// The greatest length of an idempotency key in characters.
const MAX_KEY_LENGTH: usize = 255;

/// Checks an idempotency key: no database takes U+0000, and keys are short.
fn idempotency_key(given: Option<String>) -> Result<Option<String>, InputError> {
    let Some(key) = given else { return Ok(None) };
    let length = key.chars().count();
    if length == 0 || length > MAX_KEY_LENGTH {
        return Err(InputError(format!(
            "`idempotencyKey` has {length} characters; it must have from 1 to {MAX_KEY_LENGTH}"
        )));
    }
    if key.contains('\0') {
        return Err(InputError("`idempotencyKey` has the character U+0000, which is not allowed".to_owned()));
    }
    Ok(Some(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_idempotency_key_has_from_1_to_255_characters() {
        assert_eq!(idempotency_key(None), Ok(None));
        let longest = "ü".repeat(255);
        assert_eq!(idempotency_key(Some(longest.clone())), Ok(Some(longest)));
        for refused in [String::new(), "k".repeat(256), "a\0".to_owned()] {
            let error = idempotency_key(Some(refused)).unwrap_err().to_string();
            assert!(error.starts_with("`idempotencyKey` has"), "{error}");
        }
    }
}
