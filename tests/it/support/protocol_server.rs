//! The protocol layers over a small schema of their own, on a real port.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_graphql::{
    Context, Data, Object, Schema, Subscription,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextExecute},
    futures_util::{
        FutureExt, Stream, StreamExt,
        future::{BoxFuture, ready},
        stream,
    },
};
use scrapersky::{
    config::{GraphqlLimits, HttpSettings},
    http::{
        ExampleTab, HttpState, ServeError,
        auth::{Authenticate, Unauthenticated},
    },
    model::{Role, Scope, TenantId},
};
use tokio::{
    net::TcpListener,
    sync::{Notify, watch},
    task::JoinHandle,
    time::{interval, sleep},
};
use tokio_util::sync::CancellationToken;

/// A server of the test schema; it stops when it is dropped.
pub struct ProtocolServer {
    pub address: SocketAddr,
    pub probe: Probe,
    shutdown: CancellationToken,
    served: JoinHandle<Result<(), ServeError>>,
}

/// What the resolvers tell the tests.
#[derive(Clone, Default)]
pub struct Probe {
    /// Mutations that ran.
    pub bumps: Arc<AtomicUsize>,
    /// Subscriptions that are alive.
    pub alive: Arc<AtomicUsize>,
    /// Lets a `connection_init` of `{"wait": true}` through.
    pub gate: Arc<Notify>,
    /// What `latest` shows.
    pub state: Arc<watch::Sender<i32>>,
    /// How often `latest` was asked for its next state.
    pub polls: Arc<AtomicUsize>,
}

impl ProtocolServer {
    pub async fn start() -> Self {
        Self::with(|_, _| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut GraphqlLimits, &mut HttpSettings)) -> Self {
        let (mut limits, mut settings) = (GraphqlLimits::default(), HttpSettings::default());
        change(&mut limits, &mut settings);
        let probe = Probe::default();
        let schema =
            Schema::build(Query, Mutation, Events).data(probe.clone()).extension(Loaders::default()).finish();
        let shutdown = CancellationToken::new();
        let state = HttpState::new(schema, ByName(probe.gate.clone()), limits, settings, shutdown.clone())
            .expect("a schema that can be read")
            .with_examples(vec![ExampleTab { query: "query Hello { hello }".to_owned(), variables: None }]);
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

/// Stands for the dataloaders: one set for each execution and for each event.
#[derive(Default, Clone)]
struct Loaders(Arc<AtomicUsize>);

struct LoaderSet(usize);

impl ExtensionFactory for Loaders {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(self.clone())
    }
}

#[async_graphql::async_trait::async_trait]
impl Extension for Loaders {
    async fn execute(
        &self,
        ctx: &ExtensionContext<'_>,
        operation_name: Option<&str>,
        next: NextExecute<'_>,
    ) -> async_graphql::Response {
        let mut data = Data::default();
        data.insert(LoaderSet(self.0.fetch_add(1, Ordering::SeqCst)));
        next.run_with_data(ctx, operation_name, data).await
    }
}

fn panic_with<T>(secret: &str) -> T {
    panic!("{secret}")
}

struct Query;

#[Object]
impl Query {
    async fn hello(&self) -> &str {
        "world"
    }

    async fn echo(&self, text: String) -> String {
        text
    }

    async fn sum(&self, numbers: Vec<i32>) -> i32 {
        numbers.iter().sum()
    }

    async fn slow(&self, ms: u64) -> u64 {
        sleep(Duration::from_millis(ms)).await;
        ms
    }

    async fn boom(&self) -> Option<i32> {
        panic_with("the secret of the panic")
    }

    async fn leak(&self) -> async_graphql::Result<i32> {
        Err(std::io::Error::other("the secret of the disk").into())
    }

    async fn refuse(&self) -> async_graphql::Result<Option<i32>> {
        Err(async_graphql::Error::new("This is refused."))
    }

    async fn tenant(&self, ctx: &Context<'_>) -> async_graphql::Result<String> {
        Ok(ctx.data::<Scope>()?.tenant_id.to_string())
    }

