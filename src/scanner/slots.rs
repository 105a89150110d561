//! So many places for each key.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// So many places for each key, over all scans.
pub(super) struct Slots<K>(Mutex<State<K>>);

struct State<K> {
    each: usize,
    entries: HashMap<K, Entry>,
}

/// A key in use; it is forgotten when nobody uses it or waits for it.
struct Entry {
    semaphore: Arc<Semaphore>,
    /// How many there are, taken ones included. More than wanted, until those that are too many are given back.
    places: usize,
    users: usize,
}

/// A place, until dropped.
pub(super) struct Slot<K: Hash + Eq> {
    permit: Option<OwnedSemaphorePermit>,
    user: User<K>,
}

/// One scan that uses a key or waits for it.
struct User<K: Hash + Eq> {
    slots: Arc<Slots<K>>,
    key: K,
}

impl<K: Hash + Eq + Clone> Slots<K> {
    pub(super) fn new(each: usize) -> Arc<Self> {
        Arc::new(Self(Mutex::new(State { each, entries: HashMap::new() })))
    }

    pub(super) async fn acquire(self: &Arc<Self>, key: K) -> Option<Slot<K>> {
        let (semaphore, user) = self.enter(key);
        let permit = semaphore.acquire_owned().await.ok()?;
        Some(Slot { permit: Some(permit), user })
    }

    fn enter(self: &Arc<Self>, key: K) -> (Arc<Semaphore>, User<K>) {
        let mut state = self.lock();
        let each = state.each;
        let new = || Entry { semaphore: Arc::new(Semaphore::new(each)), places: each, users: 0 };
        let entry = state.entries.entry(key.clone()).or_insert_with(new);
        entry.users += 1;
        (Arc::clone(&entry.semaphore), User { slots: Arc::clone(self), key })
    }
}

impl<K: Hash + Eq> Slots<K> {
    /// Every change is a single step, so a state that a panic left behind is whole.
    fn lock(&self) -> MutexGuard<'_, State<K>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// So many places for each key from now on.
    pub(super) fn change_all(&self, each: usize) {
        let mut state = self.lock();
        state.each = each;
        for entry in state.entries.values_mut() {
            let more = each.saturating_sub(entry.places);
            entry.semaphore.add_permits(more);
            let fewer = entry.semaphore.forget_permits(entry.places.saturating_sub(each));
            entry.places = entry.places + more - fewer;
        }
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.lock().entries.is_empty()
    }
}

impl<K: Hash + Eq> Drop for Slot<K> {
    fn drop(&mut self) {
        let Some(permit) = self.permit.take() else { return };
        let mut state = self.user.slots.lock();
        let each = state.each;
        let Some(entry) = state.entries.get_mut(&self.user.key) else { return };
        if entry.places > each {
            entry.places -= 1;
            permit.forget();
        }
    }
}

impl<K: Hash + Eq> Drop for User<K> {
    fn drop(&mut self) {
        let mut state = self.slots.lock();
        if let Some(entry) = state.entries.get_mut(&self.key) {
            entry.users -= 1;
            if entry.users == 0 {
                state.entries.remove(&self.key);
            }
        }
    }
}
