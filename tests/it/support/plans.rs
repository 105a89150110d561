//! How a database means to run the statements that the program sends it.

use scrapersky::store::Db;
use sea_orm::{ConnectionTrait, DbBackend, Statement, TransactionTrait, Value};

/// The plans of a statement: of SQLite its steps; of PostgreSQL that for these values and that for any.
pub async fn plans(db: &Db, statement: &Statement) -> Vec<String> {
    let values = statement.values.clone().map(|values| values.0).unwrap_or_default();
    if db.backend() != DbBackend::Postgres {
        let explain = format!("EXPLAIN QUERY PLAN {}", statement.sql);
        return vec![rows(db.reader(), explain, values, 3).await];
    }
    let ours = rows(db.reader(), format!("EXPLAIN {}", statement.sql), values.clone(), 0).await;
    let transaction = db.reader().begin().await.unwrap();
    let types: Vec<_> = values.iter().map(type_of).collect();
    let given = if types.is_empty() { String::new() } else { format!("({})", types.join(", ")) };
    let nulls =
        if types.is_empty() { String::new() } else { format!("({})", vec!["NULL"; types.len()].join(", ")) };
    let prepare = format!(
        "SET LOCAL plan_cache_mode = force_generic_plan; PREPARE planned{given} AS {}",
        statement.sql
    );
    transaction.execute_unprepared(&prepare).await.unwrap();
    let any = rows(&transaction, format!("EXPLAIN EXECUTE planned{nulls}"), Vec::new(), 0).await;
    transaction.execute_unprepared("DEALLOCATE planned").await.unwrap();
    transaction.rollback().await.unwrap();
    vec![ours, any]
}

async fn rows(connection: &impl ConnectionTrait, sql: String, values: Vec<Value>, column: usize) -> String {
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    let rows = connection.query_all_raw(statement).await.unwrap();
    rows.iter().map(|row| row.try_get_by_index::<String>(column).unwrap() + "\n").collect()
}

/// As the driver declares the parameter.
fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Bool(_) => "boolean",
        Value::Int(_) => "int",
        Value::SmallInt(_) => "smallint",
        Value::BigInt(_) => "bigint",
        Value::Double(_) => "double precision",
        Value::String(_) => "text",
        Value::Json(_) => "jsonb",
        Value::Uuid(_) => "uuid",
        Value::ChronoDateTimeUtc(_) => "timestamptz",
        Value::Array(kind, _) => match kind {
            sea_orm::sea_query::ArrayType::Uuid => "uuid[]",
            sea_orm::sea_query::ArrayType::String => "text[]",
            other => panic!("arrays of {other:?} are not sent"),
        },
        other => panic!("{other:?} is not sent"),
    }
}

/// The parts of a plan that read a large table from end to end: jobs, domains or batches.
pub fn full_scans(plan: &str) -> Vec<&str> {
    const NAMES: [&str; 9] = ["jobs", "j", "c", "newest", "domains", "d", "batch_jobs", "b", "p"];
    let is_scan = |line: &&str| {
        ["jobs", "domains", "batch_jobs"].iter().any(|table| line.contains(&format!("Seq Scan on {table}")))
            || NAMES.iter().any(|name| line.trim_end() == format!("SCAN {name}"))
    };
    plan.lines().filter(is_scan).collect()
}
