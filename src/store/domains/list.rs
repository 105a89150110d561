//! Lists of domains: which, in what order, and a page at a time.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbBackend, QueryResult};
use serde::Serialize;
use uuid::Uuid;

use super::super::{
    StoreError,
    children::Children,
    columns::Columns,
    cursor::{Position, SortKey},
    listing::{Conditions, List, SortColumn},
    page::{Direction, Page, PageRequest},
    sql,
};
use crate::model::{BatchId, Domain, DomainStatus, JobId, Scope};

/// Which domains a list holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize)]
pub struct DomainFilter {
    /// Those whose name has this text in it.
    pub name_contains: Option<String>,
    /// Those in one of these states.
    pub statuses: Option<Vec<DomainStatus>>,
    /// Those that run on WordPress, or those that do not; either way only scanned ones.
    pub is_wordpress: Option<bool>,
    /// Those that have a job in this batch.
    pub batch_id: Option<BatchId>,
    /// Those whose newest successful scan began before this time.
    pub last_scan_before: Option<DateTime<Utc>>,
    /// Those whose newest successful scan began after this time.
    pub last_scan_after: Option<DateTime<Utc>>,
}

impl DomainFilter {
    /// The tenant's domains that the filter lets through. Those of a batch are read by their keys, however many others
    /// the tenant has.
    fn conditions(&self, connection: &impl ConnectionTrait, scope: &Scope) -> Conditions {
        let backend = connection.get_database_backend();
        // The sign keeps SQLite from an index of the tenant's domains.
        let by_key = self.batch_id.is_some() && backend == DbBackend::Sqlite;
        let tenant = if by_key { "+d.tenant_id" } else { "d.tenant_id" };
        let mut conditions = Conditions::of_tenant(backend, tenant, scope.tenant_id);
        self.narrow(&mut conditions);
        conditions
    }

    /// Adds the conditions on `domains d`.
    fn narrow(&self, conditions: &mut Conditions) {
        if let Some(text) = &self.name_contains {
            let place = conditions.bind(text.to_lowercase());
            let function = if conditions.backend == DbBackend::Postgres { "strpos" } else { "instr" };
            conditions.and(&format!("{function}(d.name, ${place}) > 0"));
        }
        if let Some(statuses) = &self.statuses {
            narrow_statuses(statuses, conditions);
        }
        conditions.compare("d.is_wordpress", "=", self.is_wordpress);
        if let Some(batch) = self.batch_id {
            let place = conditions.bind(batch.0);
            let members = format!("SELECT domain_id FROM jobs WHERE batch_id = ${place}");
            // As an array, PostgreSQL's planner takes them for few and does not look for them among all of the tenant's.
            conditions.and(&match conditions.backend {
                DbBackend::Postgres => format!("d.id = ANY (ARRAY({members}))"),
                _ => format!("d.id IN ({members})"),
            });
        }
        conditions.compare("d.last_scan", "<", self.last_scan_before);
        conditions.compare("d.last_scan", ">", self.last_scan_after);
    }
}

/// `pending` and `scanning` are stored alike and told apart by the newest job.
fn narrow_statuses(statuses: &[DomainStatus], conditions: &mut Conditions) {
    let pending = statuses.contains(&DomainStatus::Pending);
    let scanning = statuses.contains(&DomainStatus::Scanning);
    let mut stored: Vec<DomainStatus> = statuses
        .iter()
        .copied()
        .filter(|status| !matches!(status, DomainStatus::Pending | DomainStatus::Scanning))
        .collect();
    if pending && scanning {
        stored.push(DomainStatus::Pending);
    }
    let is_stored = conditions.is_one_of("d.status", stored.iter().map(|status| status.as_str()));
    if pending == scanning {
        conditions.and(&is_stored);
        return;
    }
    let not = if pending { "NOT " } else { "" };
    let waits = format!(
        "d.status = 'pending' AND {not}EXISTS (SELECT 1 FROM jobs newest \
         WHERE newest.id = d.latest_job_id AND newest.status = 'running')"
    );
    conditions.and(&format!("({is_stored} OR {waits})"));
}

/// By what a list of domains is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub enum DomainSort {
    /// By name, byte by byte.
    Name,
    /// By when they became known.
    CreatedAt,
    /// By when their newest successful scan began; those never scanned are last.
    LastScan,
}

/// How a list of domains is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct DomainOrder {
    /// By what.
    pub by: DomainSort,
    /// In which way.
    pub direction: Direction,
}

