//! What a mutation answered, so that a repeated call with the same key answers the same.

use chrono::{DateTime, Utc};
use sea_orm::ConnectionTrait;
use serde_json::Value as Json;

use super::{StoreError, sql};
use crate::model::Scope;

/// A key that a caller gave for one operation.
#[derive(Debug, Clone, Copy)]
pub struct Key<'a> {
    /// The mutation, such as `scanDomains`.
    pub operation: &'static str,
    /// What the caller chose.
    pub key: &'a str,
    /// A hash of the input that came with it.
    pub input_hash: &'a str,
}

/// What is known of a key.
#[derive(Debug, Clone, PartialEq)]
pub enum Claim {
    /// Nobody used it before: the caller's transaction now holds it until [`answer`] is stored.
    Fresh,
    /// It was used with the same input, and this was the answer.
    Repeated(Json),
    /// It was used with other input.
    OtherInput,
}

/// Takes the key within the caller's transaction. A concurrent call with the same key waits for its end.
pub async fn claim(
    transaction: &impl ConnectionTrait,
    scope: &Scope,
    key: Key<'_>,
    now: DateTime<Utc>,
) -> Result<Claim, StoreError> {
    let insert = "INSERT INTO idempotency_keys (tenant_id, operation, key, input_hash, created_at) \
                  VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
    let values =
        [scope.tenant_id.0.into(), key.operation.into(), key.key.into(), key.input_hash.into(), now.into()];
    if sql::execute(transaction, insert, values).await? == 1 {
        return Ok(Claim::Fresh);
    }
    let select = "SELECT input_hash, response FROM idempotency_keys \
                  WHERE tenant_id = $1 AND operation = $2 AND key = $3";
    let values = [scope.tenant_id.0.into(), key.operation.into(), key.key.into()];
    let rows = sql::all(transaction, select, values).await?;
    let row = rows.first().ok_or_else(|| StoreError::Unreadable("an idempotency key is gone".to_owned()))?;
    if row.try_get::<String>("", "input_hash")? != key.input_hash {
        return Ok(Claim::OtherInput);
    }
    Ok(Claim::Repeated(row.try_get::<Option<Json>>("", "response")?.unwrap_or_default()))
}

/// Stores what the operation answered, in the transaction that claimed the key.
pub async fn answer(
    transaction: &impl ConnectionTrait,
    scope: &Scope,
    key: Key<'_>,
    response: &Json,
) -> Result<(), StoreError> {
    let text =
        "UPDATE idempotency_keys SET response = $4 WHERE tenant_id = $1 AND operation = $2 AND key = $3";
    let values = [scope.tenant_id.0.into(), key.operation.into(), key.key.into(), response.clone().into()];
    sql::execute(transaction, text, values).await?;
    Ok(())
}
