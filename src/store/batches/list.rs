//! Lists of batches: which, in what order, and a page at a time.

use chrono::{DateTime, Utc};
use sea_orm::ConnectionTrait;
use serde::Serialize;

use super::super::{
    StoreError,
    columns::Columns,
    cursor::{Position, SortKey},
    listing::{Conditions, List, SortColumn},
    page::{Direction, Page, PageRequest},
    sql,
};
use crate::model::{BatchJob, BatchStatus, Scope};

/// Which batches a list holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize)]
pub struct BatchFilter {
    /// Those in one of these states.
    pub statuses: Option<Vec<BatchStatus>>,
    /// Those asked for before this time.
    pub created_before: Option<DateTime<Utc>>,
    /// Those asked for after this time.
    pub created_after: Option<DateTime<Utc>>,
}

/// By what a list of batches is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub enum BatchSort {
    /// By when they were asked for.
    CreatedAt,
    /// By when their last job ended; those that have not ended are last.
    EndTime,
}

/// How a list of batches is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct BatchOrder {
    /// By what.
    pub by: BatchSort,
    /// In which way.
    pub direction: Direction,
}

impl BatchOrder {
    /// Where the batch stands in a list of this order.
    pub fn position(self, batch: &BatchJob) -> Position {
        let key = match self.by {
            BatchSort::CreatedAt => SortKey::Id,
            BatchSort::EndTime => SortKey::Time(batch.end_time),
        };
        Position { key, id: batch.id.0 }
    }
}

/// A page of the tenant's batches.
pub async fn page(
    connection: &impl ConnectionTrait,
    scope: &Scope,
    filter: &BatchFilter,
    order: BatchOrder,
    request: &PageRequest,
    columns: Columns<BatchJob>,
) -> Result<Page<BatchJob>, StoreError> {
    let sort = match order.by {
        BatchSort::CreatedAt => SortColumn::Id,
        BatchSort::EndTime => SortColumn::Nullable("end_time"),
    };
    let select = columns.select();
    let list = List {
        columns: &select,
        table: "batch_jobs",
        alias: "b",
        sort,
        direction: order.direction,
        pin: None,
    };
    let (text, values) = list.page(conditions(connection, scope, filter), request);
    Ok(Page::of_rows(columns.read(connection, text, values).await?, request))
}

/// How many of the tenant's batches the filter lets through.
pub async fn count(
    connection: &impl ConnectionTrait,
    scope: &Scope,
    filter: &BatchFilter,
) -> Result<i64, StoreError> {
    let (condition, values) = conditions(connection, scope, filter).into_parts(None);
    sql::scalar(connection, format!("SELECT count(*) FROM batch_jobs b WHERE {condition}"), values).await
}

fn conditions(connection: &impl ConnectionTrait, scope: &Scope, filter: &BatchFilter) -> Conditions {
    let mut conditions =
        Conditions::of_tenant(connection.get_database_backend(), "b.tenant_id", scope.tenant_id);
    conditions.and("b.removed_at IS NULL");
    let statuses = filter.statuses.as_ref();
    conditions.one_of("b.status", statuses.map(|list| list.iter().map(|status| status.as_str())));
    conditions.compare("b.created_at", "<", filter.created_before);
    conditions.compare("b.created_at", ">", filter.created_after);
    conditions
}
