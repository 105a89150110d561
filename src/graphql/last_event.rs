//! Where a stream of events stands.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

/// The number of the newest event of one subscription, for transports that tell clients the number of each event and
/// are told by them where to go on (`Last-Event-ID` of server-sent events). In the data of a request, it is where
/// `jobFinished` begins, and then the sequence of the newest job. Others do not number their events.
#[derive(Debug, Clone, Default)]
pub struct LastEvent(Arc<AtomicI64>);

impl LastEvent {
    /// The event that the client has seen last; numbers begin at 1.
    pub fn seen(number: Option<i64>) -> Self {
        Self(Arc::new(AtomicI64::new(number.unwrap_or_default().max(0))))
    }

    /// The number of the newest event, or 0.
    pub fn number(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(super) fn set(&self, number: i64) {
        self.0.store(number, Ordering::Relaxed);
    }
}
