//! Records of which only those columns are read that somebody will look at: a list of domains that shows names and
//! titles does not carry, nor parse, all that is known of each.

use std::{
    fmt::{self, Debug, Formatter},
    hash::{Hash, Hasher},
    marker::PhantomData,
    str::FromStr,
};

use sea_orm::{ConnectionTrait, IdenStatic, Iterable, QueryResult, TryGetable, TryGetableFromJson, Value};
use serde::{Deserialize, de::DeserializeOwned};

use super::{StoreError, sql};

/// Something that is read from a row of a table. What was not read has the value of [`Record::blank`].
pub trait Record: Sized {
    /// The columns of the table: 64 at most.
    type Column: IdenStatic + Iterable;

    /// The name of the table in statements, such as `d`.
    const ALIAS: &'static str;

    /// The columns that are always read: what tells who it is and whose, and all by which lists are sorted.
    const ALWAYS: &'static [Self::Column];

    /// A record of which nothing has been read.
    fn blank() -> Self;

    /// Takes the value of a column.
    fn set(&mut self, column: Self::Column, cell: Cell<'_>) -> Result<(), StoreError>;

    /// What is read for a column, if that is not the column itself.
    fn expression(_column: Self::Column) -> Option<&'static str> {
        None
    }

    /// Called when all columns have been taken.
    fn complete(&mut self) {}
}

/// Which columns are read of a record; those that are always read are always among them.
pub struct Columns<R>(u64, PhantomData<fn() -> R>);

impl<R: Record> Columns<R> {
    /// All columns of the table.
    pub fn all() -> Self {
        Self(
            (1_u64.unbounded_shl(u32::try_from(R::Column::iter().count()).unwrap_or(64))).wrapping_sub(1),
            PhantomData,
        )
    }

    /// These columns.
    pub fn of(columns: &[R::Column]) -> Self {
        let bits = R::ALWAYS.iter().chain(columns).fold(0, |bits, column| bits | bit(column));
        Self(bits, PhantomData)
    }

    /// All columns but these.
    pub fn all_but(columns: &[R::Column]) -> Self {
        let without = columns.iter().fold(0, |bits, column| bits | bit(column));
        Self(Self::all().0 & !without | Self::of(&[]).0, PhantomData)
    }

    /// The column that has this name in camel case.
    pub fn named(name: &str) -> Option<R::Column> {
        R::Column::iter().find(|column| is_in_camel_case(column.as_str(), name))
    }

    /// The columns in either set.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 | other.0, PhantomData)
    }

    /// The set as a number, from which [`Self::from_bits`] makes it again.
    pub fn to_bits(self) -> u64 {
        self.0
    }

    /// The set that was made a number.
    pub fn from_bits(bits: u64) -> Self {
        Self(bits, PhantomData)
    }

    /// Whether all columns of the other set are in this one.
    pub fn cover(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// What is selected, in the order of the table's columns.
    pub(super) fn select(self) -> String {
        let expression = |column: R::Column| match R::expression(column) {
            Some(expression) => format!("{expression} AS {}", column.as_str()),
            None => format!("{}.{}", R::ALIAS, column.as_str()),
        };
        self.list().map(expression).collect::<Vec<_>>().join(", ")
    }

    fn list(self) -> impl Iterator<Item = R::Column> {
        R::Column::iter()
            .enumerate()
            .filter(move |(place, _)| self.0 >> place & 1 == 1)
            .map(|(_, column)| column)
    }

    /// All rows that the statement answers; it begins with what [`Self::select`] says.
    pub(super) async fn read(
        self,
        connection: &impl ConnectionTrait,
        text: impl Into<String>,
        values: impl IntoIterator<Item = Value>,
    ) -> Result<Vec<R>, StoreError> {
        let rows = sql::all(connection, text, values).await?;
        rows.iter().map(|row| self.record(row)).collect()
    }

    /// The record of a row that begins with what [`Self::select`] says.
    pub(super) fn record(self, row: &QueryResult) -> Result<R, StoreError> {
        let mut record = R::blank();
        for (at, column) in self.list().enumerate() {
            record.set(column, Cell { row, at })?;
        }
        record.complete();
        Ok(record)
    }
}

fn bit<C: IdenStatic + Iterable>(column: &C) -> u64 {
    let place = C::iter().position(|other| other.as_str() == column.as_str());
    place.and_then(|place| u32::try_from(place).ok()).map_or(0, |place| 1_u64.unbounded_shl(place))
}

/// Whether `camel` is the name that `snake` has in camel case.
fn is_in_camel_case(snake: &str, camel: &str) -> bool {
    let mut camel = camel.bytes();
    let mut is_first_of_word = false;
    for byte in snake.bytes() {
        if byte == b'_' {
            is_first_of_word = true;
            continue;
        }
        let expected = if is_first_of_word { byte.to_ascii_uppercase() } else { byte };
        if camel.next() != Some(expected) {
            return false;
        }
        is_first_of_word = false;
    }
    camel.next().is_none()
}

impl<R> Clone for Columns<R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for Columns<R> {}

impl<R> PartialEq for Columns<R> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<R> Eq for Columns<R> {}

impl<R> Hash for Columns<R> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl<R> Debug for Columns<R> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "Columns({:#b})", self.0)
    }
}

/// The value of one column in one row.
#[derive(Clone, Copy)]
pub struct Cell<'a> {
    row: &'a QueryResult,
    at: usize,
}

impl Cell<'_> {
    /// The value as it is.
    pub(super) fn get<T: TryGetable>(self) -> Result<T, StoreError> {
        Ok(self.row.try_get_by_index(self.at)?)
    }

    /// The value that a stored name stands for.
    pub(super) fn name<T: FromStr>(self) -> Result<T, StoreError>
    where
        StoreError: From<T::Err>,
    {
        Ok(self.get::<String>()?.parse()?)
    }

    /// The value that a JSON column was made from.
    pub(super) fn json<T: DeserializeOwned>(self) -> Result<T, StoreError> {
        self.get::<Stored<T>>().map(|stored| stored.0)
    }

    /// The value that a JSON column was made from, where there is one.
    pub(super) fn optional_json<T: DeserializeOwned>(self) -> Result<Option<T>, StoreError> {
        Ok(self.get::<Option<Stored<T>>>()?.map(|stored| stored.0))
    }
}

/// A JSON column, read straight into what it was made from.
#[derive(Deserialize)]
#[serde(transparent)]
struct Stored<T>(T);

impl<T: DeserializeOwned> TryGetableFromJson for Stored<T> {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{model::Domain, store::domains::Column};

    #[test]
    fn columns_are_found_by_their_names_in_camel_case() {
        let found = |name| Columns::<Domain>::named(name).map(|column| column.as_str());
        assert_eq!(found("faviconUrl"), Some("favicon_url"));
        assert_eq!(found("title"), Some("title"));
        for unknown in ["favicon_url", "faviconUrls", "favicon", "FaviconUrl", "", "latestJob"] {
            assert_eq!(found(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn sets_hold_what_they_are_made_of_and_what_is_always_read() {
        let all = Columns::<Domain>::all();
        let one = Columns::of(&[Column::Title]);
        assert_eq!(
            one.select(),
            "d.id, d.tenant_id, d.name, d.last_scan, d.latest_job_id, d.batch_id, d.title"
        );
        assert!(all.cover(one) && !one.cover(all));
        let others = Columns::all_but(&[Column::Title, Column::Id]);
        assert!(others.cover(Columns::of(&[Column::Metadata])) && !others.cover(one));
        assert_eq!(others.and(one), all);
    }
}
