//! Panics of single fields.

use std::{any::Any, panic::AssertUnwindSafe, sync::Arc};

use async_graphql::{
    PathSegment, QueryPathNode, QueryPathSegment, ServerError, ServerResult, Value, async_trait,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextResolve, ResolveInfo},
};
use futures_util::FutureExt;

/// Makes the panic of a resolver the failure of its field alone, an internal one. Every field is dearer by half in a
/// schema that has this.
#[derive(Debug, Clone, Copy)]
pub struct CatchPanics;

impl ExtensionFactory for CatchPanics {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

/// A resolver panicked.
#[derive(Debug, thiserror::Error)]
#[error("a resolver panicked: {0}")]
struct Panicked(String);

#[async_trait::async_trait]
impl Extension for CatchPanics {
    async fn resolve(
        &self,
        context: &ExtensionContext<'_>,
        info: ResolveInfo<'_>,
        next: NextResolve<'_>,
    ) -> ServerResult<Option<Value>> {
        let (place, name) = (info.path_node, info.field.response_key().pos);
        match AssertUnwindSafe(next.run(context, info)).catch_unwind().await {
            Ok(answer) => answer,
            Err(panic) => {
                let error =
                    async_graphql::Error::new_with_source(Panicked(panic_message(&*panic).to_owned()));
                Err(ServerError { path: path(place), ..error.into_server_error(name) })
            }
        }
    }
}

fn path(node: &QueryPathNode<'_>) -> Vec<PathSegment> {
    let mut path: Vec<PathSegment> = node.parents().map(segment).collect();
    path.reverse();
    path.push(segment(node));
    path
}

fn segment(node: &QueryPathNode<'_>) -> PathSegment {
    match node.segment {
        QueryPathSegment::Index(index) => PathSegment::Index(index),
        QueryPathSegment::Name(name) => PathSegment::Field(name.to_owned()),
    }
}

/// What a panic said.
pub fn panic_message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}
