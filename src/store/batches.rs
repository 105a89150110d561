//! Batches.

mod list;

use chrono::{DateTime, Utc};
pub use list::{BatchFilter, BatchOrder, BatchSort, count, page};
use sea_orm::{ConnectionTrait, entity::prelude::*};

use super::{StoreError, sql};
use crate::model::{BatchCounts, BatchId, BatchJob, Scope, TenantId, UserId};

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

impl TryFrom<Model> for BatchJob {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: BatchId(row.id),
            tenant_id: TenantId(row.tenant_id),
            status: row.status.parse()?,
            counts: BatchCounts {
                total: row.total_domains,
                completed: row.completed_domains,
                failed: row.failed_domains,
                cancelled: row.cancelled_domains,
            },
            failure_counts: sql::from_json(row.failure_counts)?,
            options: sql::from_json(row.options)?,
            rejected: sql::from_json(row.rejected)?,
            metadata: sql::from_json(row.metadata)?,
            retry_of: row.retry_of.map(BatchId),
            created_by: row.created_by.map(UserId),
            start_time: row.start_time,
            end_time: row.end_time,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

/// The batches with these identifiers, in no order; those that are absent or another tenant's are left out.
pub async fn by_ids(
    connection: &impl ConnectionTrait,
    scope: &Scope,
    ids: &[BatchId],
) -> Result<Vec<BatchJob>, StoreError> {
    let backend = connection.get_database_backend();
    let text = format!("SELECT * FROM batch_jobs WHERE tenant_id = $1 AND {}", sql::in_ids(backend, "id", 2));
    let ids = sql::ids_value(backend, ids.iter().map(|id| id.0));
    sql::records::<Model, BatchJob>(connection, text, [scope.tenant_id.0.into(), ids]).await
}

/// The batch with this identifier; none when it is absent or another tenant's.
pub async fn by_id(
    connection: &impl ConnectionTrait,
    scope: &Scope,
    id: BatchId,
) -> Result<Option<BatchJob>, StoreError> {
    Ok(by_ids(connection, scope, &[id]).await?.pop())
}
