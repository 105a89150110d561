//! The one place where errors become GraphQL errors: each has an `extensions.code`, and faults of the program tell the
//! client no more than the identifier under which the log has them.

use async_graphql::{ErrorExtensionValues, PathSegment, ServerError};

use crate::{
    model::{IdError, OptionError},
    service::ServiceError,
    store::CursorError,
};

/// What kind of error it is: `extensions.code`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Code {
    BadUserInput,
    Unauthenticated,
    NotFound,
    Conflict,
    QueryTooDeep,
    QueryTooComplex,
    ParseFailed,
    ValidationFailed,
    Internal,
}

impl Code {
    const fn as_str(self) -> &'static str {
        match self {
            Self::BadUserInput => "BAD_USER_INPUT",
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::NotFound => "NOT_FOUND",
            Self::Conflict => "CONFLICT",
            Self::QueryTooDeep => "QUERY_TOO_DEEP",
            Self::QueryTooComplex => "QUERY_TOO_COMPLEX",
            Self::ParseFailed => "GRAPHQL_PARSE_FAILED",
            Self::ValidationFailed => "GRAPHQL_VALIDATION_FAILED",
            Self::Internal => "INTERNAL",
        }
    }
}

/// An argument that is not allowed; the sentence names it, its value and what is allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct InputError(pub(super) String);

impl From<OptionError> for InputError {
    fn from(error: OptionError) -> Self {
        Self(error.to_string())
    }
}

impl From<IdError> for InputError {
    fn from(error: IdError) -> Self {
        Self(error.to_string())
    }
}

impl InputError {
    /// The text given for `argument` is no cursor of the list.
    pub(super) fn cursor(argument: &str, given: &str, error: CursorError) -> Self {
        let shown: String = given.chars().take(80).collect();
        Self(format!("`{argument}`: `{shown}` {error}"))
    }
}

/// The request came without a scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the request is not authenticated")]
pub(super) struct Unauthenticated;

/// An error with its code, made before or around the execution.
pub(super) fn coded(code: Code, message: impl Into<String>) -> ServerError {
    let mut error = ServerError::new(message, None);
    set_code(&mut error, code);
    error
}

fn set_code(error: &mut ServerError, code: Code) {
    error.extensions.get_or_insert_with(ErrorExtensionValues::default).set("code", code.as_str());
}

/// Gives every error its code and hides what only the operator may see. Errors that come without a source are the
/// library's own: at a path they are about arguments, else about the document.
pub(super) fn finish(errors: &mut [ServerError], request_id: &str) {
    for error in errors {
        if error.extensions.as_ref().is_some_and(|values| values.get("code").is_some()) {
            continue;
        }
        let code = match code_of_source(error) {
            Some(code) => code,
            None if error.path.is_empty() => Code::ValidationFailed,
            None => Code::BadUserInput,
        };
        if code == Code::Internal {
            hide(error, request_id);
        }
        set_code(error, code);
    }
}

/// The cause goes to the log, and the client gets the name under which it is found there.
fn hide(error: &mut ServerError, request_id: &str) {
    tracing::error!(request_id, path = %path(&error.path), cause = %error.message, "a request failed inside");
    "internal error".clone_into(&mut error.message);
    error.source = None;
    error.extensions.get_or_insert_with(ErrorExtensionValues::default).set("requestId", request_id);
}

fn path(segments: &[PathSegment]) -> String {
    let texts = segments.iter().map(|segment| match segment {
        PathSegment::Field(name) => name.clone(),
        PathSegment::Index(index) => index.to_string(),
    });
    texts.collect::<Vec<_>>().join(".")
}

fn code_of_source(error: &ServerError) -> Option<Code> {
    if error.source.is_none() {
        None
    } else if error.source::<InputError>().is_some() {
        Some(Code::BadUserInput)
    } else if error.source::<Unauthenticated>().is_some() {
        Some(Code::Unauthenticated)
    } else if let Some(error) = error.source::<ServiceError>() {
        Some(code_of_service(error))
    } else {
        Some(Code::Internal)
    }
}

const fn code_of_service(error: &ServiceError) -> Code {
    match error {
        ServiceError::BadInput(_) => Code::BadUserInput,
        ServiceError::Conflict(_) => Code::Conflict,
        ServiceError::NotFound { .. } => Code::NotFound,
        ServiceError::Store(_) => Code::Internal,
    }
}
