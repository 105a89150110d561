//! Jobs as people see them. What the queue does with them is in [`super::engine`].

mod list;

use chrono::{DateTime, Utc};
pub use list::{JobFilter, JobOrder, JobSort, JobsOf, count, counts_of, page, pages_of};
use sea_orm::{ConnectionTrait, entity::prelude::*};

use super::{
    StoreError,
    columns::{Cell, Columns, Record},
    sql,
};
use crate::model::{
    BatchId, DomainId, Job, JobId, JobStatus, JobStep, JobType, JsonObject, Scope, TenantId, UserId,
};

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

impl Record for Job {
    type Column = Column;
    const ALIAS: &'static str = "j";
    const ALWAYS: &'static [Column] = &[
        Column::Id,
        Column::TenantId,
        Column::DomainId,
        Column::BatchId,
        Column::Status,
        Column::Sequence,
        Column::CompletedAt,
    ];

    fn blank() -> Self {
        Self {
            id: JobId(Uuid::nil()),
            tenant_id: TenantId(Uuid::nil()),
            job_type: JobType::DomainScan,
            status: JobStatus::Pending,
            domain_id: None,
            batch_id: None,
            progress: 0.0,
            step: JobStep::Queued,
            attempts: 0,
            max_attempts: 0,
            failure: None,
            sequence: None,
            result: None,
            metadata: JsonObject::new(),
            created_by: None,
            created_at: DateTime::UNIX_EPOCH,
            started_at: None,
            completed_at: None,
            next_attempt_at: None,
        }
    }

    fn set(&mut self, column: Column, cell: Cell<'_>) -> Result<(), StoreError> {
        match column {
            Column::Id => self.id = JobId(cell.get()?),
            Column::TenantId => self.tenant_id = TenantId(cell.get()?),
            Column::DomainId => self.domain_id = cell.get::<Option<_>>()?.map(DomainId),
            Column::BatchId => self.batch_id = cell.get::<Option<_>>()?.map(BatchId),
            Column::CreatedBy => self.created_by = cell.get::<Option<_>>()?.map(UserId),
            Column::JobType => self.job_type = cell.name()?,
            Column::Status => self.status = cell.name()?,
            Column::RunAt => self.next_attempt_at = cell.get()?,
            Column::Attempts => self.attempts = cell.get()?,
            Column::MaxAttempts => self.max_attempts = cell.get()?,
            Column::Progress => self.progress = cell.get()?,
            Column::Step => self.step = cell.name()?,
            Column::Sequence => self.sequence = cell.get()?,
            Column::Failure => self.failure = cell.optional_json()?,
            Column::Result => self.result = cell.optional_json()?,
            Column::Metadata => self.metadata = cell.json()?,
            Column::CreatedAt => self.created_at = cell.get()?,
            Column::StartedAt => self.started_at = cell.get()?,
            Column::CompletedAt => self.completed_at = cell.get()?,
            // The queue's own.
            Column::Lane
            | Column::Turn
            | Column::WorkerId
            | Column::LeaseExpiresAt
            | Column::LeaseEpoch
            | Column::Losses
            | Column::OptionsKey
            | Column::Options => {}
        }
        Ok(())
    }
}

/// The jobs with these identifiers, in no order; those that are absent or another tenant's are left out.
pub async fn by_ids(
    connection: &impl ConnectionTrait,
    scope: &Scope,
    ids: &[JobId],
    columns: Columns<Job>,
) -> Result<Vec<Job>, StoreError> {
    let backend = connection.get_database_backend();
    let (select, condition) = (columns.select(), sql::in_ids(backend, "j.id", 2));
    let text = format!("SELECT {select} FROM jobs j WHERE j.tenant_id = $1 AND {condition}");
    let ids = sql::ids_value(backend, ids.iter().map(|id| id.0));
    columns.read(connection, text, [scope.tenant_id.0.into(), ids]).await
}

/// The job with this identifier; none when it is absent or another tenant's.
pub async fn by_id(
    connection: &impl ConnectionTrait,
    scope: &Scope,
    id: JobId,
    columns: Columns<Job>,
) -> Result<Option<Job>, StoreError> {
    Ok(by_ids(connection, scope, &[id], columns).await?.pop())
}

/// The batch's finished jobs whose sequence number is greater than `after`, in that order, at most `limit`.
pub async fn finished_after(
    connection: &impl ConnectionTrait,
    scope: &Scope,
    batch: BatchId,
    after: i64,
    limit: u32,
    columns: Columns<Job>,
) -> Result<Vec<Job>, StoreError> {
    let select = columns.select();
    let text = format!(
        "SELECT {select} FROM jobs j WHERE j.batch_id = $1 AND j.tenant_id = $2 AND j.sequence > $3 \
         ORDER BY j.sequence LIMIT $4"
    );
    let values = [batch.0.into(), scope.tenant_id.0.into(), after.into(), i64::from(limit).into()];
    columns.read(connection, text, values).await
}
