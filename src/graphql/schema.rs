//! The schema as the protocol layers hold it: what every request goes through, whichever way it came.

use std::{any::TypeId, sync::Arc};

use async_graphql::{Data, Executor, Request, Response, SDLExportOptions};
use futures_util::{StreamExt, stream::BoxStream};

use super::{
    error, loaders::Loaders, mutation::Mutation, panics::CatchPanics, query::Query,
    subscription::Subscription,
};
use crate::{config::GraphqlLimits, model::Scope, service::Service};

type Inner = async_graphql::Schema<Query, Mutation, Subscription>;

/// Executes requests. Each finds its [`Scope`] in the data of the request or of the session. Cheap to clone.
#[derive(Clone)]
pub struct Schema {
    inner: Inner,
    /// The same with [`CatchPanics`].
    guarded: Inner,
    service: Service,
}

/// The schema over these use cases.
pub fn build_schema(service: Service, limits: &GraphqlLimits) -> Schema {
    let builder = || builder().data(service.clone()).data(limits.clone());
    Schema { inner: builder().finish(), guarded: builder().extension(CatchPanics).finish(), service }
}

/// The schema in the schema definition language, sorted, every element described. The directives that every GraphQL
/// implementation has, and the usual names of the root types, go without saying.
pub fn sdl() -> String {
    let options = SDLExportOptions::new()
        .sorted_fields()
        .sorted_arguments()
        .sorted_enum_items()
        .include_specified_by()
        .use_space_ident()
        .indent_width(2);
    let text = builder().finish().sdl_with_options(options);
    let directives = text.find("\ndirective @").and_then(|at| text[..at].rfind("\n\n"));
    format!("{}\n", text[..directives.unwrap_or(text.len())].trim())
}

fn builder() -> async_graphql::SchemaBuilder<Query, Mutation, Subscription> {
    async_graphql::Schema::build(Query, Mutation, Subscription)
}

impl Schema {
    /// Executes a query or mutation.
    pub async fn execute(&self, request: impl Into<Request>) -> Response {
        let request = self.with_loaders(request.into(), None);
        with_codes(self.inner.execute(request).await)
    }

    /// Executes a query or mutation. A field whose resolver panics fails alone, for which every field is dearer.
    pub async fn execute_guarded(&self, request: impl Into<Request>) -> Response {
        let request = self.with_loaders(request.into(), None);
        with_codes(self.guarded.execute(request).await)
    }

    /// Executes an operation of any kind: a subscription answers as often as there is news, the others once. A field whose
    /// resolver panics fails alone.
    pub fn execute_stream(&self, request: impl Into<Request>) -> BoxStream<'static, Response> {
        self.execute_stream_with_session_data(request, Arc::default())
    }

    /// Executes an operation of any kind, with data that all operations of a session share.
    pub fn execute_stream_with_session_data(
        &self,
        request: impl Into<Request>,
        session: Arc<Data>,
    ) -> BoxStream<'static, Response> {
        let request = self.with_loaders(request.into(), Some(&session));
        self.guarded.execute_stream_with_session_data(request, session).map(with_codes).boxed()
    }

    /// The schema in the schema definition language, in full and in no order.
    pub fn sdl(&self) -> String {
        self.inner.sdl()
    }

    /// A request without a scope gets no loaders: whatever needs them answers that it is not authenticated.
    fn with_loaders(&self, mut request: Request, session: Option<&Data>) -> Request {
        let scope = find::<Scope>(&request.data).or_else(|| find(session?)).cloned();
        if let Some(scope) = scope {
            request.data.insert(Loaders::new(self.service.db().clone(), scope));
        }
        request
    }
}

fn find<T: 'static>(data: &Data) -> Option<&T> {
    data.get(&TypeId::of::<T>())?.downcast_ref()
}

fn with_codes(mut response: Response) -> Response {
    error::add_codes(&mut response.errors);
    response
}

impl Executor for Schema {
    async fn execute(&self, request: Request) -> Response {
        Self::execute(self, request).await
    }

    fn execute_stream(&self, request: Request, session: Option<Arc<Data>>) -> BoxStream<'static, Response> {
        self.execute_stream_with_session_data(request, session.unwrap_or_default())
    }
}
