//! What the protocol layers need of a schema.

use async_graphql::{ObjectType, Request, Response, Schema, SubscriptionType};
use futures_util::{FutureExt, future::BoxFuture, stream::BoxStream};

use crate::model::Scope;

/// Runs GraphQL operations, whatever the schema's types are.
pub trait GraphqlExecutor: Send + Sync + 'static {
    /// Adds what one execution needs to the data of its request, where the caller's [`Scope`] is already: dataloaders, made anew
    /// each time. For a subscription it is called once, when it begins.
    fn prepare(&self, request: Request, _scope: &Scope) -> Request {
        request
    }

    /// Runs a query or a mutation.
    fn execute(&self, request: Request) -> BoxFuture<'static, Response>;

    /// Runs a query or a mutation so that a field whose resolver panics fails alone. It may be dearer.
    fn execute_guarded(&self, request: Request) -> BoxFuture<'static, Response> {
        self.execute(request)
    }

    /// Runs any operation; a subscription answers once for each event. A field whose resolver panics should fail alone.
    fn execute_stream(&self, request: Request) -> BoxStream<'static, Response>;

    /// The schema's definition; it is read once.
    fn sdl(&self) -> String;
}

impl<Q, M, S> GraphqlExecutor for Schema<Q, M, S>
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    fn execute(&self, request: Request) -> BoxFuture<'static, Response> {
        let schema = self.clone();
        async move { Self::execute(&schema, request).await }.boxed()
    }

    fn execute_stream(&self, request: Request) -> BoxStream<'static, Response> {
        Self::execute_stream(self, request)
    }

    fn sdl(&self) -> String {
        Self::sdl(self)
    }
}

impl GraphqlExecutor for crate::graphql::Schema {
    fn execute(&self, request: Request) -> BoxFuture<'static, Response> {
        let schema = self.clone();
        async move { schema.execute(request).await }.boxed()
    }

    fn execute_guarded(&self, request: Request) -> BoxFuture<'static, Response> {
        let schema = self.clone();
        async move { schema.execute_guarded(request).await }.boxed()
    }

    fn execute_stream(&self, request: Request) -> BoxStream<'static, Response> {
        Self::execute_stream(self, request)
    }

    fn sdl(&self) -> String {
        Self::sdl(self)
    }
}
