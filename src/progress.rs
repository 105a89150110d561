//! Pokes: something has changed, look again. They carry no state, so a lost one costs only time.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::watch;

use crate::model::{BatchId, JobId, JobStep};

/// Tells the watchers on this node that batches and jobs have changed. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct ProgressHub {
    batches: Topics<BatchId, ()>,
    jobs: Topics<JobId, Option<JobStep>>,
}

impl ProgressHub {
    /// Begins to watch a batch. Watch first, then read the state: what changes in between is a poke.
    pub fn watch_batch(&self, id: BatchId) -> Watcher<BatchId, ()> {
        self.batches.watch(id)
    }

    /// Begins to watch a job; its pokes carry the newest step that is known on this node.
    pub fn watch_job(&self, id: JobId) -> Watcher<JobId, Option<JobStep>> {
        self.jobs.watch(id)
    }

    /// The batch has changed in the database.
    pub fn poke_batch(&self, id: BatchId) {
        self.batches.poke(&id, |()| ());
    }

    /// The job has changed in the database.
    pub fn poke_job(&self, id: JobId) {
        self.jobs.poke(&id, |_| ());
    }

    /// The job, which runs on this node, has come to a step.
    pub fn step(&self, id: JobId, step: JobStep) {
        self.jobs.poke(&id, |known| *known = Some(step));
    }

    /// Anything may have changed: pokes were lost.
    pub fn poke_all(&self) {
        self.batches.poke_all();
        self.jobs.poke_all();
    }
}

/// One conflated channel for each thing that somebody watches; none for the others.
#[derive(Debug)]
struct Topics<K, V>(Arc<Mutex<HashMap<K, watch::Sender<V>>>>);

impl<K, V> Clone for Topics<K, V> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K, V> Default for Topics<K, V> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K: Copy + Eq + Hash, V: Default> Topics<K, V> {
    fn watch(&self, key: K) -> Watcher<K, V> {
        let mut topics = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let receiver = topics.entry(key).or_insert_with(|| watch::Sender::new(V::default())).subscribe();
        Watcher { key, receiver: Some(receiver), topics: self.clone() }
    }

    fn poke(&self, key: &K, change: impl FnOnce(&mut V)) {
        let topics = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = topics.get(key) {
            sender.send_modify(change);
        }
    }

    fn poke_all(&self) {
        let topics = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        topics.values().for_each(|sender| sender.send_modify(|_| ()));
    }
}

/// Waits for pokes about one thing; several pokes between two looks are one.
#[derive(Debug)]
pub struct Watcher<K: Copy + Eq + Hash, V> {
    key: K,
    receiver: Option<watch::Receiver<V>>,
    topics: Topics<K, V>,
}

impl<K: Copy + Eq + Hash, V: Copy> Watcher<K, V> {
    /// Waits for the next poke and answers what it carries.
    pub async fn poked(&mut self) -> V {
        let Some(receiver) = &mut self.receiver else { return std::future::pending().await };
        // The sender lives in the map while this receiver does, so an error means that the hub itself is gone.
        if receiver.changed().await.is_err() {
            return std::future::pending().await;
        }
        *receiver.borrow_and_update()
    }
}

impl<K: Copy + Eq + Hash, V> Drop for Watcher<K, V> {
    fn drop(&mut self) {
        let mut topics = self.topics.0.lock().unwrap_or_else(PoisonError::into_inner);
        self.receiver = None;
        if topics.get(&self.key).is_some_and(|sender| sender.receiver_count() == 0) {
            topics.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn pokes_between_two_looks_are_one_and_carry_the_newest_step() {
        let hub = ProgressHub::default();
        let id = JobId::generate();
        let mut watcher = hub.watch_job(id);
        hub.step(id, JobStep::Fetching);
        hub.step(id, JobStep::Extracting);
        assert_eq!(watcher.poked().await, Some(JobStep::Extracting));
        let again = tokio::time::timeout(std::time::Duration::from_millis(20), watcher.poked()).await;
        assert!(again.is_err(), "one poke wakes once");
    }

    #[test]
    fn a_topic_that_nobody_watches_is_forgotten() {
        let hub = ProgressHub::default();
        let id = BatchId::generate();
        let (first, second) = (hub.watch_batch(id), hub.watch_batch(id));
        drop(first);
        assert_eq!(hub.batches.0.lock().unwrap().len(), 1);
        drop(second);
        assert!(hub.batches.0.lock().unwrap().is_empty());
    }
}
