//! Pages of lists by keyset: a page begins where another one stopped, however far that is.

use std::{collections::HashMap, hash::Hash};

use sea_orm::Value;

use super::cursor::Position;

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
    pub(super) fn limit_value(&self) -> Value {
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
