//! Running queries and mutations so that a panic is the failure of one field.

use std::{any::TypeId, panic::AssertUnwindSafe};

use async_graphql::{Request, Response, Variables, parser::types::OperationType};
use futures_util::FutureExt;

use super::presence;
use crate::{
    http::{GraphqlExecutor, RequestId},
    model::Scope,
};

/// A query that ends in a panic runs once more, guarded: only then is it known which field it was. A mutation must not
/// run twice, so it is guarded from the beginning.
pub(super) async fn run(
    request: Request,
    scope: &Scope,
    kind: OperationType,
    executor: &dyn GraphqlExecutor,
) -> Response {
    if kind == OperationType::Mutation {
        return executor.execute_guarded(executor.prepare(request, scope)).await;
    }
    let again = Again::of(&request);
    let running = async { executor.execute(executor.prepare(request, scope)).await };
    match AssertUnwindSafe(running).catch_unwind().await {
        Ok(response) => response,
        Err(_) => executor.execute_guarded(executor.prepare(again.request(scope), scope)).await,
    }
}

/// What a query is made of, which cannot be copied as a whole.
struct Again {
    query: String,
    operation_name: Option<String>,
    variables: Variables,
    id: Option<RequestId>,
}

impl Again {
    fn of(request: &Request) -> Self {
        let id = request.data.get(&TypeId::of::<RequestId>()).and_then(|id| id.downcast_ref()).copied();
        Self {
            query: request.query.clone(),
            operation_name: request.operation_name.clone(),
            variables: request.variables.clone(),
            id,
        }
    }

    fn request(self, scope: &Scope) -> Request {
        let mut request = Request::new(self.query).variables(self.variables).data(scope.clone());
        if let Some(id) = self.id {
            request = request.data(id);
        }
        if let Ok(mut document) = async_graphql::parser::parse_query(&request.query) {
            presence::mark(&mut document);
            request.set_parsed_query(document);
        }
        request.operation_name = self.operation_name;
        request
    }
}
