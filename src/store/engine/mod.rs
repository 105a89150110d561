//! The queue's side of the jobs table: unscoped, because workers serve all tenants; each row carries its tenant.
//!
//! Lock order everywhere: jobs, domains, batches, each by id. Batches come last because many jobs share one: whoever
//! holds its row keeps all others waiting that finish jobs of it.

mod cancel;
mod capped;
mod claim;
mod counters;
mod depth;
mod facts;
mod finish;
mod known;
mod lease;
mod retention;
mod turns;
mod workers;

pub use cancel::{Cancelled, Target, cancel, overdue};
pub use claim::{Claim, ClaimedJob, claim, claim_alone, has_isolated, mark_batches_started};
pub use depth::depth;
pub use finish::{FinishedJob, Outcome, Recorded, finish};
pub use known::known_sites;
pub use lease::{Expired, HeldLease, LostLease, expired, extend, give_back, promote_due, put_off, reopen};
pub use retention::{STEP, hide_batches, remove_hidden_batch, remove_idempotency_keys, remove_single_jobs};
pub use turns::{end_turns, keep_turns, take_turns};
pub use workers::{end_worker, keep_alive};

/// Where a job waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// One domain that somebody waits for.
    Single,
    /// Part of a batch.
    Batch,
}

impl Lane {
    /// The number by which lanes are ordered.
    pub(super) const fn as_number(self) -> i16 {
        match self {
            Self::Single => 0,
            Self::Batch => 1,
        }
    }
}

/// A condition that the job with this status is running, which no index of running jobs can follow: those are for the
/// reaper, and to look through all that run for some that are named costs more than their keys do.
fn is_running(status: &str) -> String {
    format!("coalesce({status}, '') = 'running'")
}

/// A job that took this many workers down with it is run alone, so that it takes no neighbour with it again.
pub const LOSSES_BEFORE_ISOLATION: u32 = 2;
