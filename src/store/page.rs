//! Pages of lists by keyset: each page is one read of an index from where the last one stopped, however far it is.

use std::{collections::HashMap, hash::Hash};

use sea_orm::{DbBackend, Value};
use uuid::Uuid;

use super::{
    cursor::{Position, SortKey},
    sql,
};

/// The way a list is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
pub enum Direction {
    /// Smallest, earliest or first in the alphabet first.
    Ascending,
    /// Greatest, latest or last in the alphabet first.
    Descending,
}

/// Which page is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PageRequest {
    /// The most rows.
    pub limit: u32,
    /// Whether the page ends at the position, and not begins after it.
    pub backward: bool,
    /// The position the page adjoins, itself left out; none for the beginning, or the end.
    pub from: Option<Position>,
}

impl PageRequest {
    /// One row more is read than asked for, which tells whether there are more.
    fn limit_value(&self) -> Value {
        (i64::from(self.limit) + 1).into()
    }
}

/// Rows of a list in its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Whether there are more in the direction of the request.
    pub has_more: bool,
}

impl<T> Default for Page<T> {
    fn default() -> Self {
        Self { items: Vec::new(), has_more: false }
    }
}

impl<T> Page<T> {
    /// The page of the rows as they were read: in the direction of the request, with one more where there is one.
    pub(super) fn of_rows(mut items: Vec<T>, request: &PageRequest) -> Self {
        let limit = usize::try_from(request.limit).unwrap_or(usize::MAX);
        let has_more = items.len() > limit;
        items.truncate(limit);
        if request.backward {
            items.reverse();
        }
        Self { items, has_more }
    }

    /// For each parent, as `parent` tells it of a row, the page of its rows.
    pub(super) fn of_groups<P: Copy + Eq + Hash>(
        items: Vec<T>,
        request: &PageRequest,
        parent: impl Fn(&T) -> P,
    ) -> HashMap<P, Self> {
        let mut groups: HashMap<P, Vec<T>> = HashMap::new();
        for item in items {
            groups.entry(parent(&item)).or_default().push(item);
        }
        groups.into_iter().map(|(parent, items)| (parent, Self::of_rows(items, request))).collect()
    }

    /// The same page of what each row becomes.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(change).collect(), has_more: self.has_more }
    }
}

/// Conditions joined by `AND`, and their parameters.
#[derive(Debug)]
pub(super) struct Conditions {
    pub(super) backend: DbBackend,
    text: String,
    values: Vec<Value>,
}

impl Conditions {
    /// No rows but the tenant's, whose identifier is in `column`.
    pub(super) fn of_tenant(backend: DbBackend, column: &str, tenant: crate::model::TenantId) -> Self {
        Self { backend, text: format!("{column} = $1"), values: vec![tenant.0.into()] }
    }

    /// Adds a parameter and answers its number.
    pub(super) fn bind(&mut self, value: impl Into<Value>) -> usize {
        self.values.push(value.into());
        self.values.len()
    }

    /// Adds a condition.
    pub(super) fn and(&mut self, condition: &str) {
        self.text.push_str(" AND ");
        self.text.push_str(condition);
    }

    /// Adds the condition that `left` and a parameter compare by `operator`, where there is a value.
    pub(super) fn compare(&mut self, left: &str, operator: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            let place = self.bind(value);
            self.and(&format!("{left} {operator} ${place}"));
        }
    }

    /// Adds the condition that `column` is one of the names, where a list is given.
    pub(super) fn one_of<'a>(&mut self, column: &str, names: Option<impl IntoIterator<Item = &'a str>>) {
        if let Some(names) = names {
            let condition = self.is_one_of(column, names);
            self.and(&condition);
        }
    }

    /// The condition that `column` is one of the names. A single name is an equality, which an index can follow and
    /// keep its order.
    pub(super) fn is_one_of<'a>(&mut self, column: &str, names: impl IntoIterator<Item = &'a str>) -> String {
        let names: Vec<&str> = names.into_iter().collect();
        if let [name] = names[..] {
            let place = self.bind(name);
            return format!("{column} = ${place}");
        }
        let place = self.bind(sql::texts_value(self.backend, names));
        sql::in_texts(self.backend, column, place)
    }

    /// The parts of a counting statement.
    pub(super) fn into_parts(self) -> (String, Vec<Value>) {
        (self.text, self.values)
    }
}

