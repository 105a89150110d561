//! Reading what a client asks, from a body or from a query string.
//!
//! Follows the GraphQL over HTTP specification, <https://graphql.github.io/graphql-over-http/draft/#sec-Request-Parameters>.

use std::{collections::HashMap, fmt};

use async_graphql::Variables;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor, value::MapAccessDeserializer},
};

/// The parameters of one operation, their types checked.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", remote = "Self")]
pub(crate) struct GraphqlParams {
    /// The document.
    #[serde(default)]
    pub(crate) query: Option<String>,
    /// The id of a document that the server knows, in place of `query`.
    #[serde(default)]
    pub(crate) document_id: Option<String>,
    /// Which operation of the document to run.
    #[serde(default)]
    pub(crate) operation_name: Option<String>,
    /// Values for the variables.
    #[serde(default)]
    pub(crate) variables: Variables,
    /// What the client and the server agree on beside the specification.
    #[serde(default, deserialize_with = "map_or_null")]
    pub(crate) extensions: HashMap<String, async_graphql::Value>,
}

impl<'de> Deserialize<'de> for GraphqlParams {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ParamsVisitor)
    }
}

/// Reads an object and nothing else: what is derived would take an array for the values of an object in their order.
struct ParamsVisitor;

impl<'de> Visitor<'de> for ParamsVisitor {
    type Value = GraphqlParams;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with a `query`")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        GraphqlParams::deserialize(MapAccessDeserializer::new(map))
    }
}

impl GraphqlParams {
    /// Whether there is a document, or the name of one.
    pub(crate) fn has_document(&self) -> bool {
        self.query.is_some() || self.document_id.is_some() || self.extensions.contains_key("persistedQuery")
    }
}

/// One operation, or several in one request.
#[derive(Debug)]
pub(crate) enum Requests {
    /// A JSON object, or a query string.
    One(Box<GraphqlParams>),
    /// A JSON array.
    Batch(Vec<GraphqlParams>),
}

fn map_or_null<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<HashMap<String, async_graphql::Value>, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// Reads a JSON body: an object, or an array of them.
///
/// # Errors
/// A sentence for the client, when the body is not JSON or a parameter has the wrong type.
pub(crate) fn from_body(body: &[u8]) -> Result<Requests, String> {
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
    match first {
        None => Err("The body is empty; a JSON object with a `query` is needed.".to_owned()),
        Some(b'[') => json(body).map(Requests::Batch),
        Some(_) => json(body).map(Requests::One),
    }
}

fn json<'a, T: Deserialize<'a>>(text: &'a [u8]) -> Result<T, String> {
    serde_json::from_slice(text)
        .map_err(|error| format!("The body is not a GraphQL request in JSON: {error}."))
}

/// Reads the query string of a GET; `variables` and `extensions` are JSON within it. Unknown parameters are ignored.
///
/// # Errors
/// A sentence for the client, when a parameter is not what it must be or comes twice.
pub(crate) fn from_query_string(query: &str) -> Result<Requests, String> {
    let mut fields = HashMap::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        if fields.insert(name.clone().into_owned(), value.into_owned()).is_some() {
            return Err(format!("The parameter `{name}` is given twice."));
        }
    }
    let mut params = GraphqlParams {
        query: fields.remove("query"),
        document_id: fields.remove("documentId"),
        operation_name: fields.remove("operationName").filter(|name| !name.is_empty()),
        ..GraphqlParams::default()
    };
    if let Some(text) = fields.get("variables").filter(|text| !text.is_empty()) {
        params.variables = json_parameter("variables", text)?;
    }
    if let Some(text) = fields.get("extensions").filter(|text| !text.is_empty()) {
        params.extensions = json_parameter::<Option<_>>("extensions", text)?.unwrap_or_default();
    }
    Ok(Requests::One(Box::new(params)))
}

fn json_parameter<'a, T: Deserialize<'a>>(name: &str, text: &'a str) -> Result<T, String> {
    serde_json::from_str(text)
        .map_err(|error| format!("The parameter `{name}` is not a JSON object: {error}."))
}
