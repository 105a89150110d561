//! Removing what is old, a few rows at a time. Whatever is under way has no end yet and is never touched; several nodes
//! may do this at once, because each leaves the rows that another one holds.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ConnectionTrait, DbBackend, Value};
use uuid::Uuid;

use super::{
    super::{
        Db, StoreError,
        sql::{self, from_now},
    },
    claim::skip_locked,
};

/// The most rows that one statement removes: it holds its locks, and on SQLite the one writer, for milliseconds.
pub const STEP: u64 = 500;

/// The most batches that one statement hides.
const BATCHES: u64 = 50;

/// Removes up to [`STEP`] jobs that belong to no batch and ended longer ago than `age`; answers how many.
pub async fn remove_single_jobs(
    connection: &impl ConnectionTrait,
    age: TimeDelta,
    now: DateTime<Utc>,
) -> Result<u64, StoreError> {
    let (before, before_value) = from_now(connection.get_database_backend(), 1, now, -age);
    let old = format!("batch_id IS NULL AND completed_at < {before} ORDER BY completed_at LIMIT $2");
    let chosen = chosen(connection, "jobs", "id", &old);
    sql::execute(connection, format!("DELETE FROM jobs WHERE {chosen}"), [before_value, limit(STEP)]).await
}

/// Removes up to [`STEP`] idempotency keys that were used longer ago than `age`; answers how many.
pub async fn remove_idempotency_keys(
    connection: &impl ConnectionTrait,
    age: TimeDelta,
    now: DateTime<Utc>,
) -> Result<u64, StoreError> {
    let backend = connection.get_database_backend();
    let row = if backend == DbBackend::Postgres { "ctid" } else { "rowid" };
    let (before, before_value) = from_now(backend, 1, now, -age);
    let old = format!("created_at < {before} ORDER BY created_at LIMIT $2");
    let chosen = chosen(connection, "idempotency_keys", row, &old);
    let text = format!("DELETE FROM idempotency_keys WHERE {chosen}");
    sql::execute(connection, text, [before_value, limit(STEP)]).await
}

/// Hides batches that ended longer ago than `age`, each with one stroke: nobody sees one that has lost a part of its
/// jobs. Answers how many.
pub async fn hide_batches(
    connection: &impl ConnectionTrait,
    age: TimeDelta,
    now: DateTime<Utc>,
) -> Result<u64, StoreError> {
    let backend = connection.get_database_backend();
    let (before, before_value) = from_now(backend, 1, now, -age);
    let (at, at_value) = from_now(backend, 2, now, TimeDelta::zero());
    let old = format!("removed_at IS NULL AND end_time < {before} ORDER BY end_time LIMIT $3");
    let chosen = chosen(connection, "batch_jobs", "id", &old);
    let text = format!("UPDATE batch_jobs SET removed_at = {at} WHERE {chosen}");
    sql::execute(connection, text, [before_value, at_value, limit(BATCHES)]).await
}

/// Removes up to [`STEP`] jobs of a batch that was hidden longer ago than `grace`, so that nobody reads its jobs any
/// more, and the batch with the last of them; answers how many rows.
pub async fn remove_hidden_batch(db: &Db, grace: TimeDelta, now: DateTime<Utc>) -> Result<u64, StoreError> {
    let transaction = db.begin().await?;
    let (before, before_value) = from_now(db.backend(), 1, now, -grace);
    let lock = skip_locked(db.backend());
    let text =
        format!("SELECT id FROM batch_jobs WHERE removed_at < {before} ORDER BY removed_at LIMIT 1 {lock}");
    let Some(batch) = sql::all(&transaction, text, [before_value]).await?.pop() else { return Ok(0) };
    let batch: Uuid = batch.try_get("", "id")?;
    let chosen = chosen(&transaction, "jobs", "id", "batch_id = $1 LIMIT $2");
    let text = format!("DELETE FROM jobs WHERE {chosen}");
    let mut removed = sql::execute(&transaction, text, [batch.into(), limit(STEP)]).await?;
    if removed < STEP {
        removed += sql::execute(&transaction, "DELETE FROM batch_jobs WHERE id = $1", [batch.into()]).await?;
    }
    transaction.commit().await?;
    Ok(removed)
}

/// A condition that the rows are those which `condition` finds. On PostgreSQL they are gathered in an array, for its
/// planner knows better than to read a table from end to end for one.
fn chosen(connection: &impl ConnectionTrait, table: &str, key: &str, condition: &str) -> String {
    let backend = connection.get_database_backend();
    let select = format!("SELECT {key} FROM {table} WHERE {condition} {}", skip_locked(backend));
    match backend {
        DbBackend::Postgres => format!("{key} = ANY (ARRAY({select}))"),
        _ => format!("{key} IN ({select})"),
    }
}

fn limit(rows: u64) -> Value {
    i64::try_from(rows).unwrap_or(i64::MAX).into()
}
