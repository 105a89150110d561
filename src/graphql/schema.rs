//! The schema as the protocol layers hold it: what every request goes through, whichever way it came.

use std::{any::TypeId, sync::Arc};

use async_graphql::{Data, Executor, Request, Response, SDLExportOptions};
use futures_util::{StreamExt, stream::BoxStream};

use super::{
    context::RequestId, error, loaders::Loaders, mutation::Mutation, query::Query, subscription::Subscription,
};
use crate::{config::GraphqlLimits, model::Scope, service::Service};

type Inner = async_graphql::Schema<Query, Mutation, Subscription>;

/// Executes requests. Each finds its [`Scope`] in the data of the request or of the session. Cheap to clone.
#[derive(Clone)]
pub struct Schema {
    inner: Inner,
    service: Service,
}

/// The schema over these use cases.
pub fn build_schema(service: Service, limits: &GraphqlLimits) -> Schema {
    let inner = builder().data(service.clone()).data(limits.clone()).finish();
    Schema { inner, service }
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
        let (request, id) = self.prepare(request.into(), None);
        finished(self.inner.execute(request).await, &id)
    }

    /// Executes an operation of any kind: a subscription answers as often as there is news, the others once.
    pub fn execute_stream(&self, request: impl Into<Request>) -> BoxStream<'static, Response> {
        self.execute_stream_with_session_data(request, Arc::default())
    }

    /// Executes an operation of any kind, with data that all operations of a session share.
    pub fn execute_stream_with_session_data(
        &self,
        request: impl Into<Request>,
        session: Arc<Data>,
    ) -> BoxStream<'static, Response> {
        let (request, id) = self.prepare(request.into(), Some(&session));
        let responses = self.inner.execute_stream_with_session_data(request, session);
        responses.map(move |response| finished(response, &id)).boxed()
    }

    /// Gives the request its loaders and its name.
    fn prepare(&self, mut request: Request, session: Option<&Data>) -> (Request, RequestId) {
        let scope = find::<Scope>(&request.data).or_else(|| find(session?)).cloned();
        if let Some(scope) = scope {
            request.data.insert(Loaders::new(self.service.db().clone(), scope));
        }
        let id = find::<RequestId>(&request.data).cloned();
        (request, id.unwrap_or_else(|| RequestId(uuid::Uuid::now_v7().simple().to_string())))
    }
}

fn find<T: 'static>(data: &Data) -> Option<&T> {
    data.get(&TypeId::of::<T>())?.downcast_ref()
}

fn finished(mut response: Response, id: &RequestId) -> Response {
    error::finish(&mut response.errors, &id.0);
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
