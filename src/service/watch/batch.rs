//! The progress of batches.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use futures_util::{
    StreamExt,
    stream::{self, BoxStream},
};
use tokio::{sync::watch, time::Instant};
use tracing::warn;

use super::POLL;
use crate::{
    model::{BatchId, BatchJob, Scope},
    service::{Service, ServiceError},
    store::{Columns, batches},
};

/// A watched batch is read at most this often.
const REFRESH: Duration = Duration::from_millis(250);

/// A watched batch, the same for all who watch it on this node.
#[derive(Debug, Clone)]
pub struct BatchState {
    /// The batch.
    pub batch: Arc<BatchJob>,
    /// When it was read.
    pub read_at: DateTime<Utc>,
}

impl BatchState {
    /// What is read of a watched batch: all but the names that were rejected, which can be many and never change.
    pub fn columns() -> Columns<BatchJob> {
        Columns::all_but(&[batches::Column::Rejected])
    }
}

/// What a watched batch is known to be.
#[derive(Debug, Clone, Default)]
pub(super) enum Known {
    #[default]
    NotYet,
    Absent,
    State(BatchState),
}

impl Service {
    /// The batch now, then each newer state, at most four a second, ending after the final one.
    pub fn watch_batch(
        &self,
        scope: &Scope,
        id: BatchId,
    ) -> BoxStream<'static, Result<BatchState, ServiceError>> {
        let read = |publish| read(self.clone(), scope.clone(), id, publish);
        let feed = self.0.watched.batches.join((scope.tenant_id, id), read);
        let mut state = feed.state.clone();
        // What is known already is news to this watcher.
        state.mark_changed();
        stream::unfold(Some((state, feed)), move |watching| async move {
            let (mut state, feed) = watching?;
            loop {
                if state.changed().await.is_err() {
                    return None;
                }
                let known = state.borrow_and_update().clone();
                match known {
                    Known::NotYet => {}
                    Known::Absent => return Some((Err(ServiceError::not_found("batch", &id)), None)),
                    Known::State(last) if last.batch.status.is_finished() => return Some((Ok(last), None)),
                    Known::State(next) => return Some((Ok(next), Some((state, feed)))),
                }
            }
        })
        .boxed()
    }
}

/// Reads the batch after each poke and publishes what is new, until its final state or until nobody watches.
async fn read(service: Service, scope: Scope, id: BatchId, publish: watch::Sender<Known>) {
    let mut pokes = service.0.progress.watch_batch(id);
    loop {
        let read_at = Instant::now();
        match batches::by_id(service.db().reader(), &scope, id, BatchState::columns()).await {
            Ok(None) => {
                publish.send_replace(Known::Absent);
                return;
            }
            Ok(Some(batch)) => {
                let ended = batch.status.is_finished();
                let read_at = service.clock().now();
                publish.send_if_modified(|known| replace_if_new(known, batch, read_at));
                if ended {
                    return;
                }
            }
            Err(error) => warn!(%error, batch_id = %id, "A watched batch could not be read"),
        }
        let _ = tokio::time::timeout(POLL, pokes.poked()).await;
        tokio::time::sleep_until(read_at + REFRESH).await;
    }
}

fn replace_if_new(known: &mut Known, batch: BatchJob, read_at: DateTime<Utc>) -> bool {
    if matches!(known, Known::State(last) if *last.batch == batch) {
        return false;
    }
    *known = Known::State(BatchState { batch: Arc::new(batch), read_at });
    true
}
