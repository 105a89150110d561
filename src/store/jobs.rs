//! Jobs as people see them. What the queue does with them is in [`super::engine`].

mod list;

use chrono::{DateTime, Utc};
pub use list::{JobFilter, JobOrder, JobSort, JobsOf, count, counts_of, page, pages_of};
use sea_orm::{ConnectionTrait, entity::prelude::*};

use super::{StoreError, sql};
use crate::model::{BatchId, DomainId, Job, JobId, JsonObject, Scope, TenantId, UserId};

/// A row of `jobs`.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "jobs")]
#[expect(missing_docs, reason = "the migration describes the columns")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub tenant_id: Uuid,
    pub domain_id: Option<Uuid>,
    pub batch_id: Option<Uuid>,
    pub created_by: Option<Uuid>,
    pub job_type: String,
    pub status: String,
    pub lane: i16,
    pub turn: i64,
    pub run_at: Option<DateTime<Utc>>,
    pub worker_id: Option<Uuid>,
    pub lease_expires_at: Option<DateTime<Utc>>,
    pub lease_epoch: i32,
    pub attempts: i32,
    pub max_attempts: i32,
    pub losses: i32,
    #[sea_orm(column_type = "Double")]
    pub progress: f64,
    pub step: String,
    pub sequence: Option<i64>,
    pub options_key: String,
    pub options: Json,
    pub failure: Option<Json>,
    pub result: Option<Json>,
    pub metadata: Json,
    pub created_at: DateTime<Utc>,
    pub started_at: Option<DateTime<Utc>>,
    pub completed_at: Option<DateTime<Utc>>,
}

/// Relations are followed by hand-written queries.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for Job {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: JobId(row.id),
            tenant_id: TenantId(row.tenant_id),
            job_type: row.job_type.parse()?,
            status: row.status.parse()?,
            domain_id: row.domain_id.map(DomainId),
            batch_id: row.batch_id.map(BatchId),
            progress: row.progress,
            step: row.step.parse()?,
            attempts: row.attempts,
            max_attempts: row.max_attempts,
            failure: row.failure.map(sql::from_json).transpose()?,
            sequence: row.sequence,
            result: row.result.map(sql::from_json).transpose()?,
            metadata: sql::from_json::<JsonObject>(row.metadata)?,
            created_by: row.created_by.map(UserId),
            created_at: row.created_at,
            started_at: row.started_at,
            completed_at: row.completed_at,
            next_attempt_at: row.run_at,
        })
    }
}

/// The jobs with these identifiers, in no order; those that are absent or another tenant's are left out.
pub async fn by_ids(
    connection: &impl ConnectionTrait,
    scope: &Scope,
    ids: &[JobId],
) -> Result<Vec<Job>, StoreError> {
    let backend = connection.get_database_backend();
    let text = format!("SELECT * FROM jobs WHERE tenant_id = $1 AND {}", sql::in_ids(backend, "id", 2));
    let ids = sql::ids_value(backend, ids.iter().map(|id| id.0));
    sql::records::<Model, Job>(connection, text, [scope.tenant_id.0.into(), ids]).await
}

/// The job with this identifier; none when it is absent or another tenant's.
pub async fn by_id(
    connection: &impl ConnectionTrait,
    scope: &Scope,
    id: JobId,
) -> Result<Option<Job>, StoreError> {
    Ok(by_ids(connection, scope, &[id]).await?.pop())
}

/// The batch's finished jobs whose sequence number is greater than `after`, in that order, at most `limit`.
pub async fn finished_after(
    connection: &impl ConnectionTrait,
    scope: &Scope,
    batch: BatchId,
    after: i64,
    limit: u32,
) -> Result<Vec<Job>, StoreError> {
    let text = "SELECT * FROM jobs WHERE batch_id = $1 AND tenant_id = $2 AND sequence > $3 ORDER BY sequence LIMIT $4";
    let values = [batch.0.into(), scope.tenant_id.0.into(), after.into(), i64::from(limit).into()];
    sql::records::<Model, Job>(connection, text, values).await
}