impl DomainOrder {
    /// Where the domain stands in a list of this order.
    pub fn position(self, domain: &Domain) -> Position {
        let key = match self.by {
            DomainSort::Name => SortKey::Text(domain.name.clone()),
            DomainSort::CreatedAt => SortKey::Id,
            DomainSort::LastScan => SortKey::Time(domain.last_scan),
        };
        Position { key, id: domain.id.0 }
    }
}

/// A page of the tenant's domains.
pub async fn page(
    connection: &impl ConnectionTrait,
    scope: &Scope,
    filter: &DomainFilter,
    order: DomainOrder,
    request: &PageRequest,
    columns: Columns<Domain>,
) -> Result<Page<Domain>, StoreError> {
    let conditions = filter.conditions(connection, scope);
    let sort = match order.by {
        DomainSort::Name => SortColumn::Unique("name"),
        DomainSort::CreatedAt => SortColumn::Id,
        DomainSort::LastScan => SortColumn::Nullable("last_scan"),
    };
    let select = columns.select();
    let list =
        List { columns: &select, table: "domains", alias: "d", sort, direction: order.direction, pin: None };
    let (text, values) = list.page(conditions, request);
    Ok(Page::of_rows(columns.read(connection, text, values).await?, request))
}

/// How many of the tenant's domains the filter lets through.
pub async fn count(
    connection: &impl ConnectionTrait,
    scope: &Scope,
    filter: &DomainFilter,
) -> Result<i64, StoreError> {
    if let Some(batch) = filter.batch_id {
        let others = DomainFilter { batch_id: None, ..filter.clone() };
        if others == DomainFilter::default() {
            let counts = counts_of_batches(connection, scope, &[batch], &others).await?;
            return Ok(counts.get(&batch).copied().unwrap_or_default());
        }
    }
    let (condition, values) = filter.conditions(connection, scope).into_parts(None);
    sql::scalar(connection, format!("SELECT count(*) FROM domains d WHERE {condition}"), values).await
}

/// A domain as a member of a batch: the batch, and the job that ties them, by whose identifier members are sorted.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// The batch.
    pub batch_id: BatchId,
    /// The domain's job in the batch.
    pub job_id: JobId,
    /// The domain.
    pub domain: Domain,
}

impl Member {
    fn read(row: &QueryResult, columns: Columns<Domain>) -> Result<Self, StoreError> {
        Ok(Self {
            batch_id: BatchId(row.try_get("", "of_batch")?),
            job_id: JobId(row.try_get("", "place")?),
            domain: columns.record(row)?,
        })
    }
}

fn members(columns: &str) -> Children<'_> {
    let join = "JOIN domains d ON d.id = j.domain_id";
    Children { columns, join, parent: "batch_id", direction: Direction::Ascending }
}

/// For each of the batches a page of its domains, in the order in which they were submitted; batches that have none, are
/// absent or another tenant's are left out.
pub async fn pages_of_batches(
    connection: &impl ConnectionTrait,
    scope: &Scope,
    batches: &[BatchId],
    filter: &DomainFilter,
    request: &PageRequest,
    columns: Columns<Domain>,
) -> Result<HashMap<BatchId, Page<Member>>, StoreError> {
    let mut conditions =
        Conditions::of_tenant(connection.get_database_backend(), "j.tenant_id", scope.tenant_id);
    filter.narrow(&mut conditions);
    let select = format!("{}, j.batch_id AS of_batch", columns.select());
    let ids: Vec<Uuid> = batches.iter().map(|id| id.0).collect();
    let (text, values) = members(&select).pages(conditions, &ids, request);
    let rows = sql::all(connection, text, values).await?;
    let rows = rows.iter().map(|row| Member::read(row, columns)).collect::<Result<_, _>>()?;
    Ok(Page::of_groups(rows, request, |member| member.batch_id))
}

/// For each of the batches how many of its domains the filter lets through; batches with none are left out.
pub async fn counts_of_batches(
    connection: &impl ConnectionTrait,
    scope: &Scope,
    batches: &[BatchId],
    filter: &DomainFilter,
) -> Result<HashMap<BatchId, i64>, StoreError> {
    let mut conditions =
        Conditions::of_tenant(connection.get_database_backend(), "p.tenant_id", scope.tenant_id);
    filter.narrow(&mut conditions);
    let ids: Vec<Uuid> = batches.iter().map(|id| id.0).collect();
    let (text, values) = members("").counts(conditions, &ids);
    let counts = sql::counts(connection, text, values).await?;
    Ok(counts.into_iter().map(|(id, count)| (BatchId(id), count)).collect())
}
