//! The operations that run on one socket, each a task of its own.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures_util::{StreamExt, stream::BoxStream};
use tokio::{
    sync::mpsc,
    task::{AbortHandle, JoinSet},
};

use super::protocol::{Close, ServerMessage};
use crate::http::graphql::operation::{Answer, Outcome};

/// Where messages to the client go. It is short: an operation whose client reads slowly waits here and is not asked for its
/// next result before the last is gone, so that what it holds stays bounded and what follows is new.
pub(crate) type Outbox = mpsc::Sender<String>;

/// The running operations by id. Dropping it ends them all.
#[derive(Default)]
pub(crate) struct Operations {
    running: Arc<Running>,
    tasks: JoinSet<()>,
    started: u64,
}

#[derive(Default)]
struct Running(Mutex<HashMap<String, (u64, AbortHandle)>>);

impl Running {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, (u64, AbortHandle)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Frees the id of an operation that has ended; false when the client had completed it before.
    fn free(&self, id: &str, serial: u64) -> bool {
        let mut running = self.lock();
        let is_mine = running.get(id).is_some_and(|(owner, _)| *owner == serial);
        if is_mine {
            running.remove(id);
        }
        is_mine
    }
}

impl Operations {
    /// How many run.
    pub(crate) fn len(&self) -> usize {
        self.running.lock().len()
    }

    /// Whether the id is in use.
    pub(crate) fn contains(&self, id: &str) -> bool {
        self.running.lock().contains_key(id)
    }

    /// Starts sending what an operation answers.
    pub(crate) fn start(
        &mut self,
        id: String,
        answers: BoxStream<'static, Answer>,
        outbox: Outbox,
    ) -> Result<(), Close> {
        let mut running = self.running.lock();
        if running.contains_key(&id) {
            return Err(Close::duplicate(&id));
        }
        self.started += 1;
        let serial = self.started;
        let task = send_answers(id.clone(), serial, answers, outbox, Arc::clone(&self.running));
        running.insert(id, (serial, self.tasks.spawn(task)));
        Ok(())
    }

    /// Ends an operation that the client wants no more of; one that has ended is left as it is.
    pub(crate) fn complete(&self, id: &str) {
        if let Some((_, task)) = self.running.lock().remove(id) {
            task.abort();
        }
    }

    /// Waits for a task to end and forgets it; `None` when there is none.
    pub(crate) async fn reap(&mut self) -> Option<()> {
        self.tasks.join_next().await.map(drop)
    }
}

/// The id is freed before the last message is sent, so that the client may use it again as soon as it reads that.
async fn send_answers(
    id: String,
    serial: u64,
    mut answers: BoxStream<'static, Answer>,
    outbox: Outbox,
    running: Arc<Running>,
) {
    while let Some(answer) = answers.next().await {
        let is_last = answer.outcome != Outcome::Ran;
        if is_last && !running.free(&id, serial) {
            return;
        }
        let message = if is_last {
            ServerMessage::Error { id: &id, payload: &answer.response.errors }.text()
        } else {
            ServerMessage::Next { id: &id, payload: &answer }.text()
        };
        drop(answer);
        if outbox.send(message).await.is_err() || is_last {
            return;
        }
    }
    if running.free(&id, serial) {
        let _closing = outbox.send(ServerMessage::Complete { id: &id }.text()).await;
    }
}
