//! A repeated call with the same key answers what the first one did.

use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

use super::{Service, ServiceError};
use crate::{
    model::Scope,
    store::{
        StoreError, Transaction, commit,
        idempotency::{Claim, Key, answer, claim},
    },
};

/// The greatest length of a key in characters.
const MAX_KEY_LENGTH: usize = 255;

/// Refuses a key that is empty or too long.
pub(super) fn check_key(key: Option<&str>) -> Result<(), ServiceError> {
    match key.map(|key| key.chars().count()) {
        Some(length) if length == 0 || length > MAX_KEY_LENGTH => Err(ServiceError::BadInput(format!(
            "`idempotencyKey` has {length} characters; it must have from 1 to {MAX_KEY_LENGTH}"
        ))),
        // PostgreSQL's text cannot hold it.
        _ if key.is_some_and(|key| key.contains('\0')) => Err(ServiceError::BadInput(
            "`idempotencyKey` has the character U+0000, which is not allowed".to_owned(),
        )),
        _ => Ok(()),
    }
}

/// A hash of everything that a caller gave, for telling a repeated call from another one with the same key.
pub(super) fn hash(input: &impl Serialize) -> Result<String, ServiceError> {
    let bytes = serde_json::to_vec(input).map_err(unreadable)?;
    Ok(format!("{:x}", Sha256::digest(bytes)))
}

/// A call that may be a repeated one.
pub(super) enum Begun<T> {
    /// It is: this was the answer.
    Repeated(T),
    /// It is not: this transaction is to be ended by [`Service::end_call`].
    Fresh(Transaction),
}

/// A call by its operation, the caller's key and its input.
pub(super) struct Call<'a> {
    pub(super) operation: &'static str,
    pub(super) key: Option<&'a str>,
    pub(super) input_hash: &'a str,
}

impl Call<'_> {
    fn stored_key(&self) -> Option<Key<'_>> {
        self.key.map(|key| Key { operation: self.operation, key, input_hash: self.input_hash })
    }
}

impl Service {
    /// Begins the transaction of a call, unless it was answered before.
    pub(super) async fn begin_call<T: DeserializeOwned>(
        &self,
        scope: &Scope,
        call: &Call<'_>,
    ) -> Result<Begun<T>, ServiceError> {
        let transaction = self.db().begin().await?;
        let Some(key) = call.stored_key() else { return Ok(Begun::Fresh(transaction)) };
        match claim(&transaction, scope, key, self.clock().now()).await? {
            Claim::Fresh => Ok(Begun::Fresh(transaction)),
            Claim::Repeated(stored) => {
                serde_json::from_value(stored).map(Begun::Repeated).map_err(unreadable)
            }
            Claim::OtherInput => Err(ServiceError::Conflict(format!(
                "the idempotency key `{}` was used before with other input; use a new key for a new request",
                key.key
            ))),
        }
    }

    /// Stores the answer for repeated calls, and commits.
    pub(super) async fn end_call(
        &self,
        transaction: Transaction,
        scope: &Scope,
        call: &Call<'_>,
        answered: &impl Serialize,
    ) -> Result<(), ServiceError> {
        if let Some(key) = call.stored_key() {
            let stored = serde_json::to_value(answered).map_err(unreadable)?;
            answer(&transaction, scope, key, &stored).await?;
        }
        Ok(commit(transaction).await?)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is given to map_err")]
fn unreadable(error: serde_json::Error) -> ServiceError {
    ServiceError::Store(StoreError::Unreadable(error.to_string()))
}
