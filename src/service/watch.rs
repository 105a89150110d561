//! Watching work: begin to watch, read the state, and after each poke read it again. Pokes carry no state, so the
//! database is the log, and a slow poll stands behind lost pokes. What many watch on one node, one task reads for all.

mod batch;
mod finished;
mod job;

use std::{
    collections::HashMap,
    fmt::Debug,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

pub use batch::BatchState;
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

use crate::{
    model::{BatchId, Job, TenantId},
    store::Columns,
};

/// A watched thing is read at least this often while nothing pokes.
const POLL: Duration = Duration::from_secs(1);

/// What is watched on this node.
#[derive(Debug, Default)]
pub(super) struct Watched {
    batches: Feeds<(TenantId, BatchId), batch::Known>,
    finished: Feeds<(TenantId, BatchId, Columns<Job>), finished::Tail>,
}

/// The things of one kind that are watched: each is read by one task for all who watch it.
#[derive(Debug)]
struct Feeds<K, S>(Mutex<HashMap<K, Weak<Feed<S>>>>);

impl<K, S> Default for Feeds<K, S> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

/// The task that reads a watched thing ends with the last of those who watch.
#[derive(Debug)]
struct Feed<S> {
    state: watch::Receiver<S>,
    _task: AbortOnDropHandle<()>,
}

impl<K: Eq + Hash, S: Default + Send + Sync + 'static> Feeds<K, S> {
    /// The feed of this thing: the one that runs, or a new one that `read` feeds.
    fn join<F>(&self, key: K, read: impl FnOnce(watch::Sender<S>) -> F) -> Arc<Feed<S>>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let mut feeds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(feed) = feeds.get(&key).and_then(Weak::upgrade)
            && feed.state.has_changed().is_ok()
        {
            return feed;
        }
        feeds.retain(|_, feed| feed.strong_count() > 0);
        let (publish, state) = watch::channel(S::default());
        let feed = Arc::new(Feed { state, _task: AbortOnDropHandle::new(tokio::spawn(read(publish))) });
        feeds.insert(key, Arc::downgrade(&feed));
        feed
    }
}
