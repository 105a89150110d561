//! `scanDomains`.

use async_graphql::{Context, InputObject, Result, SimpleObject};

use crate::{
    graphql::{
        context,
        error::InputError,
        types::{BatchJob, RejectedName, ScanOptionsInput, scalars::DateTime},
    },
    service::{SubmitBatch, SubmittedBatch},
    store::Columns,
};

/// Domains to be scanned as one batch.
#[derive(Debug, InputObject)]
pub(super) struct ScanDomainsInput {
    /// Their names, or addresses of which only the hosts count: at least 1, at most 100000.
    names: Vec<String>,
    /// How they are scanned.
    options: Option<ScanOptionsInput>,
    /// When what is left of the batch is cancelled; it must be later than now.
    deadline: Option<DateTime>,
    /// A text of 1 to 255 characters of your choice. A repeated call with the same key and input answers the same batch
    /// and starts nothing; with other input it is refused as CONFLICT.
    idempotency_key: Option<String>,
}

impl ScanDomainsInput {
    pub(super) fn into_request(self) -> Result<SubmitBatch, InputError> {
        let (options, max_age) = self.options.unwrap_or_default().into_model()?;
        let deadline = self.deadline.map(|deadline| deadline.0);
        Ok(SubmitBatch {
            names: self.names,
            options,
            max_age,
            deadline,
            idempotency_key: self.idempotency_key,
        })
    }
}

/// A batch that was accepted, and what became of each name.
#[derive(SimpleObject)]
pub(super) struct ScanDomainsPayload {
    /// The batch; none when every name was rejected.
    batch_job: Option<BatchJob>,
    /// The names that were not accepted.
    rejected: Vec<RejectedName>,
    /// How many names were left out because the same name was given before.
    duplicates: u64,
    /// How many names take the result of an earlier scan.
    reused: u64,
}

impl ScanDomainsPayload {
    pub(super) async fn load(context: &Context<'_>, submitted: SubmittedBatch) -> Result<Self> {
        let batch_job = match submitted.batch_id {
            Some(id) => context::loaders(context)?.batch(id, Columns::all()).await?.map(BatchJob),
            None => None,
        };
        Ok(Self {
            batch_job,
            rejected: submitted.rejected.iter().map(RejectedName::from).collect(),
            duplicates: submitted.duplicates,
            reused: submitted.reused,
        })
    }
}
