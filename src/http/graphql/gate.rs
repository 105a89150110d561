//! What every request must pass before the schema sees it.

use std::sync::Arc;

use async_graphql::{
    Positioned, Request, ServerError, Value, Variables,
    parser::types::{ExecutableDocument, OperationDefinition, OperationType},
};

use super::{
    demand::{Demand, Surveyor},
    documents::Documents,
    error::{self, Code},
    lexical,
    operation::{Caller, Operation, Shape, operation},
    order::Order,
    presence,
    request::GraphqlParams,
    types::TypeIndex,
};
use crate::{config::GraphqlLimits, http::RequestId, model::Scope};

/// The checks that need no more of the schema than the types of its fields.
pub(crate) struct Gate {
    /// What one request may ask for.
    pub(crate) limits: GraphqlLimits,
    /// The schema's types.
    pub(crate) types: TypeIndex,
    /// Documents that can be named.
    pub(crate) documents: Documents,
}

impl Gate {
    /// Checks a request and gives it its caller.
    ///
    /// # Errors
    /// When the document asks for more than a limit allows, is not GraphQL, or has not the operation that is asked for.
    pub(crate) fn admit(
        self: &Arc<Self>,
        mut params: GraphqlParams,
        scope: Scope,
        id: RequestId,
    ) -> Result<Operation, ServerError> {
        let resolved = self.documents.resolve(&mut params)?;
        self.check_bytes(&resolved.query)?;
        let mut document = async_graphql::parser::parse_query(&resolved.query).map_err(parse_failed)?;
        self.documents.keep(&resolved);
        let mut request =
            Request::new(resolved.query).variables(params.variables).data(scope.clone()).data(id);
        self.check_demand(&document, &request)?;
        let operation = find_operation(&document, params.operation_name.as_deref())?;
        check_variables(operation, &request.variables)?;
        let kind = operation.ty;
        request.operation_name = params.operation_name;
        request.extensions = async_graphql::Extensions(params.extensions);
        let shape =
            Shape { order: Order::of(&document, operation), is_marked: presence::mark(&mut document) };
        request.set_parsed_query(document);
        Ok(Operation::new(request, kind, Caller { scope, id }, shape, self))
    }

    /// This must come before every parse.
    fn check_bytes(&self, query: &str) -> Result<(), ServerError> {
        let GraphqlLimits { max_document_bytes, max_nesting, max_tokens, .. } = self.limits;
        check(Code::QueryTooComplex, "bytes of document", query.len(), max_document_bytes)?;
        let measure = lexical::measure(query.as_bytes()).map_err(|unterminated| {
            let message = format!("The string that begins at byte {} does not end.", unterminated.at);
            error::error(Code::ParseFailed, message)
        })?;
        check(Code::QueryTooDeep, "brackets within each other", measure.nesting, max_nesting)?;
        check(Code::QueryTooComplex, "tokens", measure.tokens, max_tokens)
    }

    /// Validation looks at all operations of a document, so all are bound, not only the one that is to run.
    fn check_demand(&self, document: &ExecutableDocument, request: &Request) -> Result<(), ServerError> {
        let limits = &self.limits;
        let mut surveyor = Surveyor::new(document, &request.variables, &self.types, limits.max_nesting);
        for (_, operation) in document.operations.iter() {
            let Demand { width, depth, complexity, aliases, .. } = surveyor.operation(&operation.node)?;
            if operation.node.ty == OperationType::Subscription && width != 1 {
                let message =
                    format!("A subscription must have one field at its root; this one has {width}.");
                return Err(error::error(Code::ValidationFailed, message));
            }
            check(Code::QueryTooDeep, "fields within each other", depth, limits.max_depth)?;
            check(Code::QueryTooComplex, "fields at the root", width, limits.max_root_fields)?;
            check(Code::TooManyAliases, "aliases", aliases, limits.max_aliases)?;
            check(Code::QueryTooComplex, "fields to resolve", complexity, limits.max_complexity)?;
        }
        surveyor.fragments()?;
        if surveyor.introspects && limits.disable_introspection {
            return Err(error::error(Code::Forbidden, "Questions about the schema are not answered here."));
        }
        check(Code::QueryTooComplex, "directives", surveyor.directives, limits.max_directives)
    }
}

fn check(code: Code, what: &str, asked: usize, allowed: usize) -> Result<(), ServerError> {
    if asked > allowed { Err(error::over_limit(code, what, asked, allowed)) } else { Ok(()) }
}

fn parse_failed(failure: async_graphql::parser::Error) -> ServerError {
    let mut error = ServerError::from(failure);
    error::set_code(&mut error, Code::ParseFailed);
    error
}

fn find_operation<'a>(
    document: &'a ExecutableDocument,
    name: Option<&str>,
) -> Result<&'a OperationDefinition, ServerError> {
    operation(&document.operations, name).ok_or_else(|| {
        let message = match name {
            Some(name) => format!("The document has no operation named `{name}`."),
            None => "The document has several operations; `operationName` must name one.".to_owned(),
        };
        error::error(Code::BadUserInput, message)
    })
}

/// Variables must be there before anything runs: the execution would only miss one where it is used, perhaps after a first
/// mutation.
fn check_variables(operation: &OperationDefinition, variables: &Variables) -> Result<(), ServerError> {
    for Positioned { node: definition, pos } in &operation.variable_definitions {
        let given = variables.get(&definition.name.node).or_else(|| definition.default_value());
        if !definition.var_type.node.nullable && given.is_none_or(|value| *value == Value::Null) {
            let (name, ty) = (&definition.name.node, &definition.var_type.node);
            let mut error =
                ServerError::new(format!("The variable `${name}` of type `{ty}` needs a value."), Some(*pos));
            error::set_code(&mut error, Code::BadUserInput);
            return Err(error);
        }
    }
    Ok(())
}
