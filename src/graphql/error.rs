//! The one place where errors of use cases and resolvers get their `extensions.code`. Faults of the program keep their
//! cause as far as the edge of the house, which logs it and shows the client no more than where to find it.

use async_graphql::{ErrorExtensionValues, ServerError};

use crate::{
    model::{IdError, OptionError},
    service::ServiceError,
    store::CursorError,
};

/// An argument that is not allowed; the sentence names it, its value and what is allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct InputError(pub(super) String);

impl From<OptionError> for InputError {
    fn from(error: OptionError) -> Self {
        Self(error.to_string())
    }
}

impl InputError {
    /// The text given for `argument` is no identifier of the kind.
    pub(super) fn id(argument: &str, error: &IdError) -> Self {
        Self(format!("`{argument}`: {error}"))
    }

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

/// Gives each error its code. Those without a source are the library's own: at a path they are about arguments, else
/// about the document.
pub(super) fn add_codes(errors: &mut [ServerError]) {
    for error in errors {
        let code = match code_of_source(error) {
            Some(code) => code,
            None if error.path.is_empty() => "GRAPHQL_VALIDATION_FAILED",
            None => "BAD_USER_INPUT",
        };
        let extensions = error.extensions.get_or_insert_with(ErrorExtensionValues::default);
        if extensions.get("code").is_none() {
            extensions.set("code", code);
        }
    }
}

/// Whatever is not known to be the caller's fault is ours.
fn code_of_source(error: &ServerError) -> Option<&'static str> {
    error.source.as_ref()?;
    let code = if error.source::<InputError>().is_some() {
        "BAD_USER_INPUT"
    } else if error.source::<Unauthenticated>().is_some() {
        "UNAUTHENTICATED"
    } else if let Some(error) = error.source::<ServiceError>() {
        code_of_service(error)
    } else {
        INTERNAL
    };
    Some(code)
}

const fn code_of_service(error: &ServiceError) -> &'static str {
    match error {
        ServiceError::BadInput(_) => "BAD_USER_INPUT",
        ServiceError::Conflict(_) => "CONFLICT",
        ServiceError::NotFound { .. } => "NOT_FOUND",
        ServiceError::Store(_) => INTERNAL,
    }
}

const INTERNAL: &str = "INTERNAL";

#[cfg(test)]
mod tests {
    use async_graphql::{Error, PathSegment, Pos};

    use super::*;
    use crate::store::StoreError;

    fn code(error: Error, path: &[&str]) -> String {
        let path = path.iter().map(|name| PathSegment::Field((*name).to_owned())).collect();
        let mut errors = [error.into_server_error(Pos::default()).with_path(path)];
        add_codes(&mut errors);
        serde_json::to_value(&errors[0]).unwrap()["extensions"]["code"].as_str().unwrap().to_owned()
    }

    #[test]
    fn each_error_has_the_code_of_its_cause() {
        let not_found = ServiceError::NotFound { kind: "batch", id: "batch_1".to_owned() };
        let broken = || StoreError::Unreadable("a secret".to_owned());
        for (error, expected) in [
            (InputError("`first` is -1".to_owned()).into(), "BAD_USER_INPUT"),
            (Unauthenticated.into(), "UNAUTHENTICATED"),
            (ServiceError::BadInput("no".to_owned()).into(), "BAD_USER_INPUT"),
            (ServiceError::Conflict("no".to_owned()).into(), "CONFLICT"),
            (not_found.into(), "NOT_FOUND"),
            (ServiceError::Store(broken()).into(), "INTERNAL"),
            (broken().into(), "INTERNAL"),
            (std::sync::Arc::new(broken()).into(), "INTERNAL"),
            (std::fmt::Error.into(), "INTERNAL"),
            (Error::new("an argument that cannot be read"), "BAD_USER_INPUT"),
        ] {
            assert_eq!(code(error.clone(), &["domain"]), expected, "{error:?}");
        }
        assert_eq!(code(Error::new("unknown operation"), &[]), "GRAPHQL_VALIDATION_FAILED");
    }
}
