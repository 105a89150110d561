//! Reading a request's body within its bounds.

use std::{sync::Arc, time::Duration};

use axum::{
    body::{Body, BodyDataStream},
    http::{HeaderMap, StatusCode, header},
};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout_at},
};

use super::{error::Code, media_type::is_json, rejection::Rejection};

const KILOBYTE: usize = 1 << 10;
/// What is taken for a body before any of it has come.
const FIRST_BYTES: usize = 64 * KILOBYTE;
/// How long the rest of a body that is too large is read, so that its sender comes to see the answer.
const DISCARD: Duration = Duration::from_secs(2);

/// Reads bodies within bounds: each of its own, and all together.
pub(crate) struct BodyReader {
    max_bytes: usize,
    within: Duration,
    /// A permit for each kilobyte that may be held.
    kilobytes: Arc<Semaphore>,
}

/// A body, and the room it takes until it is dropped.
pub(crate) struct Held {
    /// The content.
    pub(crate) bytes: Bytes,
    _room: Option<OwnedSemaphorePermit>,
}

impl BodyReader {
    /// Bodies of at most `max_bytes`, at most `max_total` of all, each to arrive within `within`.
    pub(crate) fn new(max_bytes: usize, max_total: usize, within: Duration) -> Self {
        let kilobytes = (max_total / KILOBYTE).clamp(1, Semaphore::MAX_PERMITS);
        Self { max_bytes, within, kilobytes: Arc::new(Semaphore::new(kilobytes)) }
    }

    /// Reads a JSON body.
    pub(crate) async fn read(&self, headers: &HeaderMap, body: Body) -> Result<Held, Rejection> {
        check_headers(headers)?;
        let mut stream = body.into_data_stream();
        let announced = headers
            .get(header::CONTENT_LENGTH)
            .and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
        if announced.is_some_and(|length| length > self.max_bytes) {
            discard(stream, self.max_bytes).await;
            return Err(Rejection::too_large(announced, self.max_bytes));
        }
        let deadline = Instant::now() + self.within;
        let mut bytes = BytesMut::with_capacity(announced.unwrap_or_default().min(FIRST_BYTES));
        let mut room = None;
        while let Some(chunk) =
            timeout_at(deadline, stream.next()).await.map_err(|_| too_slow(self.within))?
        {
            let chunk =
                chunk.map_err(|error| Rejection::bad_request(format!("The body broke off: {error}.")))?;
            let length = bytes.len() + chunk.len();
            if length > self.max_bytes {
                discard(stream, self.max_bytes).await;
                return Err(Rejection::too_large(None, self.max_bytes));
            }
            self.make_room(&mut room, length)?;
            bytes.extend_from_slice(&chunk);
        }
        Ok(Held { bytes: bytes.freeze(), _room: room })
    }

    /// Short bodies are let through: they are bounded by the number of connections.
    fn make_room(&self, room: &mut Option<OwnedSemaphorePermit>, length: usize) -> Result<(), Rejection> {
        let held = room.as_ref().map_or(FIRST_BYTES / KILOBYTE, OwnedSemaphorePermit::num_permits);
        let missing = length.div_ceil(KILOBYTE).saturating_sub(held);
        let more = u32::try_from(missing).unwrap_or(u32::MAX);
        if missing == 0 {
            return Ok(());
        }
        let permit = Arc::clone(&self.kilobytes).try_acquire_many_owned(more).map_err(|_| no_room())?;
        match room {
            Some(room) => room.merge(permit),
            None => *room = Some(permit),
        }
        Ok(())
    }
}

fn no_room() -> Rejection {
    let message = "The server holds too many large requests already; try again soon.";
    Rejection::new(StatusCode::SERVICE_UNAVAILABLE, Code::RateLimited, message).with(header::RETRY_AFTER, "1")
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
