//! Messages and close codes of `graphql-transport-ws`,
//! <https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md>.

use async_graphql::ServerError;
use axum::extract::ws::CloseFrame;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::http::graphql::{operation::Answer, request::GraphqlParams};

/// The subprotocol's name.
pub(crate) const NAME: &str = "graphql-transport-ws";

/// What a client sends.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum ClientMessage {
    /// Opens the conversation, with what tells who asks.
    ConnectionInit {
        /// Free for the application.
        payload: Option<Map<String, Value>>,
    },
    /// Asks for a pong.
    Ping {
        /// Returned in the pong.
        payload: Option<Map<String, Value>>,
    },
    /// Answers a ping, or just says that the client lives.
    Pong {},
    /// Starts an operation.
    Subscribe {
        /// Its name on this socket.
        id: String,
        /// What to run.
        payload: Box<GraphqlParams>,
    },
    /// Ends an operation that runs.
    Complete {
        /// Its name on this socket.
        id: String,
    },
}

impl ClientMessage {
    /// Reads a message.
    pub(crate) fn parse(text: &str) -> Result<Self, Close> {
        // An array would be taken for the values of an object in their order.
        if !text.trim_start().starts_with('{') {
            return Err(Close::bad_request("a message is an object"));
        }
        let message: Self =
            serde_json::from_str(text).map_err(|error| Close::bad_request(error.to_string()))?;
        match &message {
            Self::Subscribe { id, .. } | Self::Complete { id } if id.is_empty() => {
                Err(Close::bad_request("the id is empty"))
            }
            Self::Subscribe { payload, .. } if !payload.has_document() => {
                Err(Close::bad_request("the payload has no query"))
            }
            _ => Ok(message),
        }
    }
}

/// What the server sends.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum ServerMessage<'a> {
    /// The client may go on.
    ConnectionAck,
    /// Answers a ping.
    Pong {
        /// What the ping carried.
        #[serde(skip_serializing_if = "Option::is_none")]
        payload: Option<Map<String, Value>>,
    },
    /// A result.
    Next {
        /// The operation.
        id: &'a str,
        /// The result.
        payload: &'a Answer,
    },
    /// The operation was refused, or broke; nothing more comes.
    Error {
        /// The operation.
        id: &'a str,
        /// Why.
        payload: &'a [ServerError],
    },
    /// All results were sent.
    Complete {
        /// The operation.
        id: &'a str,
    },
}

impl ServerMessage<'_> {
    /// The message as text.
    pub(crate) fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|error| {
            tracing::error!(%error, "a message is not JSON");
            String::new()
        })
    }
}

/// Why a socket is closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Close {
    code: u16,
    reason: String,
}

impl Close {
    fn new(code: u16, reason: impl Into<String>) -> Self {
        let mut reason = reason.into();
        // A close frame holds 125 bytes, two of which are the code (RFC 6455 §5.5).
        reason.truncate(reason.floor_char_boundary(123));
        Self { code, reason }
    }

    /// A message is not of the protocol.
    pub(crate) fn bad_request(why: impl AsRef<str>) -> Self {
        Self::new(4400, format!("Invalid message: {}", why.as_ref()))
    }

    /// An operation before the acknowledgement.
    pub(crate) fn unauthorized() -> Self {
        Self::new(4401, "Unauthorized")
    }

    /// The caller is not let in.
    pub(crate) fn forbidden(why: &str) -> Self {
        Self::new(4403, if why.is_empty() { "Forbidden" } else { why })
    }

    /// Another protocol than ours.
    pub(crate) fn subprotocol() -> Self {
        Self::new(4406, format!("Subprotocol not acceptable; it must be {NAME}"))
    }

    /// No `connection_init` came.
    pub(crate) fn initialisation_timeout() -> Self {
        Self::new(4408, "Connection initialisation timeout")
    }

    /// An id that is in use.
    pub(crate) fn duplicate(id: &str) -> Self {
        Self::new(4409, format!("Subscriber for {id} already exists"))
    }

    /// A second `connection_init`.
    pub(crate) fn too_many_inits() -> Self {
        Self::new(4429, "Too many initialisation requests")
    }

    /// The server stops; clients connect again.
    pub(crate) fn going_away() -> Self {
        Self::new(1001, "The server is stopping")
    }

    /// The client was silent for too long, or reads nothing.
    pub(crate) fn silent() -> Self {
        Self::new(1001, "The client does not answer pings")
    }

    /// The frame to send.
    pub(crate) fn frame(self) -> CloseFrame {
        CloseFrame { code: self.code, reason: self.reason.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_close_reason_fits_its_frame() {
        let reason = Close::duplicate(&"ä".repeat(200)).reason;
        assert!(reason.len() <= 123 && reason.len() > 120, "{} bytes", reason.len());
    }
}
