//! Telling an object without fields from null.
//!
//! The execution answers null for an object of which no field is selected in the end: all may be skipped, or be of another type
//! than the object's. Where that can happen, one more field is selected, and taken out of the answer again.

use async_graphql::{
    Name, Pos, Positioned, Value,
    parser::types::{DocumentOperations, ExecutableDocument, Field, Selection, SelectionSet},
};

/// No field of a schema and no sensible alias begins like this.
const MARK: &str = "__present";

/// Marks the selections that may come to nothing; tells whether there are any.
pub(crate) fn mark(document: &mut ExecutableDocument) -> bool {
    let mut marked = false;
    match &mut document.operations {
        DocumentOperations::Single(operation) => {
            visit(&mut operation.node.selection_set.node, &mut marked);
        }
        DocumentOperations::Multiple(operations) => {
            for operation in operations.values_mut() {
                visit(&mut operation.node.selection_set.node, &mut marked);
            }
        }
    }
    for fragment in document.fragments.values_mut() {
        visit(&mut fragment.node.selection_set.node, &mut marked);
    }
    marked
}

/// Takes the marks out of an answer.
pub(crate) fn unmark(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.shift_remove(MARK);
            map.values_mut().for_each(unmark);
        }
        Value::List(list) => list.iter_mut().for_each(unmark),
        _ => {}
    }
}

fn visit(set: &mut SelectionSet, marked: &mut bool) {
    for selection in &mut set.items {
        match &mut selection.node {
            Selection::Field(field) => {
                let inner = &mut field.node.selection_set.node;
                visit(inner, marked);
                if may_be_empty(inner) {
                    inner.items.push(mark_field());
                    *marked = true;
                }
            }
            Selection::InlineFragment(fragment) => visit(&mut fragment.node.selection_set.node, marked),
            Selection::FragmentSpread(_) => {}
        }
    }
}

/// One field without a condition is enough to be sure.
fn may_be_empty(set: &SelectionSet) -> bool {
    let is_sure = |selection: &Positioned<Selection>| match &selection.node {
        Selection::Field(field) => field.node.directives.is_empty(),
        _ => false,
    };
    !set.items.is_empty() && !set.items.iter().any(is_sure)
}

fn mark_field() -> Positioned<Selection> {
    let at = |name| Positioned::new(Name::new(name), Pos::default());
    let field = Field {
        alias: Some(at(MARK)),
        name: at("__typename"),
        arguments: Vec::new(),
        directives: Vec::new(),
        selection_set: Positioned::default(),
    };
    Positioned::new(Selection::Field(Positioned::new(field, Pos::default())), Pos::default())
}
