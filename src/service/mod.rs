//! The use cases: what the API's operations do, without knowing of GraphQL or HTTP.

mod error;

use std::sync::Arc;

pub use error::ServiceError;

use crate::{clock::Clock, progress::ProgressHub, store::Db};

/// The use cases with what they need. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Service(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    db: Db,
    progress: ProgressHub,
    clock: Clock,
    max_attempts: u32,
}

impl Service {
    /// The database, for reads that need no use case of their own.
    pub fn db(&self) -> &Db {
        &self.0.db
    }

    /// The clock.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }
}
