//! Which workers live. For PostgreSQL alone; on SQLite there is one.

use chrono::TimeDelta;
use sea_orm::ConnectionTrait;

use super::super::{StoreError, sql};
use crate::model::WorkerId;

/// Says that the worker lives for another lease; answers how many live, itself included.
pub async fn keep_alive(
    connection: &impl ConnectionTrait,
    worker: WorkerId,
    lease: TimeDelta,
) -> Result<i64, StoreError> {
    let text = "WITH own AS (INSERT INTO workers (id, until) VALUES ($1, clock_timestamp() + make_interval(secs => $2)) \
                  ON CONFLICT (id) DO UPDATE SET until = excluded.until), \
                gone AS (DELETE FROM workers WHERE id = ANY (ARRAY(SELECT id FROM workers \
                  WHERE until < clock_timestamp() AND id <> $1 FOR UPDATE SKIP LOCKED))) \
                SELECT 1 + count(*) FROM workers WHERE until >= clock_timestamp() AND id <> $1";
    sql::scalar(connection, text, [worker.0.into(), lease.as_seconds_f64().into()]).await
}

/// Says that the worker has ended.
pub async fn end_worker(connection: &impl ConnectionTrait, worker: WorkerId) -> Result<(), StoreError> {
    sql::execute(connection, "DELETE FROM workers WHERE id = $1", [worker.0.into()]).await?;
    Ok(())
}
