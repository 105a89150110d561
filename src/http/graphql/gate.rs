//! What every request must pass before the schema sees it.

use std::sync::Arc;

use async_graphql::{
    Request, ServerError,
    parser::types::{ExecutableDocument, OperationType},
};

use super::{
    demand::{Demand, Surveyor},
    error::{self, Code},
    lexical,
    operation::{Operation, operation},
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
}

impl Gate {
    /// Checks a request and gives it its caller.
    ///
    /// # Errors
    /// When the document asks for more than a limit allows, is not GraphQL, or has not the operation that is asked for.
    pub(crate) fn admit(
        self: &Arc<Self>,
        params: GraphqlParams,
        scope: Scope,
        id: RequestId,
    ) -> Result<Operation, ServerError> {
        let query = params.query.filter(|query| !query.trim().is_empty());
        let query = query.ok_or_else(|| error::error(Code::BadUserInput, "The request has no `query`."))?;
        self.check_bytes(&query)?;
        let document = async_graphql::parser::parse_query(&query).map_err(parse_failed)?;
        let mut request = Request::new(query).variables(params.variables).data(scope).data(id);
        self.check_demand(&document, &request)?;
        let kind = kind_of(&document, params.operation_name.as_deref())?;
        request.operation_name = params.operation_name;
        request.extensions = async_graphql::Extensions(params.extensions);
        request.set_parsed_query(document);
        Ok(Operation::new(request, kind, id, self))
    }

    /// This must come before every parse.
    fn check_bytes(&self, query: &str) -> Result<(), ServerError> {
        let measure = lexical::measure(query.as_bytes()).map_err(|unterminated| {
            let message = format!("The string that begins at byte {} does not end.", unterminated.at);
            error::error(Code::ParseFailed, message)
        })?;
        let GraphqlLimits { max_nesting, max_tokens, .. } = self.limits;
        check(Code::QueryTooDeep, "brackets within each other", measure.nesting, max_nesting)?;
        check(Code::QueryTooComplex, "tokens", measure.tokens, max_tokens)
    }

    /// Validation looks at all operations of a document, so all are bound, not only the one that is to run.
    fn check_demand(&self, document: &ExecutableDocument, request: &Request) -> Result<(), ServerError> {
        let limits = &self.limits;
        let mut surveyor = Surveyor::new(document, &request.variables, &self.types, limits.max_nesting);
        for (_, operation) in document.operations.iter() {
            let Demand { width, depth, complexity, aliases, .. } = surveyor.operation(&operation.node)?;
            check(Code::QueryTooDeep, "fields within each other", depth, limits.max_depth)?;
            check(Code::QueryTooComplex, "fields at the root", width, limits.max_root_fields)?;
            check(Code::TooManyAliases, "aliases", aliases, limits.max_aliases)?;
            check(Code::QueryTooComplex, "fields to resolve", complexity, limits.max_complexity)?;
        }
        surveyor.fragments()?;
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

fn kind_of(document: &ExecutableDocument, name: Option<&str>) -> Result<OperationType, ServerError> {
    let found = operation(&document.operations, name).map(|operation| operation.ty);
    found.ok_or_else(|| {
        let message = match name {
            Some(name) => format!("The document has no operation named `{name}`."),
            None => "The document has several operations; `operationName` must name one.".to_owned(),
        };
        error::error(Code::BadUserInput, message)
    })
}
