//! Null where a field failed.
//!
//! The execution leaves a failed field out of its object and never lets an error rise to the parent. Clients expect what the
//! GraphQL specification (§6.4.4) says: the field is null, or, where its type does not allow that, the nearest parent that may be.

use async_graphql::{
    Name, PathSegment, Value,
    parser::types::{
        BaseType, ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet, Type,
    },
};

use super::types::TypeIndex;

/// Whether a failure was settled where it happened or is the parent's.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Settled {
    Here,
    Rises,
}

/// Settles failures in the data of one operation.
pub(crate) struct Completion<'a> {
    /// The document that was run.
    pub(crate) document: &'a ExecutableDocument,
    /// The schema's types.
    pub(crate) types: &'a TypeIndex,
}

/// The selections of one object, with the type that each is made on.
type Selections<'a> = Vec<(Option<&'a str>, &'a SelectionSet)>;

/// The fields that answer under one key.
struct Found<'a, 'k> {
    key: &'k str,
    /// The same key has the same type everywhere, so one is enough to tell what a failure of it means.
    only_one: bool,
    fields: Vec<(Option<&'a str>, &'a Field)>,
}

impl<'a> Completion<'a> {
    /// Puts null where the path of an error ends, or where the types say.
    pub(crate) fn settle(&self, data: &mut Value, operation: &'a OperationDefinition, path: &[PathSegment]) {
        let root = vec![(self.types.root(operation.ty), &operation.selection_set.node)];
        if self.object(data, &root, path) == Settled::Rises {
            *data = Value::Null;
        }
    }

    fn object(&self, object: &mut Value, selections: &Selections<'a>, path: &[PathSegment]) -> Settled {
        let Some((PathSegment::Field(key), rest)) = path.split_first() else { return Settled::Here };
        let mut fields = Found { key, only_one: rest.is_empty(), fields: Vec::new() };
        for (parent, set) in selections {
            self.find(*parent, set, &mut fields);
        }
        let fields = fields.fields;
        let Some(known) =
            fields.iter().find_map(|(parent, field)| self.types.field((*parent)?, &field.name.node))
        else {
            return Settled::Here;
        };
        if *object == Value::Null {
            *object = Value::Object(async_graphql::indexmap::IndexMap::default());
        }
        let Value::Object(map) = object else { return Settled::Here };
        let child = map.entry(Name::new(key)).or_insert(Value::Null);
        let inner =
            fields.iter().map(|(_, field)| (Some(known.named()), &field.selection_set.node)).collect();
        self.value(child, &known.ty, &inner, rest)
    }

    /// A failure within a value, or of the value itself where the path ends.
    fn value(&self, value: &mut Value, ty: &Type, inner: &Selections<'a>, path: &[PathSegment]) -> Settled {
        let settled = match (path.first(), &ty.base, &mut *value) {
            (None, _, Value::Null) => Settled::Rises,
            (None, ..) => Settled::Here,
            (Some(PathSegment::Index(index)), BaseType::List(item), Value::List(list)) => {
                match list.get_mut(*index) {
                    Some(value) => self.value(value, item, inner, &path[1..]),
                    None => Settled::Here,
                }
            }
            (Some(PathSegment::Index(_)), ..) => Settled::Rises,
            (Some(PathSegment::Field(_)), _, value) => self.object(value, inner, path),
        };
        if settled == Settled::Rises && ty.nullable {
            *value = Value::Null;
            return Settled::Here;
        }
        settled
    }

    /// The fields of a set that answer under a key. Fragments are not of each other in a circle: that was checked.
    fn find(&self, parent: Option<&'a str>, set: &'a SelectionSet, found: &mut Found<'a, '_>) {
        for selection in &set.items {
            if found.only_one && !found.fields.is_empty() {
                return;
            }
            match &selection.node {
                Selection::Field(field) => {
                    if field.node.response_key().node == found.key {
                        found.fields.push((parent, &field.node));
                    }
                }
                Selection::InlineFragment(fragment) => {
                    let condition = fragment.node.type_condition.as_ref();
                    let parent = condition.map_or(parent, |condition| Some(&*condition.node.on.node));
                    self.find(parent, &fragment.node.selection_set.node, found);
                }
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = self.document.fragments.get(&spread.node.fragment_name.node) {
                        let parent = Some(&*fragment.node.type_condition.node.on.node);
                        self.find(parent, &fragment.node.selection_set.node, found);
                    }
                }
            }
        }
    }
}
