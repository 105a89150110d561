//! What is known of the sites of claimed jobs.

use std::{collections::HashMap, sync::Arc};

use sea_orm::{ConnectionTrait, QueryResult};

use super::super::{StoreError, columns::Columns, domains::Column, sql};
use super::claim::ClaimedJob;
use crate::model::{Domain, DomainId, KnownSite};

/// What earlier scans left of the domains of these jobs, read in one statement; none when they left nothing.
pub async fn known_sites(
    connection: &impl ConnectionTrait,
    jobs: &[ClaimedJob],
) -> Result<HashMap<DomainId, Arc<KnownSite>>, StoreError> {
    let known: Vec<_> = jobs.iter().filter(|job| job.has_revisit).map(|job| job.domain_id.0).collect();
    if known.is_empty() {
        return Ok(HashMap::new());
    }
    let columns = Columns::all_but(&[Column::Status]);
    let backend = connection.get_database_backend();
    let text = format!(
        "SELECT {}, d.revisit FROM domains d WHERE d.revisit IS NOT NULL AND {}",
        columns.select(),
        sql::in_ids(backend, "d.id", 1)
    );
    let rows = sql::all(connection, text, [sql::ids_value(backend, known)]).await?;
    rows.iter().filter_map(|row| known_site(row, columns).transpose()).collect()
}

fn known_site(
    row: &QueryResult,
    columns: Columns<Domain>,
) -> Result<Option<(DomainId, Arc<KnownSite>)>, StoreError> {
    let revisit = sql::from_json(row.try_get("", "revisit")?)?;
    let domain = columns.record(row)?;
    Ok(domain.facts.map(|facts| (domain.id, Arc::new(KnownSite { revisit, facts }))))
}
