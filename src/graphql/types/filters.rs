//! Which items a list holds.

use async_graphql::{ID, InputObject};

use super::{
    enums::{BatchStatus, DomainStatus, JobStatus, JobType, ScanErrorCode},
    scalars::DateTime,
};
use crate::{
    graphql::{context, error::InputError},
    store::{batches, domains, jobs},
};

/// Which domains a list holds: those that meet every condition given.
#[derive(Debug, Default, InputObject)]
pub(crate) struct DomainFilter {
    /// Those whose name has this text in it, in either case; at most 253 characters.
    name_contains: Option<String>,
    /// Those in one of these states; none when the list is empty.
    statuses: Option<Vec<DomainStatus>>,
    /// Those that run on WordPress, or those that do not; either way only scanned ones.
    is_wordpress: Option<bool>,
    /// Those that have a job in this batch.
    batch_job_id: Option<ID>,
    /// Those whose newest successful scan began before this time.
    last_scan_before: Option<DateTime>,
    /// Those whose newest successful scan began after this time.
    last_scan_after: Option<DateTime>,
}

impl DomainFilter {
    pub(crate) fn into_store(self) -> Result<domains::DomainFilter, InputError> {
        Ok(domains::DomainFilter {
            name_contains: self.name_contains.map(name_part).transpose()?,
            statuses: all_into(self.statuses),
            is_wordpress: self.is_wordpress,
            batch_id: context::optional_id("batchJobId", self.batch_job_id.as_ref())?,
            last_scan_before: self.last_scan_before.map(|at| at.0),
            last_scan_after: self.last_scan_after.map(|at| at.0),
        })
    }
}

/// Longer text is in no name, and no database takes U+0000.
fn name_part(text: String) -> Result<String, InputError> {
    let length = text.chars().count();
    if length > 253 {
        return Err(InputError(format!("`nameContains` has {length} characters; at most 253 are allowed")));
    }
    if text.contains('\0') {
        return Err(InputError("`nameContains` has the character U+0000, which is not allowed".to_owned()));
    }
    Ok(text)
}

/// Which jobs a list holds: those that meet every condition given.
#[derive(Debug, Default, InputObject)]
pub(crate) struct JobFilter {
    /// Those in one of these states; none when the list is empty.
    statuses: Option<Vec<JobStatus>>,
    /// Those that do one of these kinds of work; none when the list is empty.
    job_types: Option<Vec<JobType>>,
    /// Those of this batch.
    batch_job_id: Option<ID>,
    /// Those of this domain.
    domain_id: Option<ID>,
    /// Those whose newest failure has one of these causes; none when the list is empty.
    failure_codes: Option<Vec<ScanErrorCode>>,
}

impl JobFilter {
    pub(crate) fn into_store(self) -> Result<jobs::JobFilter, InputError> {
        Ok(jobs::JobFilter {
            statuses: all_into(self.statuses),
            job_types: all_into(self.job_types),
            batch_id: context::optional_id("batchJobId", self.batch_job_id.as_ref())?,
            domain_id: context::optional_id("domainId", self.domain_id.as_ref())?,
            failure_codes: all_into(self.failure_codes),
        })
    }
}

/// Which batches a list holds: those that meet every condition given.
#[derive(Debug, Default, InputObject)]
pub(crate) struct BatchJobFilter {
    /// Those in one of these states; none when the list is empty.
    statuses: Option<Vec<BatchStatus>>,
    /// Those asked for before this time.
    created_before: Option<DateTime>,
    /// Those asked for after this time.
    created_after: Option<DateTime>,
}

impl From<BatchJobFilter> for batches::BatchFilter {
    fn from(filter: BatchJobFilter) -> Self {
        Self {
            statuses: all_into(filter.statuses),
            created_before: filter.created_before.map(|at| at.0),
            created_after: filter.created_after.map(|at| at.0),
        }
    }
}

fn all_into<T, U: From<T>>(values: Option<Vec<T>>) -> Option<Vec<U>> {
    Some(values?.into_iter().map(U::from).collect())
}
