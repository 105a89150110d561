//! The only room that knows SQL. Functions take a connection and a [`Scope`](crate::model::Scope), so that no tenant
//! sees another's rows; [`engine`] alone works across tenants, and its rows carry theirs.

pub mod batches;
mod children;
mod columns;
mod connect;
mod cursor;
mod db;
pub mod domains;
pub mod engine;
mod error;
mod file_lock;
pub mod idempotency;
pub mod jobs;
#[cfg(test)]
mod list_plans;
mod listing;
mod notify;
mod page;
pub mod retries;
pub mod sitemaps;
mod sql;
pub mod submit;
pub mod tenants;

pub use columns::{Cell, Columns, Record};
pub use connect::Access;
pub use cursor::{CursorError, ListIdentity, Position, SortKey};
pub use db::{Db, Transaction, commit};
pub use error::StoreError;
pub use notify::{Listener, Notification, tell};
pub use page::{Direction, Page, PageRequest};
