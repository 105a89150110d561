//! Rows that travel with a statement as its parameters.
//!
//! SQLite takes them as one JSON text. PostgreSQL takes a text for each column, an array as it writes arrays itself:
//! reading those costs a quarter of what `json_to_recordset` does. Its planner expects few rows of them, so each is
//! looked up by its key, and no plan that was made for a small table reads a large one from end to end.

use sea_orm::{DbBackend, Value};
use serde_json::Value as Json;

/// The types of the columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Kind {
    Id,
    Text,
    Integer,
    Double,
    Bool,
    Time,
    Json,
}

/// The name of a column, which is that of the field of a row, and its type.
pub(in crate::store) type Column = (&'static str, Kind);

/// A `FROM` item named `x` of rows. Their parameters, which [`row_values`] makes, begin at `place` and are the last.
pub(in crate::store) fn rows(backend: DbBackend, place: usize, columns: &[Column]) -> String {
    if backend == DbBackend::Postgres {
        let arrays =
            columns.iter().zip(place..).map(|((_, kind), n)| format!("${n}::{}[]", kind.on_postgres()));
        let names = columns.iter().map(|(name, _)| *name);
        return format!("unnest({}) AS x({})", join(arrays), join(names.map(str::to_owned)));
    }
    let columns = columns.iter().map(|(name, kind)| match kind {
        Kind::Id => format!("unhex(value ->> '{name}') AS {name}"),
        Kind::Json => format!("nullif(value -> '{name}', 'null') AS {name}"),
        _ => format!("value ->> '{name}' AS {name}"),
    });
    // The limit, which is none, makes SQLite take each row as it comes. Else it would write the whole row as text again
    // for each of its columns.
    format!("(SELECT {} FROM (SELECT value FROM json_each(${place}) LIMIT -1)) AS x", join(columns))
}

fn join(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(", ")
}

impl Kind {
    const fn on_postgres(self) -> &'static str {
        match self {
            Self::Id => "uuid",
            Self::Text => "text",
            Self::Integer => "bigint",
            Self::Double => "double precision",
            Self::Bool => "boolean",
            Self::Time => "timestamptz",
            Self::Json => "jsonb",
        }
    }
}

/// The parameters of [`rows`]: each row is an object, and a field that it lacks is null. U+0000, which PostgreSQL's text
/// cannot hold, is taken out.
pub(in crate::store) fn row_values(backend: DbBackend, columns: &[Column], rows: &[Json]) -> Vec<Value> {
    if backend == DbBackend::Postgres {
        return columns.iter().map(|column| array(*column, rows).into()).collect();
    }
    let mut text = serde_json::to_string(rows).unwrap_or_default();
    if text.contains(NUL) {
        text = without_nul(&Json::from(rows)).to_string();
    }
    vec![text.into()]
}

/// One column of the rows as PostgreSQL writes an array. `unnest` fills those that are too short with nulls.
fn array((name, kind): Column, rows: &[Json]) -> String {
    let mut text = String::with_capacity(rows.len() * 16 + 2);
    text.push('{');
    if rows.iter().any(|row| !row[name].is_null()) {
        for row in rows {
            push_element(&mut text, &row[name], kind);
            text.push(',');
        }
        text.pop();
    }
    text.push('}');
    text
}

fn push_element(array: &mut String, value: &Json, kind: Kind) {
    match value {
        Json::Null => array.push_str("NULL"),
        Json::String(text) if kind != Kind::Json => push_quoted(array, text),
        Json::Bool(_) | Json::Number(_) => array.push_str(&value.to_string()),
        _ => {
            let text = value.to_string();
            let text = if text.contains(NUL) { without_nul(value).to_string() } else { text };
            push_quoted(array, &text);
        }
    }
}

fn push_quoted(array: &mut String, text: &str) {
    array.push('"');
    for c in text.chars().filter(|c| *c != '\0') {
        if matches!(c, '"' | '\\') {
            array.push('\\');
        }
        array.push(c);
    }
    array.push('"');
}

/// As JSON writes U+0000, and some texts that only look like it.
const NUL: &str = "\\u0000";

fn without_nul(value: &Json) -> Json {
    match value {
        Json::String(text) => text.replace('\0', "").into(),
        Json::Array(items) => items.iter().map(without_nul).collect(),
        Json::Object(fields) => {
            fields.iter().map(|(key, value)| (key.replace('\0', ""), without_nul(value))).collect()
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const COLUMNS: &[Column] =
        &[("a", Kind::Json), ("b", Kind::Text), ("c", Kind::Integer), ("d", Kind::Text)];

    fn texts(backend: DbBackend, rows: &[Json]) -> Vec<String> {
        let values = row_values(backend, COLUMNS, rows).into_iter();
        values
            .map(|value| if let Value::String(Some(text)) = value { text } else { panic!("a text") })
            .collect()
    }

    #[test]
    fn a_nul_is_taken_out_and_text_that_only_looks_like_one_stays() {
        let rows = [json!({"a": {"x\0": ["y\0z", "\0"]}, "b": "\0b\\u0000"})];
        let stored = json!([{"a": {"x": ["yz", ""]}, "b": "b\\u0000"}]);
        let sqlite = texts(DbBackend::Sqlite, &rows);
        assert_eq!(serde_json::from_str::<Json>(&sqlite[0]).unwrap(), stored);
        let postgres = texts(DbBackend::Postgres, &rows);
        assert_eq!(postgres[..2], [r#"{"{\"x\":[\"yz\",\"\"]}"}"#, r#"{"b\\u0000"}"#]);
    }

    #[test]
    fn an_array_is_written_as_postgresql_reads_it() {
        let rows = [
            json!({"a": "t", "b": "NULL, {\"\\", "c": 1}),
            json!({"a": 2, "b": "", "c": -5}),
            json!({"a": null, "b": null}),
        ];
        let expected = [r#"{"\"t\"",2,NULL}"#, r#"{"NULL, {\"\\","",NULL}"#, "{1,-5,NULL}", "{}"];
        assert_eq!(texts(DbBackend::Postgres, &rows), expected);
    }
}
