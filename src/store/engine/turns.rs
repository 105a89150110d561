//! Turns at hosts: of several workers only one visits a host at a time, with the limits that it keeps by itself. For
//! PostgreSQL alone; on SQLite there is one worker.

use std::collections::HashSet;

use chrono::TimeDelta;
use sea_orm::{ConnectionTrait, Value};

use super::super::{StoreError, sql};
use crate::model::WorkerId;

/// After a worker has left a host, another one waits for so long.
const PAUSE: TimeDelta = TimeDelta::seconds(1);

/// Takes turns for the worker, each host named once; answers the hosts that it may visit: those that nobody visits, and its own.
pub async fn take_turns(
    connection: &impl ConnectionTrait,
    worker: WorkerId,
    hosts: &[&str],
    lease: TimeDelta,
) -> Result<HashSet<String>, StoreError> {
    let text = "INSERT INTO host_turns (name, worker_id, until) \
                SELECT host, $1, clock_timestamp() + make_interval(secs => $2) FROM unnest($3) AS host ORDER BY host \
                ON CONFLICT (name) DO UPDATE SET worker_id = excluded.worker_id, until = excluded.until \
                WHERE host_turns.until <= clock_timestamp() OR host_turns.worker_id = excluded.worker_id \
                RETURNING name";
    let values = [worker.0.into(), lease.as_seconds_f64().into(), names(hosts.iter().copied())];
    let rows = sql::all(connection, text, values).await?;
    rows.iter().map(|row| Ok(row.try_get("", "name")?)).collect()
}

/// Keeps the worker's turns for another lease.
pub async fn keep_turns(
    connection: &impl ConnectionTrait,
    worker: WorkerId,
    hosts: &[String],
    lease: TimeDelta,
) -> Result<u64, StoreError> {
    let text = "UPDATE host_turns SET until = clock_timestamp() + make_interval(secs => $2) \
                WHERE worker_id = $1 AND name = ANY($3)";
    let values = [worker.0.into(), lease.as_seconds_f64().into(), names(hosts.iter().map(String::as_str))];
    sql::execute(connection, text, values).await
}

/// Ends the worker's turns, and forgets those that nobody can be waiting for any more.
pub async fn end_turns(
    connection: &impl ConnectionTrait,
    worker: WorkerId,
    hosts: &[String],
) -> Result<(), StoreError> {
    let text = "UPDATE host_turns SET worker_id = NULL, until = clock_timestamp() + make_interval(secs => $2) \
                WHERE worker_id = $1 AND name = ANY($3)";
    let values = [worker.0.into(), PAUSE.as_seconds_f64().into(), names(hosts.iter().map(String::as_str))];
    sql::execute(connection, text, values).await?;
    let old = "DELETE FROM host_turns WHERE name = ANY(ARRAY(SELECT name FROM host_turns \
                 WHERE until < clock_timestamp() ORDER BY until LIMIT 500 FOR UPDATE SKIP LOCKED))";
    sql::execute(connection, old, []).await?;
    Ok(())
}

fn names<'a>(hosts: impl Iterator<Item = &'a str>) -> Value {
    hosts.map(str::to_owned).collect::<Vec<_>>().into()
}
