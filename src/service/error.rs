//! Why a use case could not be carried out.

use crate::store::StoreError;

/// Why a use case could not be carried out.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The caller gave something that is not allowed; the sentence names the value and what is allowed.
    #[error("{0}")]
    BadInput(String),
    /// The request contradicts an earlier one.
    #[error("{0}")]
    Conflict(String),
    /// There is no such thing, or it is another tenant's.
    #[error("there is no {kind} `{id}`")]
    NotFound {
        /// What was looked for.
        kind: &'static str,
        /// What was given.
        id: String,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ServiceError {
    pub(super) fn not_found(kind: &'static str, id: &impl ToString) -> Self {
        Self::NotFound { kind, id: id.to_string() }
    }
}
