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

#[cfg(test)]
mod tests {
    use async_graphql::{
        EmptySubscription, ID, Interface, Object, OneofObject, Scalar, ScalarType, Schema, SimpleObject,
        Value,
    };

    use super::*;

    struct Address;

    /// An absolute URL: "RFC 3986".
    #[Scalar(specified_by_url = "https://www.rfc-editor.org/rfc/rfc3986")]
    impl ScalarType for Address {
        fn parse(_: Value) -> async_graphql::InputValueResult<Self> {
            Ok(Self)
        }

        fn to_value(&self) -> Value {
            Value::Null
        }
    }

    #[derive(OneofObject)]
    enum By {
        /// By id.
        Id(ID),
        /// By name.
        Name(String),
    }

    /// A site.
    #[derive(SimpleObject)]
    struct Site {
        id: ID,
        address: Option<Address>,
        /// Text with a "quote", a \ and
        /// two lines.
        #[graphql(deprecation = "none is left")]
        names: Vec<Option<String>>,
    }

    #[derive(Interface)]
    #[graphql(field(name = "id", ty = "&ID"))]
    enum Node {
        Site(Site),
    }

    struct Query;

    #[Object]
    impl Query {
        async fn site(&self, by: By) -> Option<Site> {
            drop(by);
            None
        }

        async fn sites(&self, #[graphql(default = 50)] first: i32, after: Option<String>) -> Vec<Site> {
            drop((first, after));
            Vec::new()
        }

        async fn node(&self, id: ID) -> Option<Node> {
            drop(id);
            None
        }
    }

    struct Mutation;

    #[Object]
    impl Mutation {
        async fn scan(&self) -> bool {
            true
        }
    }

    #[test]
    fn a_schema_with_all_kinds_of_definitions_is_read() {
        let sdl = Schema::new(Query, Mutation, EmptySubscription).sdl();
        let index = TypeIndex::read(&sdl).unwrap_or_else(|error| panic!("{error}\n{sdl}"));
        assert_eq!(index.root(OperationType::Query), Some("Query"));
        assert_eq!(index.root(OperationType::Mutation), Some("Mutation"));
        assert_eq!(index.root(OperationType::Subscription), None);
        let field = |parent, name| {
            index
                .field(parent, name)
                .map(|field: &FieldType| (field.ty.to_string(), field.named().to_owned(), field.is_paged))
        };
        let known = |ty: &str, named: &str, is_paged| Some((ty.to_owned(), named.to_owned(), is_paged));
        assert_eq!(field("Query", "site"), known("Site", "Site", false));
        assert_eq!(field("Query", "sites"), known("[Site!]!", "Site", true));
        assert_eq!(field("Query", "node"), known("Node", "Node", false));
        assert_eq!(field("Node", "id"), known("ID!", "ID", false));
        assert_eq!(field("Site", "address"), known("Address", "Address", false));
        assert_eq!(field("Site", "names"), known("[String]!", "String", false));
        assert_eq!(field("Site", "nothing"), None);
    }
}
