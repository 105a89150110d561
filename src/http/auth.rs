//! Who asks: the one place where a request gets its [`Scope`].

use axum::http::HeaderMap;
use futures_util::future::{BoxFuture, FutureExt, ready};
use serde_json::Value;

use crate::model::Scope;

/// Why a caller is not let in. The text is told to the caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unauthenticated(pub String);

/// Tells from a request whom it speaks for.
pub trait Authenticate: Send + Sync + 'static {
    /// Reads the headers of an HTTP request.
    fn by_headers<'a>(&'a self, headers: &'a HeaderMap) -> BoxFuture<'a, Result<Scope, Unauthenticated>>;

    /// Reads the headers a WebSocket was opened with and the payload of its `connection_init`, which wins.
    fn by_connection_init<'a>(
        &'a self,
        headers: &'a HeaderMap,
        payload: Option<&'a Value>,
    ) -> BoxFuture<'a, Result<Scope, Unauthenticated>>;
}

/// Lets everybody in as the default tenant.
#[derive(Debug, Clone)]
pub struct DefaultTenant(pub Scope);

impl Authenticate for DefaultTenant {
    fn by_headers<'a>(&'a self, _headers: &'a HeaderMap) -> BoxFuture<'a, Result<Scope, Unauthenticated>> {
        ready(Ok(self.0.clone())).boxed()
    }

    fn by_connection_init<'a>(
        &'a self,
        _headers: &'a HeaderMap,
        _payload: Option<&'a Value>,
    ) -> BoxFuture<'a, Result<Scope, Unauthenticated>> {
        ready(Ok(self.0.clone())).boxed()
    }
}
