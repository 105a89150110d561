//! A small schema with a field for each thing that can happen.

#![expect(clippy::unused_async, reason = "resolvers are async whatever they do")]

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_graphql::{
    Context, Object, Request, Response, Schema, Subscription,
    futures_util::{
        Stream, StreamExt,
        future::BoxFuture,
        stream::{self, BoxStream},
    },
};
use scrapersky::{graphql::CatchPanics, http::GraphqlExecutor, model::Scope};
use tokio::{
    sync::{Notify, watch},
    time::{interval, sleep},
};

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

/// The schema, with what its resolvers tell.
pub fn schema(probe: &Probe) -> Api {
    let builder = || Schema::build(Query, Mutation, Events).data(probe.clone());
    Api { schema: builder().finish(), guarded: builder().extension(CatchPanics).finish() }
}

/// The schema with what it adds to each request.
pub struct Api {
    schema: Schema<Query, Mutation, Events>,
    guarded: Schema<Query, Mutation, Events>,
}

impl Api {
    /// The schema as it is, for a service that is not ours.
    pub fn into_schema(self) -> Schema<Query, Mutation, Events> {
        self.schema
    }
}

/// What the schema adds to a request.
struct Prepared(Scope);

impl GraphqlExecutor for Api {
    fn prepare(&self, request: Request, scope: &Scope) -> Request {
        request.data(Prepared(scope.clone())).data(Loaders::default())
    }

    fn execute(&self, request: Request) -> BoxFuture<'static, Response> {
        GraphqlExecutor::execute(&self.schema, request)
    }

    fn execute_guarded(&self, request: Request) -> BoxFuture<'static, Response> {
        GraphqlExecutor::execute(&self.guarded, request)
    }

    fn execute_stream(&self, request: Request) -> BoxStream<'static, Response> {
        GraphqlExecutor::execute_stream(&self.guarded, request)
    }

    fn sdl(&self) -> String {
        self.schema.sdl()
    }
}

/// Stands for the dataloaders: one set for each execution, and by [`Loaders::renew`] for each event of a subscription. An extension
/// could give each event its own as well, but a schema that has one takes half as long again for each field.
#[derive(Clone, Default)]
struct Loaders(Arc<Mutex<LoaderSet>>);

/// Tells sets apart.
#[derive(Clone, Copy)]
struct LoaderSet(usize);

impl Default for LoaderSet {
    fn default() -> Self {
        static MADE: AtomicUsize = AtomicUsize::new(0);
        Self(MADE.fetch_add(1, Ordering::SeqCst))
    }
}

impl Loaders {
    fn current(&self) -> LoaderSet {
        *self.0.lock().expect("the loaders")
    }

    fn renew(&self) {
        *self.0.lock().expect("the loaders") = LoaderSet::default();
    }
}

fn panic_with<T>(secret: &str) -> T {
    panic!("{secret}")
}

pub struct Query;

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
        let tenant_id = ctx.data::<Scope>()?.tenant_id;
        assert_eq!(tenant_id, ctx.data::<Prepared>()?.0.tenant_id);
        Ok(tenant_id.to_string())
    }

    async fn loaders(&self, ctx: &Context<'_>) -> async_graphql::Result<usize> {
        Ok(ctx.data::<Loaders>()?.current().0)
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

    async fn none(&self) -> Option<Deep> {
        None
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

    /// Resolved when others are already.
    async fn later(&self) -> i32 {
        sleep(Duration::from_millis(5)).await;
        2
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

    async fn boom(&self) -> Option<i32> {
        panic_with("the secret of the deep panic")
    }
}

pub struct Mutation;

#[Object]
impl Mutation {
    async fn take(&self, first: i32, numbers: Vec<i32>) -> i32 {
        first + numbers.iter().sum::<i32>()
    }

    async fn bump(&self, ctx: &Context<'_>) -> async_graphql::Result<usize> {
        Ok(ctx.data::<Probe>()?.bumps.fetch_add(1, Ordering::SeqCst) + 1)
    }

    async fn bump_and_boom(&self, ctx: &Context<'_>) -> Option<i32> {
        ctx.data_unchecked::<Probe>().bumps.fetch_add(1, Ordering::SeqCst);
        panic_with("the secret of the mutation")
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
        Ok(ctx.data::<Loaders>()?.current().0)
    }

    async fn padding(&self, bytes: usize) -> String {
        "x".repeat(bytes)
    }

    async fn boom(&self) -> i32 {
        assert!(self.0 < 1, "the secret of the event");
        self.0
    }
}

pub struct Events;

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
        let loaders = ctx.data_unchecked::<Loaders>().clone();
        let ticks = interval(Duration::from_millis(every_ms));
        stream::unfold((ticks, 0, alive), move |(mut ticks, number, alive)| async move {
            if to.is_some_and(|to| number >= to) {
                return None;
            }
            ticks.tick().await;
            Some((Event(number), (ticks, number + 1, alive)))
        })
        .inspect(move |_| loaders.renew())
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