    async fn loaders(&self, ctx: &Context<'_>) -> async_graphql::Result<usize> {
        Ok(ctx.data::<LoaderSet>()?.0)
    }

    async fn deep(&self) -> Deep {
        Deep
    }

    async fn deeps(&self) -> Vec<Deep> {
        vec![Deep; 3]
    }

    async fn maybe(&self) -> Option<Deep> {
        Some(Deep)
    }

    async fn maybes(&self) -> Vec<Option<Deep>> {
        vec![Some(Deep); 2]
    }

    /// A page, its cost by `first`.
    async fn page(&self, first: Option<usize>) -> Vec<Deep> {
        vec![Deep; first.unwrap_or(50)]
    }
}

#[derive(Clone)]
struct Deep;

#[Object]
impl Deep {
    async fn deep(&self) -> Self {
        Self
    }

    async fn value(&self) -> i32 {
        1
    }

    async fn leak(&self) -> async_graphql::Result<i32> {
        Err(std::io::Error::other("the secret of the depth").into())
    }

    async fn page(&self, first: Option<usize>) -> Vec<Deep> {
        vec![Deep; first.unwrap_or(50)]
    }

    async fn refuse(&self) -> async_graphql::Result<Option<i32>> {
        Err(async_graphql::Error::new("This is refused."))
    }
}

struct Mutation;

#[Object]
impl Mutation {
    async fn bump(&self, ctx: &Context<'_>) -> async_graphql::Result<usize> {
        Ok(ctx.data::<Probe>()?.bumps.fetch_add(1, Ordering::SeqCst) + 1)
    }
}

struct Alive(Arc<AtomicUsize>);

impl Alive {
    fn new(ctx: &Context<'_>) -> Self {
        let alive = ctx.data_unchecked::<Probe>().alive.clone();
        alive.fetch_add(1, Ordering::SeqCst);
        Self(alive)
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

struct Event(i32);

#[Object]
impl Event {
    async fn number(&self) -> i32 {
        self.0
    }

    async fn loaders(&self, ctx: &Context<'_>) -> async_graphql::Result<usize> {
        Ok(ctx.data::<LoaderSet>()?.0)
    }

    async fn padding(&self, bytes: usize) -> String {
        "x".repeat(bytes)
    }

    async fn boom(&self) -> i32 {
        assert!(self.0 < 1, "the secret of the event");
        self.0
    }
}

struct Events;

#[Subscription]
impl Events {
    /// Counts from 0; for ever when no end is given.
    async fn count(
        &self,
        ctx: &Context<'_>,
        to: Option<i32>,
        #[graphql(default = 1)] every_ms: u64,
    ) -> impl Stream<Item = Event> + use<> {
        let alive = Alive::new(ctx);
        let ticks = interval(Duration::from_millis(every_ms));
        stream::unfold((ticks, 0, alive), move |(mut ticks, number, alive)| async move {
            if to.is_some_and(|to| number >= to) {
                return None;
            }
            ticks.tick().await;
            Some((Event(number), (ticks, number + 1, alive)))
        })
    }

    /// The newest state of the probe, conflated.
    async fn latest(&self, ctx: &Context<'_>) -> impl Stream<Item = Event> + use<> {
        let alive = Alive::new(ctx);
        let probe = ctx.data_unchecked::<Probe>().clone();
        let state = probe.state.subscribe();
        stream::unfold((state, probe.polls, alive), |(mut state, polls, alive)| async move {
            polls.fetch_add(1, Ordering::SeqCst);
            state.changed().await.ok()?;
            let number = *state.borrow_and_update();
            Some((Event(number), (state, polls, alive)))
        })
    }

    async fn refused(&self) -> async_graphql::Result<impl Stream<Item = i32> + use<>> {
        Err::<stream::Empty<_>, _>(async_graphql::Error::new("This is refused."))
    }

    async fn boom_at_once(&self) -> impl Stream<Item = i32> + use<> {
        stream::once(async { panic_with("the secret of the stream") }).chain(stream::empty())
    }
}
