//! What PostgreSQL and SQLite say differently, in one place.
//!
//! Both accept `$1` for the first parameter. Lists travel as one parameter, so that a statement's text, and with it
//! its cached plan, does not depend on how many rows it carries.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use sea_orm::{ConnectionTrait, DbBackend, FromQueryResult, QueryResult, Statement, TryGetable, Value};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value as Json;
use uuid::Uuid;

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

/// The form in which an identifier stands in a JSON parameter.
pub(super) fn hex(id: Uuid) -> String {
    id.simple().to_string()
}

/// The form in which a time stands in a JSON parameter: on SQLite exactly as the driver stores it, so that times
/// compare as text.
pub(super) fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, false)
}

/// The types of the columns of a JSON parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Id,
    Text,
    Integer,
    Double,
    Bool,
    Time,
    Json,
}

/// A `FROM` item named `x` whose rows are the objects of the JSON array in parameter `place`.
pub(super) fn rows(backend: DbBackend, place: usize, columns: &[(&str, Kind)]) -> String {
    let list = |format: &dyn Fn(&str, Kind) -> String| {
        columns.iter().map(|(name, kind)| format(name, *kind)).collect::<Vec<_>>().join(", ")
    };
    if backend == DbBackend::Postgres {
        let columns = list(&|name, kind| format!("{name} {}", postgres_type(kind)));
        return format!("json_to_recordset(${place}::json) AS x({columns})");
    }
    let columns = list(&|name, kind| match kind {
        Kind::Id => format!("unhex(value ->> '{name}') AS {name}"),
        Kind::Json => format!("nullif(value -> '{name}', 'null') AS {name}"),
        _ => format!("value ->> '{name}' AS {name}"),
    });
    format!("(SELECT {columns} FROM json_each(${place})) AS x")
}

fn postgres_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Id => "uuid",
        Kind::Text => "text",
        Kind::Integer => "bigint",
        Kind::Double => "double precision",
        Kind::Bool => "boolean",
        Kind::Time => "timestamptz",
        Kind::Json => "jsonb",
    }
}

/// A JSON parameter. U+0000, which PostgreSQL's text cannot hold, is taken out.
pub(super) fn json_value(mut rows: Json) -> Value {
    let mut text = rows.to_string();
    if text.contains("\\u0000") {
        remove_nul(&mut rows);
        text = rows.to_string();
    }
    text.into()
}

fn remove_nul(value: &mut Json) {
    match value {
        Json::String(text) => text.retain(|c| c != '\0'),
        Json::Array(items) => items.iter_mut().for_each(remove_nul),
        Json::Object(fields) => {
            if fields.keys().any(|key| key.contains('\0')) {
                *fields = std::mem::take(fields)
                    .into_iter()
                    .map(|(key, value)| (key.replace('\0', ""), value))
                    .collect();
            }
            fields.values_mut().for_each(remove_nul);
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
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
            (format!("(clock_timestamp() + make_interval(secs => ${place}))"), offset.as_seconds_f64().into())
        }
        _ => (format!("${place}"), now.checked_add_signed(offset).unwrap_or(now).into()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_nul_is_taken_out_and_text_that_only_looks_like_one_stays() {
        let Value::String(Some(text)) = json_value(json!([{"a\0": "b\0c", "d": ["\0"], "e": "\\u0000"}]))
        else {
            panic!("a text is expected")
        };
        assert_eq!(
            serde_json::from_str::<Json>(&text).unwrap(),
            json!([{"a": "bc", "d": [""], "e": "\\u0000"}])
        );
    }

    #[test]
    fn times_compare_as_text() {
        let at = |micros| time(DateTime::from_timestamp_micros(micros).unwrap());
        let times = [at(0), at(1), at(1_000), at(500_000), at(500_001), at(1_000_000)];
        assert!(times.is_sorted(), "{times:?}");
    }
}
