//! GraphQL over server-sent events, in the distinct connections mode of
//! <https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md>.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, header, request::Parts},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::{
    Stream, StreamExt,
    future::Either,
    stream::{self, BoxStream},
};
use tokio::time::{Instant, interval_at};

use super::{
    media_type::Format, operation::Answer, over_http::check_kind, rejection::Rejection,
    request::GraphqlParams,
};
use crate::{
    graphql::LastEvent,
    http::{HttpState, RequestId},
    model::Scope,
};

/// Streams one operation. What is refused before it runs is told in the stream too: `EventSource` shows no other answer.
pub(super) fn respond(
    state: &HttpState,
    params: GraphqlParams,
    scope: Scope,
    id: RequestId,
    parts: &Parts,
) -> Result<Response, Rejection> {
    let permit = state.stream_permit()?;
    let last_event = last_event(&parts.headers);
    let answers = match state.gate.admit(params, scope, id) {
        Ok(operation) => {
            check_kind(operation.kind, &parts.method)?;
            Either::Left(
                operation.with(last_event.clone()).stream(Arc::clone(&state.executor), state.metrics()),
            )
        }
        Err(error) => Either::Right(stream::iter([Answer::refused(error)])),
    };
    let stopped = state.shutdown.clone().cancelled_owned();
    let events = events(answers.boxed(), last_event, state.settings.ping_interval).take_until(stopped).map(
        move |event| {
            let _held_while_streaming = &permit;
            Ok::<_, Infallible>(event)
        },
    );
    let headers = [
        (header::CONTENT_TYPE, Format::EventStream.content_type()),
        (header::CACHE_CONTROL, "no-store"),
        // Proxies are not to gather what is sent.
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    Ok((headers, Body::from_stream(events)).into_response())
}

/// A comment keeps the connection from looking dead. `complete` has an empty field of data, as `EventSource` passes over
/// events without one; a stream that the server breaks off has none, so that its client connects again.
fn events(
    answers: BoxStream<'static, Answer>,
    last_event: LastEvent,
    ping_interval: Duration,
) -> impl Stream<Item = Bytes> + Send {
    let pings = interval_at(Instant::now() + ping_interval, ping_interval);
    stream::unfold(Some((answers, last_event, pings)), |open| async {
        let (mut answers, last_event, mut pings) = open?;
        tokio::select! {
            biased;
            answer = answers.next() => Some(match answer {
                Some(answer) => (next(&answer, last_event.number()), Some((answers, last_event, pings))),
                None => (Bytes::from_static(b"event: complete\ndata:\n\n"), None),
            }),
            _ = pings.tick() => Some((Bytes::from_static(b":\n\n"), Some((answers, last_event, pings)))),
        }
    })
}

/// JSON has no line breaks of its own, so it is one line of data. An event that has a number has it as its id.
fn next(answer: &Answer, number: i64) -> Bytes {
    let data = serde_json::to_string(answer).unwrap_or_default();
    let id = if number > 0 { format!("id: {number}\n") } else { String::new() };
    format!("event: next\n{id}data: {data}\n\n").into()
}

/// `EventSource` sends the id of the last event when it connects again
/// (<https://html.spec.whatwg.org/multipage/server-sent-events.html#the-last-event-id-header>).
fn last_event(headers: &HeaderMap) -> LastEvent {
    let header = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    LastEvent::seen(header.and_then(|id| id.trim().parse().ok()))
}
