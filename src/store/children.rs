//! The statements of lists that many parents have: one statement for a page of each.

use sea_orm::{DbBackend, Value};
use uuid::Uuid;

use super::{
    listing::{Conditions, Way},
    page::{Direction, PageRequest},
    sql,
};

/// The children of many parents, a page for each, in the order of the identifiers of the `jobs` that tie them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Children<'a> {
    /// The columns to read of `jobs j` and what is joined.
    pub(super) columns: &'a str,
    /// What is joined to `jobs j`, or nothing.
    pub(super) join: &'a str,
    /// The column of `jobs j` that names the parent.
    pub(super) parent: &'a str,
    /// The way in which they are sorted.
    pub(super) direction: Direction,
}

impl Children<'_> {
    /// One statement for the pages of all parents: for each, one read of the index by parent and identifier, as far as
    /// its page goes. PostgreSQL joins laterally; SQLite picks the identifiers by a subquery for each parent.
    pub(super) fn pages(
        self,
        mut conditions: Conditions,
        parents: &[Uuid],
        request: &PageRequest,
    ) -> (String, Vec<Value>) {
        let Self { columns, join, parent, direction } = self;
        let way = Way::of(direction, request);
        let from = request.from.as_ref().map(|from| conditions.bind(from.id));
        let limit = conditions.bind(request.limit_value());
        let parents = conditions.bind(sql::ids_value(conditions.backend, parents.iter().copied()));
        let backend = conditions.backend;
        let own = if backend == DbBackend::Postgres { "p.id" } else { "unhex(p.value)" };
        let (range, order) = way.by_id(backend, (&format!("j.{parent}"), own), "j.id", from);
        let (filter, direction) = (conditions.all(), way.direction);
        let text = match backend {
            DbBackend::Postgres => format!(
                "SELECT x.* FROM unnest(${parents}::uuid[]) AS p(id) CROSS JOIN LATERAL (\
                   SELECT {columns}, j.id AS place FROM jobs j {join} WHERE {range} AND {filter} \
                   ORDER BY {order} LIMIT ${limit}) AS x ORDER BY x.place {direction}"
            ),
            _ => format!(
                "SELECT {columns}, j.id AS place FROM json_each(${parents}) AS p CROSS JOIN jobs j ON j.id IN (\
                   SELECT j.id FROM jobs j {join} WHERE {range} AND {filter} \
                   ORDER BY {order} LIMIT ${limit}) {join} ORDER BY j.id {direction}"
            ),
        };
        (text, conditions.values)
    }

    /// The statement that counts the children of each of the parents that have any, as `parent` and `children`. The
    /// conditions bind the tenant of the parents, `p`: without others, the index of the jobs alone is read.
    pub(super) fn counts(self, mut conditions: Conditions, parents: &[Uuid]) -> (String, Vec<Value>) {
        let Self { join, parent, .. } = self;
        let join = if conditions.has_filter() { join } else { "" };
        let table = if parent == "batch_id" { "batch_jobs" } else { "domains" };
        let place = conditions.bind(sql::ids_value(conditions.backend, parents.iter().copied()));
        conditions.and(&sql::in_ids(conditions.backend, "p.id", place));
        let (condition, values) = conditions.into_parts(None);
        let text = format!(
            "SELECT p.id AS parent, count(*) AS children FROM {table} p JOIN jobs j ON j.{parent} = p.id {join} \
             WHERE {condition} GROUP BY p.id"
        );
        (text, values)
    }
}
