//! Which columns the fields that a request selects are made of.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use async_graphql::{Context, Pos, SelectionField};

use super::context;
use crate::store::{Columns, Record};

/// A record that is shown as an object whose fields mostly have the names of their columns, in camel case.
pub(super) trait Shown: Record {
    /// The columns that a field needs which has not the name of its column.
    fn columns_of(field: &str) -> &'static [Self::Column];
}

/// What has been found out about selections, by where they stand in the document.
#[derive(Debug, Default)]
pub(super) struct Selections(Mutex<HashMap<(Pos, &'static str), u64>>);

/// The columns of the record that the current field answers, or of each where it answers a plain list.
pub(super) fn shown<R: Shown>(context: &Context<'_>) -> Columns<R> {
    known(context, |field| columns([field]))
}

/// The columns of the records on the page of a connection that the current field answers.
pub(super) fn shown_on_page<R: Shown>(context: &Context<'_>) -> Columns<R> {
    known(context, |field| {
        let nodes = field.selection_set().flat_map(|field| match field.name() {
            "nodes" => vec![field],
            "edges" => field.selection_set().filter(|field| field.name() == "node").collect(),
            _ => Vec::new(),
        });
        columns(nodes)
    })
}

/// A field is resolved for each of its parents, and selects the same for all.
fn known<R: Shown>(context: &Context<'_>, find: impl FnOnce(SelectionField<'_>) -> Columns<R>) -> Columns<R> {
    let Ok(loaders) = context::loaders(context) else { return find(context.field()) };
    let mut selections = loaders.selections().0.lock().unwrap_or_else(PoisonError::into_inner);
    let bits =
        selections.entry((context.item.pos, R::ALIAS)).or_insert_with(|| find(context.field()).to_bits());
    Columns::from_bits(*bits)
}

fn columns<'a, R: Shown>(objects: impl IntoIterator<Item = SelectionField<'a>>) -> Columns<R> {
    let mut columns = Columns::of(&[]);
    for object in objects {
        for field in object.selection_set() {
            let own: Vec<_> = Columns::<R>::named(field.name()).into_iter().collect();
            columns = columns.and(Columns::of(&own)).and(Columns::of(R::columns_of(field.name())));
        }
    }
    columns
}
