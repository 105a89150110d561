//! What the protocol layers know of the schema: the types of its fields.

use std::collections::HashMap;

use async_graphql::parser::{
    parse_schema,
    types::{BaseType, FieldDefinition, OperationType, Type, TypeKind, TypeSystemDefinition},
};

/// A schema's output types, by name.
#[derive(Debug, Default)]
pub(crate) struct TypeIndex {
    types: HashMap<String, HashMap<String, FieldType>>,
    roots: [Option<String>; 3],
}

/// One field.
#[derive(Debug)]
pub(crate) struct FieldType {
    /// What it resolves to.
    pub(crate) ty: Type,
    /// Whether it takes `first`, and so answers as many items as are asked for.
    pub(crate) is_paged: bool,
}

impl TypeIndex {
    /// Reads a schema's definition.
    ///
    /// # Errors
    /// When it is not one.
    pub(crate) fn read(sdl: &str) -> Result<Self, async_graphql::parser::Error> {
        let mut index = Self::default();
        for definition in parse_schema(sdl)?.definitions {
            match definition {
                TypeSystemDefinition::Schema(schema) => {
                    let roots = [schema.node.query, schema.node.mutation, schema.node.subscription];
                    index.roots = roots.map(|root| root.map(|name| name.node.to_string()));
                }
                TypeSystemDefinition::Type(definition) => {
                    let fields = match definition.node.kind {
                        TypeKind::Object(object) => object.fields,
                        TypeKind::Interface(interface) => interface.fields,
                        _ => continue,
                    };
                    let fields = fields.into_iter().map(|field| FieldType::read(field.node)).collect();
                    index.types.insert(definition.node.name.node.to_string(), fields);
                }
                TypeSystemDefinition::Directive(_) => {}
            }
        }
        Ok(index)
    }

    /// The type that an operation's fields are of.
    pub(crate) fn root(&self, kind: OperationType) -> Option<&str> {
        self.roots[kind as usize].as_deref()
    }

    /// A field of an object or interface; `None` for what the schema has not, and for introspection.
    pub(crate) fn field(&self, parent: &str, name: &str) -> Option<&FieldType> {
        self.types.get(parent)?.get(name)
    }
}

impl FieldType {
    fn read(field: FieldDefinition) -> (String, Self) {
        let is_paged = field.arguments.iter().any(|argument| argument.node.name.node == "first");
        (field.name.node.to_string(), Self { ty: field.ty.node, is_paged })
    }

    /// The name of the type within its lists.
    pub(crate) fn named(&self) -> &str {
        let mut ty = &self.ty;
        loop {
            match &ty.base {
                BaseType::Named(name) => return name,
                BaseType::List(item) => ty = item,
            }
        }
    }
}
