//! What PostgreSQL and SQLite say differently, in one place.
//!
//! Both accept `$1` for the first parameter. Lists travel as one parameter, so that a statement's text, and with it
//! its cached plan, does not depend on how many rows it carries.

mod rows;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use sea_orm::{ConnectionTrait, DbBackend, FromQueryResult, QueryResult, Statement, TryGetable, Value};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value as Json;
use uuid::Uuid;

pub(super) use self::rows::{Column, Kind, row_values, rows};
use super::StoreError;

/// A statement for the connection's database.
pub(super) fn statement(
    connection: &impl ConnectionTrait,
    sql: impl Into<String>,
    values: impl IntoIterator<Item = Value>,
) -> Statement {
    Statement::from_sql_and_values(connection.get_database_backend(), sql, values)
}

/// The first column of the one row that the statement answers.
pub(super) async fn scalar<T: TryGetable>(
    connection: &impl ConnectionTrait,
    sql: impl Into<String>,
    values: impl IntoIterator<Item = Value>,
) -> Result<T, StoreError> {
    let row = connection.query_one_raw(statement(connection, sql, values)).await?;
    let row = row.ok_or_else(|| StoreError::Unreadable("a row was expected".to_owned()))?;
    Ok(row.try_get_by_index(0)?)
}

/// All rows that the statement answers.
pub(super) async fn all(
    connection: &impl ConnectionTrait,
    sql: impl Into<String>,
    values: impl IntoIterator<Item = Value>,
) -> Result<Vec<QueryResult>, StoreError> {
    Ok(connection.query_all_raw(statement(connection, sql, values)).await?)
}

/// A stored JSON value as the type it was made from.
pub(super) fn from_json<T: DeserializeOwned>(value: Json) -> Result<T, StoreError> {
    serde_json::from_value(value).map_err(|error| StoreError::Unreadable(error.to_string()))
}

/// A value as it is stored in a JSON column.
pub(super) fn to_json(value: &(impl Serialize + ?Sized)) -> Result<Json, StoreError> {
    serde_json::to_value(value).map_err(|error| StoreError::Unreadable(error.to_string()))
}

/// All rows that the statement answers, as records.
pub(super) async fn records<Row, Record>(
    connection: &impl ConnectionTrait,
    sql: impl Into<String>,
    values: impl IntoIterator<Item = Value>,
) -> Result<Vec<Record>, StoreError>
where
    Row: FromQueryResult,
    Record: TryFrom<Row, Error = StoreError>,
{
    let rows = all(connection, sql, values).await?;
    rows.iter().map(|row| Record::try_from(Row::from_query_result(row, "")?)).collect()
}

/// The answer of a statement that counts `children` for each `parent`.
pub(super) async fn counts(
    connection: &impl ConnectionTrait,
    sql: impl Into<String>,
    values: impl IntoIterator<Item = Value>,
) -> Result<Vec<(Uuid, i64)>, StoreError> {
    let rows = all(connection, sql, values).await?;
    rows.iter().map(|row| Ok((row.try_get("", "parent")?, row.try_get("", "children")?))).collect()
}

/// The number of rows that the statement changed.
pub(super) async fn execute(
    connection: &impl ConnectionTrait,
    sql: impl Into<String>,
    values: impl IntoIterator<Item = Value>,
) -> Result<u64, StoreError> {
    Ok(connection.execute_raw(statement(connection, sql, values)).await?.rows_affected())
}

/// Locks the rows that a `SELECT` answers, but for those who only refer to them by a foreign key. On SQLite a
/// transaction that may write holds everything.
pub(super) const fn for_update(backend: DbBackend) -> &'static str {
    match backend {
        DbBackend::Postgres => "FOR NO KEY UPDATE",
        _ => "",
    }
}

/// The same for the rows of one of several tables, named `table`, in the order of their identifiers.
pub(super) fn for_update_of(backend: DbBackend, table: &str) -> String {
    match backend {
        DbBackend::Postgres => format!("ORDER BY {table}.id {} OF {table}", for_update(backend)),
        _ => String::new(),
    }
}

/// A condition that `column` is one of the identifiers in parameter `place`, made by [`ids_value`].
pub(super) fn in_ids(backend: DbBackend, column: &str, place: usize) -> String {
    match backend {
        DbBackend::Postgres => format!("{column} = ANY(${place})"),
        _ => format!("{column} IN (SELECT unhex(value) FROM json_each(${place}))"),
    }
}

/// Identifiers as one parameter.
pub(super) fn ids_value(backend: DbBackend, ids: impl IntoIterator<Item = Uuid>) -> Value {
    match backend {
        DbBackend::Postgres => ids.into_iter().collect::<Vec<_>>().into(),
        _ => ids.into_iter().map(hex).collect::<Json>().to_string().into(),
    }
}

/// A condition that `column` is one of the texts in parameter `place`, made by [`texts_value`].
pub(super) fn in_texts(backend: DbBackend, column: &str, place: usize) -> String {
    match backend {
        DbBackend::Postgres => format!("{column} = ANY(${place})"),
        _ => format!("{column} IN (SELECT value FROM json_each(${place}))"),
    }
}

/// Texts as one parameter.
pub(super) fn texts_value<'a>(backend: DbBackend, texts: impl IntoIterator<Item = &'a str>) -> Value {
    match backend {
        DbBackend::Postgres => texts.into_iter().map(str::to_owned).collect::<Vec<_>>().into(),
        _ => texts.into_iter().collect::<Json>().to_string().into(),
    }
}

/// The form in which an identifier stands in a row of parameters.
pub(super) fn hex(id: Uuid) -> String {
    id.simple().to_string()
}

/// The form in which a time stands in a row of parameters: on SQLite exactly as the driver stores it, so that times
/// compare as text.
pub(super) fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, false)
}

/// The time `offset` from now as an expression over parameter `place`, and that parameter. Now is the clock of
/// PostgreSQL, so that those of the nodes need not agree; on SQLite it is that of the process.
pub(super) fn from_now(
    backend: DbBackend,
    place: usize,
    now: DateTime<Utc>,
    offset: TimeDelta,
) -> (String, Value) {
    match backend {
        DbBackend::Postgres => {
            // As a query of its own, which is asked once: an index can be searched for its answer.
            let text = format!("(SELECT clock_timestamp() + make_interval(secs => ${place}))");
            (text, offset.as_seconds_f64().into())
        }
        _ => (format!("${place}"), now.checked_add_signed(offset).unwrap_or(now).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_compare_as_text() {
        let at = |micros| time(DateTime::from_timestamp_micros(micros).unwrap());
        let times = [at(0), at(1), at(1_000), at(500_000), at(500_001), at(1_000_000)];
        assert!(times.is_sorted(), "{times:?}");
    }
}