/// The column by which a list is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SortColumn {
    /// The identifier, which grows with time.
    Id,
    /// A column whose values are unique within the tenant and never null.
    Unique(&'static str),
    /// A column that may be null; nulls are last in either direction. The identifier decides between equal values.
    Nullable(&'static str),
}

/// A table read in an order.
#[derive(Debug, Clone, Copy)]
pub(super) struct List<'a> {
    /// The columns to read.
    pub(super) columns: &'a str,
    /// The table.
    pub(super) table: &'a str,
    /// The name of the table in conditions, such as `d`.
    pub(super) alias: &'a str,
    /// The column by which it is sorted.
    pub(super) sort: SortColumn,
    /// The way in which it is sorted.
    pub(super) direction: Direction,
}

impl List<'_> {
    /// The statement for a page, with one row more than asked for, in the direction of the request.
    pub(super) fn page(self, mut conditions: Conditions, request: &PageRequest) -> (String, Vec<Value>) {
        let limit = conditions.bind(request.limit_value());
        let text = if let SortColumn::Nullable(column) = self.sort {
            self.nullable_page(column, &mut conditions, request, limit)
        } else {
            let range = self.range(&mut conditions, request);
            let order = self.order(request);
            format!("{} AND {range} ORDER BY {order} LIMIT ${limit}", self.select(&conditions))
        };
        (text, conditions.values)
    }

    fn select(self, conditions: &Conditions) -> String {
        let Self { columns, table, alias, .. } = self;
        format!("SELECT {columns} FROM {table} {alias} WHERE {}", conditions.text)
    }

    fn ascending(self, request: &PageRequest) -> bool {
        (self.direction == Direction::Ascending) != request.backward
    }

    fn operator(self, request: &PageRequest) -> &'static str {
        if self.ascending(request) { ">" } else { "<" }
    }

    fn order(self, request: &PageRequest) -> String {
        let direction = if self.ascending(request) { "ASC" } else { "DESC" };
        let alias = self.alias;
        match self.sort {
            SortColumn::Id => format!("{alias}.id {direction}"),
            SortColumn::Unique(column) => format!("{alias}.{column} {direction}"),
            SortColumn::Nullable(column) => format!("{alias}.{column} {direction}, {alias}.id {direction}"),
        }
    }

    /// The rows beyond the position, in a list without nulls.
    fn range(self, conditions: &mut Conditions, request: &PageRequest) -> String {
        let Some(from) = &request.from else { return "TRUE".to_owned() };
        let (alias, operator) = (self.alias, self.operator(request));
        if let (SortColumn::Unique(column), SortKey::Text(text)) = (self.sort, &from.key) {
            let place = conditions.bind(text.as_str());
            return format!("{alias}.{column} {operator} ${place}");
        }
        let place = conditions.bind(from.id);
        format!("{alias}.id {operator} ${place}")
    }

    /// Two reads of the index: the values in their order, and those without a value by identifier; the second only as
    /// far as the first leaves room. No sort key that an index could not follow.
    fn nullable_page(
        self,
        column: &str,
        conditions: &mut Conditions,
        request: &PageRequest,
        limit: usize,
    ) -> String {
        let (values, nulls) = self.nullable_ranges(column, conditions, request);
        let (first, second) = if request.backward { (nulls, values) } else { (values, nulls) };
        let select = self.select(conditions);
        let order = self.order(request);
        let direction = if self.ascending(request) { "ASC" } else { "DESC" };
        let Some(second) = second else {
            let first = first.unwrap_or_else(|| "TRUE".to_owned());
            return format!("{select} AND {first} ORDER BY {order} LIMIT ${limit}");
        };
        let Some(first) = first else {
            return format!("{select} AND {second} ORDER BY {order} LIMIT ${limit}");
        };
        format!(
            "WITH first AS MATERIALIZED ({select} AND {first} ORDER BY {order} LIMIT ${limit}), \
             second AS MATERIALIZED ({select} AND {second} ORDER BY {order} \
               LIMIT ${limit} - (SELECT count(*) FROM first)) \
             SELECT *, 0 AS part FROM first UNION ALL SELECT *, 1 AS part FROM second \
             ORDER BY part, {column} {direction}, id {direction}"
        )
    }

    /// The conditions for the rows with a value and for those without, where such can lie beyond the position.
    fn nullable_ranges(
        self,
        column: &str,
        conditions: &mut Conditions,
        request: &PageRequest,
    ) -> (Option<String>, Option<String>) {
        let (alias, operator) = (self.alias, self.operator(request));
        let values = format!("{alias}.{column} IS NOT NULL");
        let nulls = format!("{alias}.{column} IS NULL");
        let Some(from) = &request.from else { return (Some(values), Some(nulls)) };
        if let SortKey::Time(Some(at)) = from.key {
            let (at, id) = (conditions.bind(at), conditions.bind(from.id));
            let beyond = format!("({alias}.{column}, {alias}.id) {operator} (${at}, ${id})");
            return (Some(beyond), (!request.backward).then_some(nulls));
        }
        let id = conditions.bind(from.id);
        let beyond = format!("{nulls} AND {alias}.id {operator} ${id}");
        (request.backward.then_some(values), Some(beyond))
    }
}

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
        let ascending = (direction == Direction::Ascending) != request.backward;
        let (direction, operator) = if ascending { ("ASC", ">") } else { ("DESC", "<") };
        if let Some(from) = &request.from {
            conditions.compare("j.id", operator, Some(from.id));
        }
        let limit = conditions.bind(request.limit_value());
        let parents = sql::ids_value(conditions.backend, parents.iter().copied());
        let parents = conditions.bind(parents);
        let Conditions { backend, text: filter, values } = conditions;
        let text = match backend {
            DbBackend::Postgres => format!(
                "SELECT x.* FROM unnest(${parents}::uuid[]) AS p(id) CROSS JOIN LATERAL (\
                   SELECT {columns}, j.id AS place FROM jobs j {join} WHERE j.{parent} = p.id AND {filter} \
                   ORDER BY j.id {direction} LIMIT ${limit}) AS x ORDER BY x.place {direction}"
            ),
            _ => format!(
                "SELECT {columns}, j.id AS place FROM json_each(${parents}) AS p CROSS JOIN jobs j ON j.id IN (\
                   SELECT j.id FROM jobs j {join} WHERE j.{parent} = unhex(p.value) AND {filter} \
                   ORDER BY j.id {direction} LIMIT ${limit}) {join} ORDER BY j.id {direction}"
            ),
        };
        (text, values)
    }

    /// The statement that counts the children of each of the parents that have any, as `parent` and `children`.
    pub(super) fn counts(self, mut conditions: Conditions, parents: &[Uuid]) -> (String, Vec<Value>) {
        let Self { join, parent, .. } = self;
        let parents = sql::ids_value(conditions.backend, parents.iter().copied());
        let place = conditions.bind(parents);
        let among = sql::in_ids(conditions.backend, &format!("j.{parent}"), place);
        conditions.and(&among);
        let text = format!(
            "SELECT j.{parent} AS parent, count(*) AS children FROM jobs j {join} WHERE {} GROUP BY j.{parent}",
            conditions.text
        );
        (text, conditions.values)
    }
}
