//! What there is to try again.

use sea_orm::ConnectionTrait;

use super::{StoreError, sql};
use crate::model::{BatchId, DomainName, JobId, JobStatus, ScanOptions, Scope};

/// A job as a new one needs it.
#[derive(Debug, Clone, PartialEq)]
pub struct EarlierJob {
    /// What became of it.
    pub status: JobStatus,
    /// The domain that it scanned.
    pub name: DomainName,
    /// How.
    pub options: ScanOptions,
}

/// The job; none when it is absent or another tenant's.
pub async fn of_job(
    connection: &impl ConnectionTrait,
    scope: &Scope,
    id: JobId,
) -> Result<Option<EarlierJob>, StoreError> {
    let text = "SELECT j.status, j.options, d.name FROM jobs j JOIN domains d ON d.id = j.domain_id \
                WHERE j.tenant_id = $1 AND j.id = $2";
    let rows = sql::all(connection, text, [scope.tenant_id.0.into(), id.0.into()]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let name: String = row.try_get("", "name")?;
    Ok(Some(EarlierJob {
        status: row.try_get::<String>("", "status")?.parse()?,
        name: DomainName::parse(&name).map_err(|error| StoreError::Unreadable(error.to_string()))?,
        options: sql::from_json(row.try_get("", "options")?)?,
    }))
}

/// The names of the batch whose jobs failed, and those whose jobs were cancelled where that is asked for, in the order
/// in which they were submitted.
pub async fn of_batch(
    connection: &impl ConnectionTrait,
    scope: &Scope,
    batch: BatchId,
    include_cancelled: bool,
) -> Result<Vec<String>, StoreError> {
    let text = "SELECT d.name FROM jobs j JOIN domains d ON d.id = j.domain_id \
                WHERE j.tenant_id = $1 AND j.batch_id = $2 AND (j.status = 'failed' OR $3 AND j.status = 'cancelled') \
                ORDER BY j.id";
    let values = [scope.tenant_id.0.into(), batch.0.into(), include_cancelled.into()];
    let rows = sql::all(connection, text, values).await?;
    rows.iter().map(|row| Ok(row.try_get("", "name")?)).collect()
}
