//! Names that were not accepted.

use async_graphql::SimpleObject;

use super::enums::RejectReason;
use crate::model;

/// A name that could not be accepted.
#[derive(Debug, SimpleObject)]
pub(crate) struct RejectedName {
    /// What was given, shortened to 100 characters.
    input: String,
    /// The cause.
    reason: RejectReason,
    /// A sentence for people, which says what is allowed.
    message: String,
}

impl From<&model::RejectedName> for RejectedName {
    fn from(rejected: &model::RejectedName) -> Self {
        Self {
            input: rejected.input.clone(),
            reason: rejected.reason.into(),
            message: rejected.message.clone(),
        }
    }
}
