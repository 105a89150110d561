//! Lists of jobs: which, in what order, and a page at a time.

use std::collections::HashMap;

use sea_orm::{ConnectionTrait, entity::prelude::*};
use serde::Serialize;

use super::super::{
    StoreError,
    children::Children,
    columns::Columns,
    cursor::{Position, SortKey},
    listing::{Conditions, List, Pin, SortColumn},
    page::{Direction, Page, PageRequest},
    sql,
};
use crate::model::{BatchId, DomainId, Job, JobStatus, JobType, ScanErrorCode, Scope};

/// Which jobs a list holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize)]
pub struct JobFilter {
    /// Those in one of these states.
    pub statuses: Option<Vec<JobStatus>>,
    /// Those that do one of these kinds of work.
    pub job_types: Option<Vec<JobType>>,
    /// Those of this batch.
    pub batch_id: Option<BatchId>,
    /// Those of this domain.
    pub domain_id: Option<DomainId>,
    /// Those whose newest failure has one of these causes.
    pub failure_codes: Option<Vec<ScanErrorCode>>,
}

impl JobFilter {
    /// Adds the conditions on `jobs j`, without that of the pinned column.
    fn narrow(&self, conditions: &mut Conditions, pinned: Option<Pin>) -> Result<(), StoreError> {
        let statuses = self.statuses.as_ref();
        conditions.one_of("j.status", statuses.map(|list| list.iter().map(|status| status.as_str())));
        let types = self.job_types.as_ref();
        conditions.one_of("j.job_type", types.map(|list| list.iter().map(|one| one.as_str())));
        for (column, id) in self.parents() {
            conditions.compare(column, "=", id.filter(|_| pinned.is_none_or(|pin| pin.column != column)));
        }
        if let Some(codes) = &self.failure_codes {
            let codes = codes.iter().map(sql::to_json).collect::<Result<Vec<_>, _>>()?;
            conditions.one_of("j.failure ->> 'code'", Some(codes.iter().filter_map(|code| code.as_str())));
        }
        Ok(())
    }

    /// The columns that lead an index by identifier of their own, that of fewer jobs first.
    fn parents(&self) -> [(&'static str, Option<Uuid>); 2] {
        [("j.domain_id", self.domain_id.map(|id| id.0)), ("j.batch_id", self.batch_id.map(|id| id.0))]
    }

    /// Pins the column of the parent whose jobs alone are asked for.
    fn pin(&self, conditions: &mut Conditions) -> Option<Pin> {
        let (column, id) = self.parents().into_iter().find_map(|(column, id)| Some((column, id?)))?;
        Some(Pin { column, place: conditions.bind(id) })
    }
}

/// By what a list of jobs is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub enum JobSort {
    /// By when they were asked for.
    CreatedAt,
    /// By when they ended; those that have not are last.
    CompletedAt,
}

/// How a list of jobs is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct JobOrder {
    /// By what.
    pub by: JobSort,
    /// In which way.
    pub direction: Direction,
}

impl JobOrder {
    /// Where the job stands in a list of this order.
    pub fn position(self, job: &Job) -> Position {
        let key = match self.by {
            JobSort::CreatedAt => SortKey::Id,
            JobSort::CompletedAt => SortKey::Time(job.completed_at),
        };
        Position { key, id: job.id.0 }
    }
}

/// A page of the tenant's jobs.
pub async fn page(
    connection: &impl ConnectionTrait,
    scope: &Scope,
    filter: &JobFilter,
    order: JobOrder,
    request: &PageRequest,
    columns: Columns<Job>,
) -> Result<Page<Job>, StoreError> {
    let (conditions, pin) = pinned_conditions(connection, scope, filter)?;
    let sort = match order.by {
        JobSort::CreatedAt => SortColumn::Id,
        JobSort::CompletedAt => SortColumn::Nullable("completed_at"),
    };
    let select = columns.select();
    let list = List { columns: &select, table: "jobs", alias: "j", sort, direction: order.direction, pin };
    let (text, values) = list.page(conditions, request);
    Ok(Page::of_rows(columns.read(connection, text, values).await?, request))
}

/// How many of the tenant's jobs the filter lets through.
pub async fn count(
    connection: &impl ConnectionTrait,
    scope: &Scope,
    filter: &JobFilter,
) -> Result<i64, StoreError> {
    let (conditions, pin) = pinned_conditions(connection, scope, filter)?;
    let (condition, values) = conditions.into_parts(pin);
    sql::scalar(connection, format!("SELECT count(*) FROM jobs j WHERE {condition}"), values).await
}

fn conditions(
    connection: &impl ConnectionTrait,
    scope: &Scope,
    filter: &JobFilter,
) -> Result<Conditions, StoreError> {
    let mut conditions =
        Conditions::of_tenant(connection.get_database_backend(), "j.tenant_id", scope.tenant_id);
    filter.narrow(&mut conditions, None)?;
    Ok(conditions)
}

fn pinned_conditions(
    connection: &impl ConnectionTrait,
    scope: &Scope,
    filter: &JobFilter,
) -> Result<(Conditions, Option<Pin>), StoreError> {
    let mut conditions =
        Conditions::of_tenant(connection.get_database_backend(), "j.tenant_id", scope.tenant_id);
    let pin = filter.pin(&mut conditions);
    filter.narrow(&mut conditions, pin)?;
    Ok((conditions, pin))
}

/// Whose jobs a list holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JobsOf {
    /// The domains with these identifiers; newest jobs first.
    Domains,
    /// The batches with these identifiers; jobs in the order in which they were submitted.
    Batches,
}

impl JobsOf {
    const fn children(self, columns: &str) -> Children<'_> {
        let (parent, direction) = match self {
            Self::Domains => ("domain_id", Direction::Descending),
            Self::Batches => ("batch_id", Direction::Ascending),
        };
        Children { columns, join: "", parent, direction }
    }

    fn parent(self, job: &Job) -> Uuid {
        let parent = match self {
            Self::Domains => job.domain_id.map(|id| id.0),
            Self::Batches => job.batch_id.map(|id| id.0),
        };
        parent.unwrap_or_default()
    }
}

/// For each of the parents a page of its jobs; parents that have none, are absent or another tenant's are left out.
pub async fn pages_of(
    connection: &impl ConnectionTrait,
    scope: &Scope,
    of: JobsOf,
    parents: &[Uuid],
    filter: &JobFilter,
    request: &PageRequest,
    columns: Columns<Job>,
) -> Result<HashMap<Uuid, Page<Job>>, StoreError> {
    let conditions = conditions(connection, scope, filter)?;
    let (text, values) = of.children(&columns.select()).pages(conditions, parents, request);
    let rows = columns.read(connection, text, values).await?;
    Ok(Page::of_groups(rows, request, |job| of.parent(job)))
}

/// For each of the parents how many of its jobs the filter lets through; parents with none are left out.
pub async fn counts_of(
    connection: &impl ConnectionTrait,
    scope: &Scope,
    of: JobsOf,
    parents: &[Uuid],
    filter: &JobFilter,
) -> Result<HashMap<Uuid, i64>, StoreError> {
    let mut conditions =
        Conditions::of_tenant(connection.get_database_backend(), "p.tenant_id", scope.tenant_id);
    filter.narrow(&mut conditions, None)?;
    let (text, values) = of.children("").counts(conditions, parents);
    Ok(sql::counts(connection, text, values).await?.into_iter().collect())
}
