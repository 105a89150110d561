//! Failed scans.

use async_graphql::SimpleObject;

use super::enums::ScanErrorCode;
use crate::model;

/// Why a scan failed.
#[derive(Debug, SimpleObject)]
pub(crate) struct ScanFailure {
    /// The cause.
    code: ScanErrorCode,
    /// A sentence for people.
    message: String,
    /// Whether another try may end differently.
    retryable: bool,
}

impl From<&model::ScanFailure> for ScanFailure {
    fn from(failure: &model::ScanFailure) -> Self {
        Self { code: failure.code.into(), message: failure.message.clone(), retryable: failure.retryable }
    }
}

/// How many jobs of a batch failed for one cause.
#[derive(Debug, SimpleObject)]
pub(crate) struct FailureCount {
    /// The cause.
    code: ScanErrorCode,
    /// How many jobs.
    count: i64,
}

impl From<&model::FailureCount> for FailureCount {
    fn from(count: &model::FailureCount) -> Self {
        Self { code: count.code.into(), count: count.count }
    }
}
