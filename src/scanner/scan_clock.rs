//! How long a scan may still take.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, timeout_at};

/// How often a scan that waits for its turn looks whether the time has run out.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// The deadline of one scan. Time spent waiting for other scans of the same address is not held against it, up to
/// as much again as the scan itself may take.
pub(super) struct ScanClock {
    started: Instant,
    limit: Duration,
    waits: Mutex<Waits>,
}

#[derive(Default)]
struct Waits {
    ended: Duration,
    since: Option<Instant>,
}

impl ScanClock {
    /// Starts the clock.
    pub(super) fn start(limit: Duration) -> Self {
        Self { started: Instant::now(), limit, waits: Mutex::default() }
    }

    /// When the time is up, as far as it is known now.
    pub(super) fn deadline(&self) -> Instant {
        let waits = self.waits.lock().unwrap_or_else(PoisonError::into_inner);
        let running = waits.since.map_or(Duration::ZERO, |since| since.elapsed());
        self.started + self.limit + (waits.ended + running).min(self.limit)
    }

    /// Runs to the deadline: `None` when the time ran out first.
    pub(super) async fn limit<F: Future>(&self, work: F) -> Option<F::Output> {
        tokio::pin!(work);
        loop {
            let deadline = self.deadline();
            if let Ok(output) = timeout_at(deadline, &mut work).await {
                return Some(output);
            }
            if self.deadline() <= deadline {
                return None;
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// Waits for a turn, with the clock standing still.
    pub(super) async fn pause<F: Future>(&self, turn: F) -> F::Output {
        let _wait = Wait::begin(self);
        turn.await
    }
}

/// One wait, which ends when it is dropped: a scan can be cancelled in the middle of it.
struct Wait<'a>(&'a ScanClock);

impl<'a> Wait<'a> {
    fn begin(clock: &'a ScanClock) -> Self {
        clock.waits.lock().unwrap_or_else(PoisonError::into_inner).since = Some(Instant::now());
        Self(clock)
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        let mut waits = self.0.waits.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(since) = waits.since.take() {
            waits.ended += since.elapsed();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_millis(200);

    #[tokio::test]
    async fn work_past_the_deadline_is_given_up() {
        let clock = ScanClock::start(LIMIT);
        assert_eq!(clock.limit(std::future::ready(1)).await, Some(1));
        assert_eq!(clock.limit(std::future::pending::<()>()).await, None);
        assert!(clock.started.elapsed() >= LIMIT);
    }

    #[tokio::test]
    async fn waiting_for_a_turn_does_not_count_until_it_is_as_long_as_the_limit() {
        let clock = ScanClock::start(LIMIT);
        let wait_and_work = async {
            clock.pause(tokio::time::sleep(LIMIT * 3 / 4)).await;
            tokio::time::sleep(LIMIT * 3 / 4).await;
        };
        assert_eq!(clock.limit(wait_and_work).await, Some(()));
        let clock = ScanClock::start(LIMIT);
        assert_eq!(clock.limit(clock.pause(std::future::pending::<()>())).await, None);
        assert!(clock.started.elapsed() >= LIMIT * 2);
    }
}
