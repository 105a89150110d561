//! The GraphQL protocols: HTTP, server-sent events, WebSocket.
//!
//! A request comes in by [`over_http`] or [`websocket`], its parameters are read ([`request`]), the document is checked
//! ([`gate`]), the operation is run ([`operation`]), and the answer leaves in the format of its transport. The schema stays behind [`executor`].

mod body;
mod completion;
mod demand;
mod documents;
mod error;
mod execution;
mod executor;
mod gate;
mod lexical;
mod media_type;
mod operation;
mod order;
mod over_http;
mod over_sse;
mod presence;
mod rejection;
mod request;
mod types;
mod websocket;

pub(super) use body::BodyReader;
pub(super) use documents::Documents;
pub use documents::ManifestError;
pub(super) use error::Code;
pub use executor::GraphqlExecutor;
pub(super) use gate::Gate;
pub(super) use over_http::endpoint;
pub(super) use rejection::{Rejection, crashed};
pub(super) use types::TypeIndex;
pub(super) use websocket::endpoint as websocket;
