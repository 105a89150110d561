//! GraphQL over WebSocket: `graphql-transport-ws`.

mod operations;
mod protocol;
mod session;

use axum::{
    extract::{State, WebSocketUpgrade, ws::rejection::WebSocketUpgradeRejection},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::Response,
};

use super::{error::Code, media_type::Format, rejection::Rejection};
use crate::http::{HttpState, security};

/// What is read at a time; messages may be longer. With the library's default of 128 KiB it would be nearly all that a
/// socket holds.
const BUFFER: usize = 1 << 10;

/// `/graphql/ws`.
pub(crate) async fn endpoint(
    State(state): State<HttpState>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    match open(state, &headers, upgrade) {
        Ok(response) => response,
        Err(rejection) => rejection.into_response(Format::Json),
    }
}

fn open(
    state: HttpState,
    headers: &HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Rejection> {
    let upgrade = upgrade.map_err(|reason| not_a_socket(&reason))?;
    if !security::may_open_socket(headers, &state.settings.allowed_origins) {
        let message = "Pages of this origin may not open a WebSocket here.";
        return Err(Rejection::new(StatusCode::FORBIDDEN, Code::Forbidden, message));
    }
    let permit = state.stream_permit()?;
    let headers = detached(headers);
    let max_bytes = state.settings.max_message_bytes;
    let sockets = state.sockets.clone();
    Ok(upgrade
        .protocols([protocol::NAME])
        .read_buffer_size(BUFFER)
        .write_buffer_size(0)
        .max_message_size(max_bytes)
        .max_frame_size(max_bytes)
        .on_upgrade(move |socket| {
            sockets.track_future(async move {
                let _held_while_open = permit;
                session::run(socket, state, headers).await;
            })
        }))
}

/// Copies headers out of the buffer that they were read into, which would else stay with the socket.
fn detached(headers: &HeaderMap) -> HeaderMap {
    let copy = |(name, value): (&HeaderName, &HeaderValue)| {
        Some((name.clone(), HeaderValue::from_bytes(value.as_bytes()).ok()?))
    };
    headers.iter().filter_map(copy).collect()
}

fn not_a_socket(reason: &WebSocketUpgradeRejection) -> Rejection {
    let message = format!("This address speaks WebSocket ({}): {reason}.", protocol::NAME);
    Rejection::new(StatusCode::UPGRADE_REQUIRED, Code::BadUserInput, message)
        .with(header::UPGRADE, "websocket")
}
