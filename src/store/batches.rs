//! Batches.

mod list;

use chrono::{DateTime, Utc};
pub use list::{BatchFilter, BatchOrder, BatchSort, count, page};
use sea_orm::{ConnectionTrait, entity::prelude::*};

use super::{
    StoreError,
    columns::{Cell, Columns, Record},
    sql,
};
use crate::model::{
    BatchCounts, BatchId, BatchJob, BatchStatus, JsonObject, ScanOptions, Scope, TenantId, UserId,
};

/// A row of `batch_jobs`.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "batch_jobs")]
#[expect(missing_docs, reason = "the migration describes the columns")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub tenant_id: Uuid,
    pub status: String,
    pub total_domains: i64,
    pub completed_domains: i64,
    pub failed_domains: i64,
    pub cancelled_domains: i64,
    pub failure_counts: Json,
    pub options: Json,
    pub rejected: Json,
    pub metadata: Json,
    pub deadline: Option<DateTime<Utc>>,
    pub retry_of: Option<Uuid>,
    pub created_by: Option<Uuid>,
    pub start_time: Option<DateTime<Utc>>,
    pub end_time: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// Relations are followed by hand-written queries.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Record for BatchJob {
    type Column = Column;
    const ALIAS: &'static str = "b";
    /// All but what can be long: its state and its pace are made of many.
    const ALWAYS: &'static [Column] = &[
        Column::Id,
        Column::TenantId,
        Column::Status,
        Column::TotalDomains,
        Column::CompletedDomains,
        Column::FailedDomains,
        Column::CancelledDomains,
        Column::Deadline,
        Column::RetryOf,
        Column::CreatedBy,
        Column::StartTime,
        Column::EndTime,
        Column::CreatedAt,
        Column::UpdatedAt,
    ];

    fn blank() -> Self {
        Self {
            id: BatchId(Uuid::nil()),
            tenant_id: TenantId(Uuid::nil()),
            status: BatchStatus::Pending,
            counts: BatchCounts::default(),
            failure_counts: Vec::new(),
            options: ScanOptions::default(),
            rejected: Vec::new(),
            metadata: JsonObject::new(),
            deadline: None,
            retry_of: None,
            created_by: None,
            start_time: None,
            end_time: None,
            created_at: DateTime::UNIX_EPOCH,
            updated_at: DateTime::UNIX_EPOCH,
        }
    }

    fn set(&mut self, column: Column, cell: Cell<'_>) -> Result<(), StoreError> {
        match column {
            Column::Id => self.id = BatchId(cell.get()?),
            Column::TenantId => self.tenant_id = TenantId(cell.get()?),
            Column::Status => self.status = cell.name()?,
            Column::TotalDomains => self.counts.total = cell.get()?,
            Column::CompletedDomains => self.counts.completed = cell.get()?,
            Column::FailedDomains => self.counts.failed = cell.get()?,
            Column::CancelledDomains => self.counts.cancelled = cell.get()?,
            Column::FailureCounts => self.failure_counts = cell.json()?,
            Column::Options => self.options = cell.json()?,
            Column::Rejected => self.rejected = cell.json()?,
            Column::Metadata => self.metadata = cell.json()?,
            Column::Deadline => self.deadline = cell.get()?,
            Column::RetryOf => self.retry_of = cell.get::<Option<_>>()?.map(BatchId),
            Column::CreatedBy => self.created_by = cell.get::<Option<_>>()?.map(UserId),
            Column::StartTime => self.start_time = cell.get()?,
            Column::EndTime => self.end_time = cell.get()?,
            Column::CreatedAt => self.created_at = cell.get()?,
            Column::UpdatedAt => self.updated_at = cell.get()?,
        }
        Ok(())
    }
}

/// The batches with these identifiers, in no order; those that are absent or another tenant's are left out.
pub async fn by_ids(
    connection: &impl ConnectionTrait,
    scope: &Scope,
    ids: &[BatchId],
    columns: Columns<BatchJob>,
) -> Result<Vec<BatchJob>, StoreError> {
    let backend = connection.get_database_backend();
    let (select, condition) = (columns.select(), sql::in_ids(backend, "b.id", 2));
    let text = format!(
        "SELECT {select} FROM batch_jobs b WHERE b.tenant_id = $1 AND b.removed_at IS NULL AND {condition}"
    );
    let ids = sql::ids_value(backend, ids.iter().map(|id| id.0));
    columns.read(connection, text, [scope.tenant_id.0.into(), ids]).await
}

/// The batch with this identifier; none when it is absent or another tenant's.
pub async fn by_id(
    connection: &impl ConnectionTrait,
    scope: &Scope,
    id: BatchId,
    columns: Columns<BatchJob>,
) -> Result<Option<BatchJob>, StoreError> {
    Ok(by_ids(connection, scope, &[id], columns).await?.pop())
}
