//! One operation: checked, run, and its answer made fit to be shown. All three transports come through here.

use std::{any::Any, panic::AssertUnwindSafe};

use async_graphql::{
    Pos, Request, Response, ServerError, Value,
    parser::types::{DocumentOperations, ExecutableDocument, OperationType},
};
use futures_util::{FutureExt, StreamExt, stream::BoxStream};
use serde::{Serialize, Serializer, ser::SerializeStruct};

use super::{
    error::{self, Code},
    lexical,
    request::GraphqlParams,
};
use crate::{
    config::GraphqlLimits,
    http::{GraphqlExecutor, RequestId},
    model::Scope,
};

/// An operation that may run.
pub(crate) struct Operation {
    request: Request,
    /// What kind it is.
    pub(crate) kind: OperationType,
    id: RequestId,
}

/// What became of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It ran; single fields may have failed.
    Ran,
    /// It was refused before it ran: the answer has no data.
    Refused,
    /// It ended in a panic: the answer has no data.
    Crashed,
}

/// An answer, as clients may see it.
#[derive(Debug)]
pub(crate) struct Answer {
    /// Data and errors.
    pub(crate) response: Response,
    /// What became of the operation.
    pub(crate) outcome: Outcome,
}

impl Answer {
    /// The answer to what is not run.
    pub(crate) fn refused(error: ServerError) -> Self {
        Self { response: Response::from_errors(vec![error]), outcome: Outcome::Refused }
    }

    fn new(mut response: Response, id: RequestId) -> Self {
        // Errors of a field carry its path; an error without one is of the whole request.
        let refused = response.data == Value::Null
            && !response.errors.is_empty()
            && response.errors.iter().all(|error| error.path.is_empty());
        error::polish(&mut response, id, refused);
        Self { response, outcome: if refused { Outcome::Refused } else { Outcome::Ran } }
    }

    fn crashed(panic: &(dyn Any + Send), id: RequestId) -> Self {
        let message = panic
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
            .unwrap_or("no message");
        tracing::error!(request_id = %id, panic = message, "a resolver panicked");
        let response = Response::from_errors(vec![error::internal(id)]);
        Self { response, outcome: Outcome::Crashed }
    }
}

impl Serialize for Answer {
    /// The response map of the GraphQL specification (§7.1): no `data` when nothing ran.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Response { data, errors, extensions, .. } = &self.response;
        let mut map = serializer.serialize_struct("Response", 3)?;
        if !errors.is_empty() {
            map.serialize_field("errors", errors)?;
        }
        if self.outcome == Outcome::Ran {
            map.serialize_field("data", data)?;
        }
        if !extensions.is_empty() {
            map.serialize_field("extensions", extensions)?;
        }
        map.end()
    }
}

impl Operation {
    /// Checks a request as far as that needs no schema, and gives it its caller.
    ///
    /// # Errors
    /// When the document is too deep, is not GraphQL, or has not the operation that is asked for.
    pub(crate) fn prepare(
        params: GraphqlParams,
        limits: &GraphqlLimits,
        scope: Scope,
        id: RequestId,
    ) -> Result<Self, ServerError> {
        let query = params.query.filter(|query| !query.trim().is_empty());
        let query = query.ok_or_else(|| error::error(Code::BadUserInput, "The request has no `query`."))?;
        check_bytes(&query, limits)?;
        let document = async_graphql::parser::parse_query(&query).map_err(parse_failed)?;
        let kind = kind_of(&document, params.operation_name.as_deref())?;
        let mut request = Request::new(query).variables(params.variables).data(scope).data(id);
        request.operation_name = params.operation_name;
        request.extensions = async_graphql::Extensions(params.extensions);
        request.set_parsed_query(document);
        Ok(Self { request, kind, id })
    }

    /// Runs a query or a mutation to its end.
    pub(crate) async fn run(self, executor: &dyn GraphqlExecutor) -> Answer {
        let id = self.id;
        match AssertUnwindSafe(executor.execute(self.request)).catch_unwind().await {
            Ok(response) => Answer::new(response, id),
            Err(panic) => Answer::crashed(&*panic, id),
        }
    }

    /// Runs any operation; a subscription answers many times. After a panic nothing more comes.
    pub(crate) fn stream(self, executor: &dyn GraphqlExecutor) -> BoxStream<'static, Answer> {
        let id = self.id;
        AssertUnwindSafe(executor.execute_stream(self.request))
            .catch_unwind()
            .map(move |event| match event {
                Ok(response) => Answer::new(response, id),
                Err(panic) => Answer::crashed(&*panic, id),
            })
            .boxed()
    }
}

/// The check that must come before every parse.
fn check_bytes(query: &str, limits: &GraphqlLimits) -> Result<(), ServerError> {
    let measure = lexical::measure(query.as_bytes()).map_err(|unterminated| {
        let message = format!("The string that begins at byte {} does not end.", unterminated.at);
        error::error(Code::ParseFailed, message)
    })?;
    if measure.nesting > limits.max_nesting {
        let what = "brackets within each other";
        return Err(error::over_limit(Code::QueryTooDeep, what, measure.nesting, limits.max_nesting));
    }
    Ok(())
}

fn parse_failed(failure: async_graphql::parser::Error) -> ServerError {
    let mut error = ServerError::from(failure);
    error::set_code(&mut error, Code::ParseFailed);
    error
}

fn kind_of(document: &ExecutableDocument, name: Option<&str>) -> Result<OperationType, ServerError> {
    let found = match (&document.operations, name) {
        (DocumentOperations::Single(operation), None) => Some(operation),
        (DocumentOperations::Single(_), Some(_)) => None,
        (DocumentOperations::Multiple(operations), Some(name)) => operations.get(name),
        (DocumentOperations::Multiple(operations), None) if operations.len() == 1 => {
            operations.values().next()
        }
        (DocumentOperations::Multiple(_), None) => {
            let message = "The document has several operations; `operationName` must name one.";
            return Err(error::error(Code::BadUserInput, message));
        }
    };
    found.map(|operation| operation.node.ty).ok_or_else(|| {
        let name = name.unwrap_or_default();
        let mut error =
            ServerError::new(format!("The document has no operation named `{name}`."), None::<Pos>);
        error::set_code(&mut error, Code::BadUserInput);
        error
    })
}
