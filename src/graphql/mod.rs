//! The GraphQL API: its schema, and how requests become calls of use cases and loaders.

mod context;
mod error;
mod loaders;
mod mutation;
mod paging;
mod query;
mod schema;
mod subscription;
mod types;

pub use context::RequestId;
pub use schema::{Schema, build_schema, sdl};
