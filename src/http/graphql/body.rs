//! Reading a request's body within its bounds.

use std::time::Duration;

use axum::{
    body::{Body, BodyDataStream},
    http::{HeaderMap, StatusCode, header},
};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use tokio::time::{Instant, timeout_at};

use super::{error::Code, media_type::is_json, rejection::Rejection};

/// How long the rest of a body that is too large is read, so that its sender comes to see the answer.
const DISCARD: Duration = Duration::from_secs(2);

/// Reads a JSON body of at most `max_bytes` within `within`.
pub(crate) async fn read(
    headers: &HeaderMap,
    body: Body,
    max_bytes: usize,
    within: Duration,
) -> Result<Bytes, Rejection> {
    check_headers(headers)?;
    let mut stream = body.into_data_stream();
    let announced =
        headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > max_bytes) {
        discard(stream, max_bytes).await;
        return Err(Rejection::too_large(announced, max_bytes));
    }
    let deadline = Instant::now() + within;
    let mut bytes = BytesMut::with_capacity(announced.unwrap_or_default().min(64 << 10));
    while let Some(chunk) = timeout_at(deadline, stream.next()).await.map_err(|_| too_slow(within))? {
        let chunk = chunk.map_err(|error| Rejection::bad_request(format!("The body broke off: {error}.")))?;
        if bytes.len() + chunk.len() > max_bytes {
            discard(stream, max_bytes).await;
            return Err(Rejection::too_large(None, max_bytes));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.freeze())
}

fn check_headers(headers: &HeaderMap) -> Result<(), Rejection> {
    if !is_json(headers) {
        let message = "The body must be `application/json` in UTF-8.";
        return Err(unsupported(message).with(header::ACCEPT, "application/json"));
    }
    match headers.get(header::CONTENT_ENCODING) {
        Some(encoding) if encoding != "identity" => {
            let message = "The body must not be compressed.";
            Err(unsupported(message).with(header::ACCEPT_ENCODING, "identity"))
        }
        _ => Ok(()),
    }
}

fn unsupported(message: &str) -> Rejection {
    Rejection::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, Code::BadUserInput, message)
}

fn too_slow(within: Duration) -> Rejection {
    let message = format!("The body did not arrive within {} seconds.", within.as_secs_f32());
    Rejection::new(StatusCode::REQUEST_TIMEOUT, Code::BadUserInput, message).with(header::CONNECTION, "close")
}

/// Reads on, keeping nothing, for a short while and for a bounded number of bytes: an answer sent while the client still
/// writes would be lost with the connection.
async fn discard(mut stream: BodyDataStream, max_bytes: usize) {
    let deadline = Instant::now() + DISCARD;
    let mut left = max_bytes.saturating_mul(4);
    while let Ok(Some(Ok(chunk))) = timeout_at(deadline, stream.next()).await {
        left = match left.checked_sub(chunk.len()) {
            Some(left) => left,
            None => return,
        };
    }
}
