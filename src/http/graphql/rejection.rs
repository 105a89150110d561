//! Answers to requests that are wrong as HTTP: a status, and a body shaped as GraphQL.

use std::any::Any;

use async_graphql::ServerError;
use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{
    error::{self, Code},
    media_type::Format,
    operation::Answer,
};
use crate::{
    graphql::panic_message,
    http::{RequestId, auth::Unauthenticated},
};

/// Why a request is refused before any operation is looked at.
#[derive(Debug)]
pub(crate) struct Rejection {
    status: StatusCode,
    error: Box<ServerError>,
    header: Option<(HeaderName, &'static str)>,
}

impl Rejection {
    /// A rejection that the caller can mend.
    pub(crate) fn new(status: StatusCode, code: Code, message: impl Into<String>) -> Self {
        Self { status, error: Box::new(error::error(code, message)), header: None }
    }

    /// 400.
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, Code::BadUserInput, message)
    }

    /// 405, with what is allowed instead.
    pub(crate) fn method_not_allowed(allowed: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, Code::BadUserInput, message).with(header::ALLOW, allowed)
    }

    /// 413, with the figures; what is left of the request is not read.
    pub(crate) fn too_large(asked: Option<usize>, allowed: usize) -> Self {
        let message = format!("The body is larger than {allowed} bytes.");
        let mut rejection = Self::new(StatusCode::PAYLOAD_TOO_LARGE, Code::BadUserInput, message);
        let extensions = rejection.error.extensions.get_or_insert_default();
        if let Some(asked) = asked {
            extensions.set("asked", asked);
        }
        extensions.set("allowed", allowed);
        rejection.with(header::CONNECTION, "close")
    }

    /// Any status, with an error that is already made.
    pub(crate) fn of(status: StatusCode, error: ServerError) -> Self {
        Self { status, error: Box::new(error), header: None }
    }

    /// Adds a header.
    pub(crate) fn with(mut self, name: HeaderName, value: &'static str) -> Self {
        self.header = Some((name, value));
        self
    }

    /// The response in the format that the client accepts; an event stream can only begin with 200, so JSON stands for it.
    pub(crate) fn into_response(self, format: Format) -> Response {
        let format = if format == Format::EventStream { Format::GraphqlResponse } else { format };
        let mut response = json(self.status, format, &Answer::refused(*self.error));
        if let Some((name, value)) = self.header {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        response
    }
}

impl From<Unauthenticated> for Rejection {
    fn from(reason: Unauthenticated) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, Code::Unauthenticated, reason.to_string())
            .with(header::WWW_AUTHENTICATE, "Bearer")
    }
}

/// A response with a JSON body.
pub(crate) fn json(status: StatusCode, format: Format, body: &impl serde::Serialize) -> Response {
    match serde_json::to_vec(body) {
        Ok(body) => (status, [(header::CONTENT_TYPE, format.content_type())], body).into_response(),
        Err(error) => {
            tracing::error!(%error, "an answer is not JSON");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// The answer when a handler itself panicked, which is a fault of this room and not of a resolver.
#[expect(clippy::needless_pass_by_value, reason = "the layer hands it over")]
pub(crate) fn crashed(panic: Box<dyn Any + Send>) -> Response {
    let id = RequestId::new();
    tracing::error!(request_id = %id, panic = panic_message(&*panic), "a handler panicked");
    Rejection::of(StatusCode::INTERNAL_SERVER_ERROR, error::internal(id)).into_response(Format::Json)
}
