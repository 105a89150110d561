//! The GraphQL API: its schema, and how requests become calls of use cases and loaders.

#![expect(
    clippy::unused_async,
    reason = "resolvers are asynchronous, whether they wait for something or not"
)]

mod context;
mod error;
mod last_event;
mod loaders;
mod mutation;
mod paging;
mod panics;
mod query;
mod schema;
mod selection;
mod subscription;
mod types;

pub use last_event::LastEvent;
pub use panics::{CatchPanics, panic_message};
pub use schema::{Schema, build_schema, sdl};
