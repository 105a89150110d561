//! The protocol layers over a small schema of their own, on a real port.

use std::{net::SocketAddr, sync::Arc};

use async_graphql::futures_util::{
    FutureExt,
    future::{BoxFuture, ready},
};
use scrapersky::{
    config::{GraphqlLimits, HttpSettings},
    http::{
        ExampleTab, HttpState, ServeError,
        auth::{Authenticate, Unauthenticated},
    },
    model::{Role, Scope, TenantId},
};
use tokio::{net::TcpListener, sync::Notify, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use super::{
    log,
    protocol_schema::{Probe, schema},
};

/// A server of the test schema; it stops when it is dropped.
pub struct ProtocolServer {
    pub address: SocketAddr,
    pub probe: Probe,
    shutdown: CancellationToken,
    served: JoinHandle<Result<(), ServeError>>,
}

impl ProtocolServer {
    pub async fn start() -> Self {
        Self::with(|_, _| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut GraphqlLimits, &mut HttpSettings)) -> Self {
        log::capture();
        let (mut limits, mut settings) = (GraphqlLimits::default(), HttpSettings::default());
        change(&mut limits, &mut settings);
        let probe = Probe::default();
        let schema = schema(&probe);
        let shutdown = CancellationToken::new();
        let state = HttpState::new(schema, ByName(probe.gate.clone()), limits, settings, shutdown.clone())
            .expect("a schema that can be read")
            .with_examples(examples());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let served = tokio::spawn(scrapersky::http::serve(listener, state));
        Self { address, probe, shutdown, served }
    }

    /// Tells the server to stop, without waiting for it.
    pub fn stop(&self) {
        self.shutdown.cancel();
    }

    /// Waits until everything has ended.
    pub async fn stopped(mut self) -> Result<(), ServeError> {
        self.shutdown.cancel();
        (&mut self.served).await.expect("serving does not panic")
    }
}

impl Drop for ProtocolServer {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

fn examples() -> Vec<ExampleTab> {
    let queries = [
        "query Hello { hello }",
        "subscription Count { count(to: 5, everyMs: 50) { number } }",
        "query Wrong { nothing }",
    ];
    queries.map(|query| ExampleTab { query: query.to_owned(), variables: None }).to_vec()
}

/// Everybody is let in, except who names himself `nobody`.
struct ByName(Arc<Notify>);

fn scope() -> Scope {
    Scope { tenant_id: TenantId::generate(), user_id: None, role: Role::Owner }
}

impl Authenticate for ByName {
    fn by_headers<'a>(
        &'a self,
        headers: &'a axum::http::HeaderMap,
    ) -> BoxFuture<'a, Result<Scope, Unauthenticated>> {
        let refused = headers.get("authorization").is_some_and(|value| value == "nobody");
        ready(if refused { Err(Unauthenticated("You are nobody.".to_owned())) } else { Ok(scope()) }).boxed()
    }

    fn by_connection_init<'a>(
        &'a self,
        _headers: &'a axum::http::HeaderMap,
        payload: Option<&'a serde_json::Value>,
    ) -> BoxFuture<'a, Result<Scope, Unauthenticated>> {
        async move {
            let flag = |name| payload.is_some_and(|payload| payload[name] == true);
            if flag("wait") {
                self.0.notified().await;
            }
            if flag("nobody") { Err(Unauthenticated("You are nobody.".to_owned())) } else { Ok(scope()) }
        }
        .boxed()
    }
}
