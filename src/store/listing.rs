//! The statements of lists: each page is one read of an index from where the last one stopped.

use sea_orm::{DbBackend, Value};

use super::{
    cursor::{Position, SortKey},
    page::{Direction, PageRequest},
    sql,
};

/// Conditions joined by `AND`, and their parameters. The tenant is always among them.
#[derive(Debug)]
pub(super) struct Conditions {
    pub(super) backend: DbBackend,
    tenant: Pin,
    text: String,
    pub(super) values: Vec<Value>,
}

/// A column that equals a parameter and leads the index that a list is read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pin {
    /// The column with the name of its table, such as `j.batch_id`.
    pub(super) column: &'static str,
    /// The number of the parameter.
    pub(super) place: usize,
}

impl Pin {
    fn equality(self) -> String {
        format!("{} = ${}", self.column, self.place)
    }
}

impl Conditions {
    /// No rows but the tenant's, whose identifier is in `column`.
    pub(super) fn of_tenant(
        backend: DbBackend,
        column: &'static str,
        tenant: crate::model::TenantId,
    ) -> Self {
        let pin = Pin { column, place: 1 };
        Self { backend, tenant: pin, text: String::new(), values: vec![tenant.0.into()] }
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

    /// Whether there are conditions beside that of the tenant.
    pub(super) fn has_filter(&self) -> bool {
        !self.text.is_empty()
    }

    /// The conditions as text.
    pub(super) fn all(&self) -> String {
        format!("{}{}", self.tenant.equality(), self.text)
    }

    /// The conditions with that of a pinned column, as text, and the parameters.
    pub(super) fn into_parts(self, pin: Option<Pin>) -> (String, Vec<Value>) {
        let pinned = pin.map(|pin| format!(" AND {}", pin.equality())).unwrap_or_default();
        (format!("{}{pinned}", self.all()), self.values)
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
    /// The column that leads the index by identifier, where that is not the tenant's.
    pub(super) pin: Option<Pin>,
}

impl List<'_> {
    /// The statement for a page, with one row more than asked for, in the direction of the request.
    pub(super) fn page(self, mut conditions: Conditions, request: &PageRequest) -> (String, Vec<Value>) {
        let limit = conditions.bind(request.limit_value());
        let text = match self.sort {
            SortColumn::Id => self.page_by_id(&mut conditions, request, limit),
            SortColumn::Unique(column) => self.page_by_unique(column, &mut conditions, request, limit),
            SortColumn::Nullable(column) => self.page_by_nullable(column, &mut conditions, request, limit),
        };
        (text, conditions.values)
    }

    fn select(self, condition: &str) -> String {
        let Self { columns, table, alias, .. } = self;
        format!("SELECT {columns} FROM {table} {alias} WHERE {condition}")
    }

    fn way(self, request: &PageRequest) -> Way {
        Way::of(self.direction, request)
    }

    fn page_by_id(self, conditions: &mut Conditions, request: &PageRequest, limit: usize) -> String {
        let from = request.from.as_ref().map(|from| conditions.bind(from.id));
        let (pinned, order) = self.pinned(conditions, request, from);
        format!("{} ORDER BY {order} LIMIT ${limit}", self.select(&pinned))
    }

    /// The conditions with the pinned column, and the order by identifier.
    fn pinned(self, conditions: &Conditions, request: &PageRequest, from: Option<usize>) -> (String, String) {
        let pin = self.pin.unwrap_or(conditions.tenant);
        let value = format!("${}", pin.place);
        let id = format!("{}.id", self.alias);
        let (range, order) = self.way(request).by_id(conditions.backend, (pin.column, &value), &id, from);
        let tenant =
            if self.pin.is_some() { format!(" AND {}", conditions.tenant.equality()) } else { String::new() };
        (format!("{range}{tenant}{}", conditions.text), order)
    }

    fn page_by_unique(
        self,
        column: &str,
        conditions: &mut Conditions,
        request: &PageRequest,
        limit: usize,
    ) -> String {
        let Way { direction, operator } = self.way(request);
        let alias = self.alias;
        if let Some(Position { key: SortKey::Text(text), .. }) = &request.from {
            conditions.compare(&format!("{alias}.{column}"), operator, Some(text.as_str()));
        }
        let pinned = self.equalities(conditions);
        format!("{} ORDER BY {alias}.{column} {direction} LIMIT ${limit}", self.select(&pinned))
    }

    fn equalities(self, conditions: &Conditions) -> String {
        let pinned = self.pin.map(|pin| format!(" AND {}", pin.equality())).unwrap_or_default();
        format!("{}{pinned}", conditions.all())
    }

    /// Two reads of the index: the values in their order, and those without a value by identifier; the second only as
    /// far as the first leaves room. No sort key that an index could not follow.
    fn page_by_nullable(
        self,
        column: &str,
        conditions: &mut Conditions,
        request: &PageRequest,
        limit: usize,
    ) -> String {
        let (values, nulls) = self.nullable_ranges(column, conditions, request);
        let Way { direction, .. } = self.way(request);
        let alias = self.alias;
        let all = self.equalities(conditions);
        let part = |range: String| {
            let select = self.select(&all);
            format!(
                "{select} AND {range} ORDER BY {alias}.{column} {direction}, {alias}.id {direction} LIMIT"
            )
        };
        let (first, second) = if request.backward { (nulls, values) } else { (values, nulls) };
        match (first.map(part), second.map(part)) {
            (Some(first), Some(second)) => format!(
                "WITH first AS MATERIALIZED ({first} ${limit}), \
                 second AS MATERIALIZED ({second} ${limit} - (SELECT count(*) FROM first)) \
                 SELECT *, 0 AS part FROM first UNION ALL SELECT *, 1 AS part FROM second \
                 ORDER BY part, {column} {direction}, id {direction}"
            ),
            (Some(only), None) | (None, Some(only)) => format!("{only} ${limit}"),
            (None, None) => self.select("FALSE"),
        }
    }

    /// The conditions for the rows with a value and for those without, where such can lie beyond the position.
    fn nullable_ranges(
        self,
        column: &str,
        conditions: &mut Conditions,
        request: &PageRequest,
    ) -> (Option<String>, Option<String>) {
        let (alias, operator) = (self.alias, self.way(request).operator);
        let values = format!("{alias}.{column} IS NOT NULL");
        let nulls = format!("{alias}.{column} IS NULL");
        let Some(from) = &request.from else { return (Some(values), Some(nulls)) };
        if let SortKey::Time(Some(at)) = from.key {
            let (at, id) = (conditions.bind(at), conditions.bind(from.id));
            // SQLite takes an index of the rows with a value only when it is told that there is one.
            let beyond = format!("{values} AND ({alias}.{column}, {alias}.id) {operator} (${at}, ${id})");
            return (Some(beyond), (!request.backward).then_some(nulls));
        }
        let id = conditions.bind(from.id);
        let beyond = format!("{nulls} AND {alias}.id {operator} ${id}");
        (request.backward.then_some(values), Some(beyond))
    }
}

/// The way in which rows are read: that of the list, or against it where the request goes backward.
#[derive(Debug, Clone, Copy)]
pub(super) struct Way {
    pub(super) direction: &'static str,
    operator: &'static str,
}

impl Way {
    pub(super) fn of(direction: Direction, request: &PageRequest) -> Self {
        if (direction == Direction::Ascending) == request.backward {
            Self { direction: "DESC", operator: "<" }
        } else {
            Self { direction: "ASC", operator: ">" }
        }
    }

    /// The condition and the order to read the index of a pinned column and the identifier, from a position on.
    ///
    /// PostgreSQL leaves a column that equals a value out of the order, and would then rather read the whole table by
    /// its primary key than the few rows by the index. Two bounds say the same, and only the index has their order.
    pub(super) fn by_id(
        self,
        backend: DbBackend,
        (column, value): (&str, &str),
        id: &str,
        from: Option<usize>,
    ) -> (String, String) {
        let Self { direction, operator } = self;
        let other_bound = if operator == ">" { "<=" } else { ">=" };
        if backend != DbBackend::Postgres {
            let from = from.map(|from| format!(" AND {id} {operator} ${from}")).unwrap_or_default();
            return (format!("{column} = {value}{from}"), format!("{id} {direction}"));
        }
        let bound = match from {
            Some(from) => format!("({column}, {id}) {operator} ({value}, ${from})"),
            None => format!("{column} {operator}= {value}"),
        };
        let range = format!("{bound} AND {column} {other_bound} {value}");
        (range, format!("{column} {direction}, {id} {direction}"))
    }
}
