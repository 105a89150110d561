//! The use cases: what the API's operations do, without knowing of GraphQL or HTTP.

mod batches;
mod cancel;
mod error;
mod idempotency;
mod retry;
mod scans;
mod tenants;
mod watch;

use std::sync::Arc;

pub use batches::{SubmitBatch, SubmittedBatch};
pub use error::ServiceError;
pub use retry::{RetriedBatch, RetryBatch};
pub use scans::{SubmitScan, SubmittedScan};
pub use watch::BatchState;

use crate::{clock::Clock, progress::ProgressHub, queue::Queue, store::Db};

/// The use cases with what they need. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Service(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    db: Db,
    queue: Queue,
    progress: ProgressHub,
    clock: Clock,
    max_attempts: u32,
    watched: watch::Watched,
}

impl Service {
    /// The use cases over this database. A job that they make is tried at most `max_attempts` times.
    pub fn new(db: Db, queue: Queue, progress: ProgressHub, clock: Clock, max_attempts: u32) -> Self {
        let watched = watch::Watched::default();
        Self(Arc::new(Inner { db, queue, progress, clock, max_attempts, watched }))
    }

    /// The database, for reads that need no use case of their own.
    pub fn db(&self) -> &Db {
        &self.0.db
    }

    /// The clock.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }
}
