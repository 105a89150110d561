//! GraphQL over HTTP, <https://graphql.github.io/graphql-over-http/draft/>.

use async_graphql::parser::types::OperationType;
use axum::{
    Extension,
    body::Body,
    extract::{Request, State},
    http::{HeaderValue, Method, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use futures_util::future::join_all;

use super::{
    body::Held,
    error::{self, Code},
    media_type::{Format, negotiate},
    operation::{Answer, Outcome},
    over_sse,
    rejection::{Rejection, json},
    request::{self, GraphqlParams, Requests},
};
use crate::{
    http::{HttpState, RequestId},
    model::Scope,
};

const METHODS: &str = "GET, HEAD, POST, OPTIONS";

/// `/graphql`, every method.
pub(crate) async fn endpoint(
    State(state): State<HttpState>,
    Extension(id): Extension<RequestId>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    if parts.method == Method::OPTIONS {
        return (StatusCode::NO_CONTENT, [(header::ALLOW, METHODS)]).into_response();
    }
    let mut response = match negotiate(&parts.headers) {
        Some(format) => match respond(&state, id, &parts, body, format).await {
            Ok(response) => response,
            Err(rejection) => rejection.into_response(format),
        },
        None => not_acceptable().into_response(Format::GraphqlResponse),
    };
    let headers = response.headers_mut();
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.append(header::VARY, HeaderValue::from_static("accept"));
    response
}

fn not_acceptable() -> Rejection {
    let message =
        "Answers are `application/graphql-response+json`, `application/json` or `text/event-stream`.";
    Rejection::new(StatusCode::NOT_ACCEPTABLE, Code::BadUserInput, message)
}

async fn respond(
    state: &HttpState,
    id: RequestId,
    parts: &Parts,
    body: Body,
    format: Format,
) -> Result<Response, Rejection> {
    check_method(parts)?;
    let scope = state.authenticator.by_headers(&parts.headers).await?;
    let (requests, _room) = read(state, parts, body).await?;
    match (requests, format) {
        (Requests::One(params), Format::EventStream) => over_sse::respond(state, *params, scope, id, parts),
        (Requests::One(params), _) => run_one(state, *params, scope, id, parts, format).await,
        (Requests::Batch(_), Format::EventStream) => {
            Err(Rejection::bad_request("A batch cannot be answered as an event stream."))
        }
        (Requests::Batch(batch), _) => run_batch(state, batch, &scope, id, format).await,
    }
}

fn check_method(parts: &Parts) -> Result<(), Rejection> {
    match parts.method {
        Method::GET | Method::HEAD | Method::POST => Ok(()),
        _ => Err(Rejection::method_not_allowed(METHODS, "GraphQL is asked by GET or POST.")),
    }
}

/// The room that a large body takes is held until its request is answered: what was read of it lives as long.
async fn read(state: &HttpState, parts: &Parts, body: Body) -> Result<(Requests, Option<Held>), Rejection> {
    if parts.method == Method::POST {
        let body = state.bodies.read(&parts.headers, body).await?;
        let requests = request::from_body(&body.bytes).map_err(Rejection::bad_request)?;
        Ok((requests, Some(body)))
    } else {
        let query = parts.uri.query().unwrap_or_default();
        request::from_query_string(query).map(|requests| (requests, None)).map_err(Rejection::bad_request)
    }
}

async fn run_one(
    state: &HttpState,
    params: GraphqlParams,
    scope: Scope,
    id: RequestId,
    parts: &Parts,
    format: Format,
) -> Result<Response, Rejection> {
    if !params.has_document() {
        return Err(Rejection::bad_request("The request has no `query`."));
    }
    let answer = match state.gate.admit(params, scope, id) {
        Ok(operation) => {
            check_kind(operation.kind, &parts.method)?;
            if operation.kind == OperationType::Subscription {
                return Err(subscription_needs_a_stream());
            }
            operation.run(&*state.executor).await
        }
        Err(error) => Answer::refused(error),
    };
    Ok(json(status(answer.outcome, format), format, &answer))
}

/// A GET changes nothing: links and images of other pages can make one.
pub(super) fn check_kind(kind: OperationType, method: &Method) -> Result<(), Rejection> {
    if kind == OperationType::Mutation && method != Method::POST {
        return Err(Rejection::method_not_allowed("POST", "A mutation must be sent by POST."));
    }
    Ok(())
}

fn subscription_needs_a_stream() -> Rejection {
    let message = "A subscription needs `Accept: text/event-stream` or the WebSocket at /graphql/ws.";
    Rejection::new(StatusCode::NOT_ACCEPTABLE, Code::BadUserInput, message)
}

async fn run_batch(
    state: &HttpState,
    batch: Vec<GraphqlParams>,
    scope: &Scope,
    id: RequestId,
    format: Format,
) -> Result<Response, Rejection> {
    let allowed = state.gate.limits.max_operations;
    if batch.is_empty() {
        return Err(Rejection::bad_request("The batch is empty."));
    }
    if batch.len() > allowed {
        let error = error::over_limit(Code::QueryTooComplex, "operations", batch.len(), allowed);
        return Err(Rejection::of(StatusCode::BAD_REQUEST, error));
    }
    let answers = join_all(batch.into_iter().map(|params| async {
        match state.gate.admit(params, scope.clone(), id) {
            Ok(operation) => operation.run(&*state.executor).await,
            Err(error) => Answer::refused(error),
        }
    }));
    Ok(json(StatusCode::OK, format, &answers.await))
}

/// Clients that only know `application/json` are told of a refusal in the body alone.
const fn status(outcome: Outcome, format: Format) -> StatusCode {
    match (outcome, format) {
        (Outcome::TimedOut, _) => StatusCode::SERVICE_UNAVAILABLE,
        (Outcome::Crashed, _) => StatusCode::INTERNAL_SERVER_ERROR,
        (Outcome::Refused, Format::GraphqlResponse) => StatusCode::BAD_REQUEST,
        _ => StatusCode::OK,
    }
}
