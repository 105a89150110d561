//! Pauses between the requests to one host or one address, over all scans.

use std::{
    borrow::Borrow,
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// The most hosts or addresses whose turns are remembered.
const MAX_REMEMBERED: usize = 50_000;

/// Gives each request to a key the turn that keeps it apart from the one before.
#[derive(Debug)]
pub(super) struct Pace<K>(Mutex<HashMap<K, Turn>>);

/// When a key may have its next request, and the pause that is kept for it.
#[derive(Debug, Clone, Copy)]
struct Turn {
    next: Instant,
    pause: Duration,
}

impl<K> Default for Pace<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Hash + Eq> Pace<K> {
    /// Takes the next turn of a key, with this pause after it or, where a longer one is being kept, with that. A turn
    /// at `latest` or after it is not taken, but told as the error.
    pub(super) fn take<Q>(&self, key: &Q, pause: Duration, latest: Instant) -> Result<Instant, Instant>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        let now = Instant::now();
        // Every change is a single step, so a state that a panic left behind is whole.
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = turns.get(key).copied().filter(|turn| turn.next > now);
        let pause = known.map_or(pause, |turn| turn.pause.max(pause));
        if pause.is_zero() {
            return Ok(now);
        }
        if known.is_none() && turns.len() >= MAX_REMEMBERED {
            turns.retain(|_, turn| turn.next > now);
        }
        let is_remembered = known.is_some() || turns.len() < MAX_REMEMBERED;
        // Nobody knows when the one before was; at worst it is just over.
        let turn = known.map_or(if is_remembered { now } else { now + pause }, |turn| turn.next);
        if turn >= latest {
            return Err(turn);
        }
        if is_remembered {
            turns.insert(key.to_owned(), Turn { next: turn + pause, pause });
        }
        Ok(turn)
    }
}

impl<K> Pace<K> {
    /// Keeps this pause for every key from its next request on, whatever was kept before.
    pub(super) fn change_all(&self, pause: Duration) {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        turns.values_mut().for_each(|turn| turn.pause = pause);
    }
}

/// Waits for a turn. One that has come already costs no round through the timer.
pub(super) async fn wait_for(turn: Instant) {
    if turn > Instant::now() {
        tokio::time::sleep_until(turn).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAUSE: Duration = Duration::from_secs(10);

    fn much_later() -> Instant {
        Instant::now() + Duration::from_secs(86_400)
    }

    #[test]
    fn each_request_has_a_turn_of_its_own_and_other_keys_do_not_wait() {
        let pace = Pace::<String>::default();
        let began = Instant::now();
        let turns: Vec<Instant> = (0..3).map(|_| pace.take("a.test", PAUSE, much_later()).unwrap()).collect();
        assert!(turns[0] < began + PAUSE);
        assert_eq!((turns[1] - turns[0], turns[2] - turns[1]), (PAUSE, PAUSE));
        assert!(pace.take("b.test", PAUSE, much_later()).unwrap() < began + PAUSE);
    }

    #[test]
    fn who_does_not_know_the_pause_keeps_it_too_and_who_knows_a_longer_one_extends_it() {
        let pace = Pace::<String>::default();
        let first = pace.take("a.test", PAUSE, much_later()).unwrap();
        assert_eq!(pace.take("a.test", Duration::ZERO, much_later()).unwrap(), first + PAUSE);
        assert_eq!(pace.take("a.test", PAUSE * 2, much_later()).unwrap(), first + PAUSE * 2);
        assert_eq!(pace.take("a.test", PAUSE, much_later()).unwrap(), first + PAUSE * 4);
        assert!(pace.take("free.test", Duration::ZERO, much_later()).unwrap() <= Instant::now());
    }

    #[test]
    fn a_turn_that_comes_too_late_is_told_and_left_to_others() {
        let pace = Pace::<String>::default();
        let first = pace.take("a.test", PAUSE, much_later()).unwrap();
        assert_eq!(pace.take("a.test", PAUSE, first + PAUSE), Err(first + PAUSE));
        assert_eq!(pace.take("a.test", PAUSE, much_later()), Ok(first + PAUSE));
    }

    #[test]
    fn no_more_is_remembered_than_there_is_room_for_and_the_rest_pauses_first() {
        let pace = Pace::<String>::default();
        for number in 0..MAX_REMEMBERED {
            pace.take(&number.to_string(), PAUSE, much_later()).unwrap();
        }
        let began = Instant::now();
        assert!(pace.take("more.test", PAUSE, much_later()).unwrap() >= began + PAUSE);
        assert_eq!(pace.0.lock().unwrap().len(), MAX_REMEMBERED);
    }
}
