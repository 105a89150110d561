//! Errors of the protocol layers, and what of the resolvers' errors callers are shown.

use async_graphql::{ErrorExtensionValues, Response, ServerError, Value};

use crate::http::RequestId;

/// `extensions.code` of an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Code {
    /// The request or an argument is not as it must be.
    BadUserInput,
    /// The caller is not known.
    Unauthenticated,
    /// The caller is known and may not.
    Forbidden,
    /// Too much at a time.
    RateLimited,
    /// Brackets or fields are nested too deep.
    QueryTooDeep,
    /// The operation asks for too much.
    QueryTooComplex,
    /// Too many fields are renamed.
    TooManyAliases,
    /// A document that is named is not known.
    PersistedQueryNotFound,
    /// It took too long.
    QueryTimeout,
    /// The document is not GraphQL.
    ParseFailed,
    /// The document is not one of this schema.
    ValidationFailed,
    /// The fault is the server's.
    Internal,
}

impl Code {
    /// The code as clients see it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::BadUserInput => "BAD_USER_INPUT",
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::Forbidden => "FORBIDDEN",
            Self::RateLimited => "RATE_LIMITED",
            Self::QueryTooDeep => "QUERY_TOO_DEEP",
            Self::QueryTooComplex => "QUERY_TOO_COMPLEX",
            Self::TooManyAliases => "TOO_MANY_ALIASES",
            Self::PersistedQueryNotFound => "PERSISTED_QUERY_NOT_FOUND",
            Self::QueryTimeout => "QUERY_TIMEOUT",
            Self::ParseFailed => "GRAPHQL_PARSE_FAILED",
            Self::ValidationFailed => "GRAPHQL_VALIDATION_FAILED",
            Self::Internal => "INTERNAL",
        }
    }
}

/// An error of no place in the document.
pub(crate) fn error(code: Code, message: impl Into<String>) -> ServerError {
    let mut error = ServerError::new(message, None);
    set_code(&mut error, code);
    error
}

/// An error that says what was asked for and what is allowed.
pub(crate) fn over_limit(code: Code, what: &str, asked: usize, allowed: usize) -> ServerError {
    let mut error = error(code, format!("The request has {asked} {what}; at most {allowed} are allowed."));
    let extensions: &mut ErrorExtensionValues = error.extensions.get_or_insert_default();
    extensions.set("asked", asked);
    extensions.set("allowed", allowed);
    error
}

/// What the caller is told when the fault is the server's; the cause is in the log under the same id.
pub(crate) fn internal(id: RequestId) -> ServerError {
    let mut error = error(Code::Internal, "The server failed on this request; its log has the cause.");
    error.extensions.get_or_insert_default().set("requestId", id.to_string());
    error
}

/// Gives an error its code.
pub(crate) fn set_code(error: &mut ServerError, code: Code) {
    error.extensions.get_or_insert_default().set("code", code.as_str());
}

/// Gives every error of a response its code and hides what is internal.
pub(super) fn polish(response: &mut Response, id: RequestId, refused: bool) {
    for error in &mut response.errors {
        match code_of(error) {
            Some(code) if code != Code::Internal.as_str() => {}
            None if refused => set_code(error, Code::ValidationFailed),
            None if error.source.is_none() => set_code(error, Code::BadUserInput),
            _ => mask(error, id),
        }
    }
}

fn code_of(error: &ServerError) -> Option<String> {
    match error.extensions.as_ref()?.get("code")? {
        Value::String(code) => Some(code.clone()),
        Value::Enum(code) => Some(code.to_string()),
        _ => None,
    }
}

/// Logs an internal error and leaves of it only its place.
fn mask(error: &mut ServerError, id: RequestId) {
    tracing::error!(request_id = %id, path = path(error), error = error.message, "a resolver failed");
    let shown = internal(id);
    error.message = shown.message;
    error.extensions = shown.extensions;
    error.source = None;
}

/// Where a field failed, such as `domains.nodes.3.title`.
pub(super) fn path(error: &ServerError) -> String {
    error.path.iter().map(path_segment).collect::<Vec<_>>().join(".")
}

fn path_segment(segment: &async_graphql::PathSegment) -> String {
    match segment {
        async_graphql::PathSegment::Field(name) => name.clone(),
        async_graphql::PathSegment::Index(index) => index.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(error: async_graphql::Error) -> ServerError {
        error.into_server_error(async_graphql::Pos::default())
    }

    #[test]
    fn only_deliberate_errors_are_shown() {
        let mut response = Response::from_errors(vec![
            failed(async_graphql::Error::new("too long")),
            failed(std::io::Error::other("disk /dev/sda1 is full").into()),
            error(Code::Forbidden, "not yours"),
            error(Code::Internal, "password is hunter2"),
        ]);
        polish(&mut response, RequestId::new(), false);
        let shown = serde_json::to_value(&response).expect("JSON")["errors"].to_string();
        for (text, is_shown) in [
            ("too long", true),
            ("not yours", true),
            ("FORBIDDEN", true),
            ("/dev", false),
            ("hunter2", false),
        ] {
            assert_eq!(shown.contains(text), is_shown, "{text} in {shown}");
        }
        assert_eq!(shown.matches("requestId").count(), 2);
    }
}
