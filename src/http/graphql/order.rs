//! Fields in the order in which they were asked for (GraphQL specification §6.3.2).
//!
//! The execution puts a field into its object when it is resolved, so that one which waited for a database comes last.

use std::collections::HashMap;

use async_graphql::{
    Name, Positioned, Value,
    indexmap::IndexMap,
    parser::types::{ExecutableDocument, FragmentDefinition, OperationDefinition, Selection, SelectionSet},
};

/// The fields of an object in their order, each with those within it. Fields of fragments stand where the fragment is used,
/// whether or not it applies to the object.
#[derive(Debug, Default)]
pub(crate) struct Order(Vec<(Name, Self)>);

/// An order that is being gathered: a field that is asked for twice stands where it came first.
#[derive(Default)]
struct Gathered(IndexMap<Name, Self>);

type Fragments = HashMap<Name, Positioned<FragmentDefinition>>;

impl Order {
    /// Reads the order off an operation. Its fragments must not use each other in a circle.
    pub(crate) fn of(document: &ExecutableDocument, operation: &OperationDefinition) -> Self {
        let mut gathered = Gathered::default();
        gathered.add(&operation.selection_set.node, &document.fragments);
        gathered.finish()
    }

    /// Puts the fields of a value, and of all within it, in order.
    pub(crate) fn apply(&self, value: &mut Value) {
        match value {
            Value::Object(map) if !self.0.is_empty() => self.apply_to_object(map),
            Value::List(list) if !self.0.is_empty() => list.iter_mut().for_each(|item| self.apply(item)),
            _ => {}
        }
    }

    fn apply_to_object(&self, map: &mut IndexMap<Name, Value>) {
        if !self.is_kept_by(map) {
            let places: HashMap<&Name, usize> =
                self.0.iter().enumerate().map(|(place, (name, _))| (name, place)).collect();
            map.sort_by_cached_key(|name, _| places.get(name).copied());
        }
        let mut fields = self.0.iter();
        for (name, value) in map {
            if let Some((_, inner)) = fields.find(|(field, _)| field == name) {
                inner.apply(value);
            }
        }
    }

    /// Whether the fields are in order already, as they are when none had to wait.
    fn is_kept_by(&self, map: &IndexMap<Name, Value>) -> bool {
        let mut fields = self.0.iter();
        map.keys().all(|name| fields.any(|(field, _)| field == name))
    }
}

impl Gathered {
    fn add(&mut self, set: &SelectionSet, fragments: &Fragments) {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => {
                    let inner = self.0.entry(field.node.response_key().node.clone()).or_default();
                    inner.add(&field.node.selection_set.node, fragments);
                }
                Selection::InlineFragment(fragment) => self.add(&fragment.node.selection_set.node, fragments),
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = fragments.get(&spread.node.fragment_name.node) {
                        self.add(&fragment.node.selection_set.node, fragments);
                    }
                }
            }
        }
    }

    fn finish(self) -> Order {
        Order(self.0.into_iter().map(|(name, inner)| (name, inner.finish())).collect())
    }
}
