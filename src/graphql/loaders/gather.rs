//! Gathers the keys that siblings ask for, so that a loader sees them at once.
//!
//! The `dataloader` crate gathers by itself, but its waiters then go on one after the other, through a lock, and what
//! they ask for in turn is scattered over many batches. Here all who wait for a batch are woken together, and a batch
//! is closed only when all who were woken have gone on.

use std::{
    collections::HashMap,
    marker::PhantomData,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use dataloader::{BatchFn, cached};
use tokio::{sync::watch, task::yield_now};

use super::{Loaded, Source, fetch::Fetch};
use crate::store::StoreError;

/// How far an execution has come, as all of its loaders know it.
#[derive(Default)]
pub(super) struct Pace {
    joined: AtomicUsize,
    /// Of each batch that has been answered: how many have not gone on with the answer yet.
    answered: Mutex<Vec<Arc<AtomicUsize>>>,
}

impl Pace {
    /// Waits until everything that could go on has gone on: nobody has an answer and has not used it, and between two
    /// looks nobody asked for anything.
    async fn settled(&self) {
        let mut seen = 0;
        for _ in 0..MAX_LOOKS {
            let joined = self.joined.load(Ordering::Relaxed);
            if joined == seen && !self.has_unused_answers() {
                break;
            }
            seen = joined;
            yield_now().await;
        }
    }

    fn has_unused_answers(&self) -> bool {
        let mut answered = locked(&self.answered);
        answered.retain(|unused| unused.load(Ordering::Relaxed) > 0);
        !answered.is_empty()
    }
}

/// So that nothing can wait for ever: far more looks than any query needs.
const MAX_LOOKS: usize = 1_000;

/// Somebody who waits for a batch, or has its answer and has not gone on.
struct Ticket(Arc<AtomicUsize>);

impl Ticket {
    fn new(holders: &Arc<AtomicUsize>) -> Self {
        holders.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(holders))
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What a batch answers: a value for each of its keys.
type Answers<F> = Arc<Loaded<HashMap<<F as Fetch>::Key, Loaded<<F as Fetch>::Value>>>>;

/// A loader that is made when it is first needed.
pub(super) struct Lazy<F: Fetch>(OnceLock<Gather<F>>);

impl<F: Fetch> Default for Lazy<F> {
    fn default() -> Self {
        Self(OnceLock::new())
    }
}

impl<F: Fetch> Lazy<F> {
    /// The value of the key; read together with what others ask for at this time.
    pub(super) async fn load(&self, source: &Source, key: F::Key) -> Loaded<F::Value> {
        let gather = self.0.get_or_init(|| Gather::new(source.clone()));
        let answers = gather.answers(&key).await;
        let unanswered = || Err(Arc::new(StoreError::Unreadable(format!("no answer for {key:?}"))));
        match &*answers {
            Ok(answers) => answers.get(&key).cloned().unwrap_or_else(unanswered),
            Err(error) => Err(Arc::clone(error)),
        }
    }
}

struct Gather<F: Fetch> {
    loader: cached::Loader<F::Key, Loaded<F::Value>, Batch<F>>,
    pace: Arc<Pace>,
    open: Mutex<Option<Open<F>>>,
}

/// A batch that takes keys.
struct Open<F: Fetch> {
    keys: Vec<F::Key>,
    holders: Arc<AtomicUsize>,
    answers: watch::Receiver<Option<Answers<F>>>,
}

/// Whoever opens a batch reads it for all who join.
enum Joined<F: Fetch> {
    Leader(watch::Sender<Option<Answers<F>>>, Arc<AtomicUsize>),
    Follower(watch::Receiver<Option<Answers<F>>>, Ticket),
}

impl<F: Fetch> Gather<F> {
    fn new(source: Source) -> Self {
        let pace = Arc::clone(&source.pace);
        let batch = Batch { source, fetch: PhantomData };
        let loader = cached::Loader::new(batch).with_max_batch_size(usize::MAX).with_yield_count(0);
        Self { loader, pace, open: Mutex::default() }
    }

    async fn answers(&self, key: &F::Key) -> Answers<F> {
        loop {
            match self.join(key.clone()) {
                Joined::Leader(sender, holders) => return self.lead(&sender, holders).await,
                Joined::Follower(mut answers, _ticket) => {
                    // An error says that the leader gave up; then somebody else leads.
                    if let Ok(answers) = answers.wait_for(Option::is_some).await
                        && let Some(answers) = &*answers
                    {
                        return Arc::clone(answers);
                    }
                }
            }
        }
    }

    /// Joins the open batch, or opens one.
    fn join(&self, key: F::Key) -> Joined<F> {
        self.pace.joined.fetch_add(1, Ordering::Relaxed);
        let mut open = locked(&self.open);
        if let Some(Open { keys, holders, answers }) = &mut *open
            && answers.has_changed().is_ok()
        {
            keys.push(key);
            return Joined::Follower(answers.clone(), Ticket::new(holders));
        }
        let (sender, answers) = watch::channel(None);
        let holders = Arc::default();
        *open = Some(Open { keys: vec![key], holders: Arc::clone(&holders), answers });
        Joined::Leader(sender, holders)
    }

    async fn lead(
        &self,
        sender: &watch::Sender<Option<Answers<F>>>,
        holders: Arc<AtomicUsize>,
    ) -> Answers<F> {
        self.pace.settled().await;
        let keys = locked(&self.open).take().map(|open| open.keys).unwrap_or_default();
        let answers = self.loader.try_load_many(keys).await;
        let answers = Arc::new(answers.map_err(|error| Arc::new(StoreError::Unreadable(error.to_string()))));
        locked(&self.pace.answered).push(holders);
        sender.send_replace(Some(Arc::clone(&answers)));
        answers
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Batch<F> {
    source: Source,
    fetch: PhantomData<F>,
}

impl<F: Fetch> BatchFn<F::Key, Loaded<F::Value>> for Batch<F> {
    /// Every key is answered: what is absent has the empty value, and a failure is every key's.
    async fn load(&mut self, keys: &[F::Key]) -> HashMap<F::Key, Loaded<F::Value>> {
        match F::fetch(&self.source, keys).await {
            Ok(mut found) => {
                keys.iter().map(|key| (key.clone(), Ok(found.remove(key).unwrap_or_default()))).collect()
            }
            Err(error) => {
                let error = Arc::new(error);
                keys.iter().map(|key| (key.clone(), Err(Arc::clone(&error)))).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{FutureExt, future::join};

    use super::*;
    use crate::{
        clock::Clock,
        config::DatabaseSettings,
        graphql::loaders::fetch::DomainById,
        model::{DomainId, Role, Scope},
        store::{Access, Columns, Db, tenants},
    };

    async fn source(folder: &tempfile::TempDir) -> Source {
        let database_url = folder.path().join("test.db").display().to_string();
        let db = Db::open(&DatabaseSettings { database_url, ..<_>::default() }, Access::Serve).await.unwrap();
        db.migrate().await.unwrap();
        let tenant = tenants::ensure_default(db.writer(), Clock::system().now()).await.unwrap();
        let scope = Scope { tenant_id: tenant.id, user_id: None, role: Role::Owner };
        Source { db, scope, pace: Arc::default() }
    }

    #[tokio::test]
    async fn a_batch_is_open_until_every_answer_has_been_used() {
        let pace = Pace::default();
        let holders = Arc::default();
        let ticket = Ticket::new(&holders);
        locked(&pace.answered).push(holders);
        let settled = pace.settled();
        tokio::pin!(settled);
        for _ in 0..20 {
            assert!(settled.as_mut().now_or_never().is_none(), "an answer is held");
            yield_now().await;
        }
        drop(ticket);
        settled.await;
    }

    #[tokio::test]
    async fn what_is_asked_for_while_a_batch_is_open_is_read_by_one_statement() {
        let folder = tempfile::tempdir().unwrap();
        let (source, loader) = (source(&folder).await, Lazy::<DomainById>::default());
        let before = source.db.statements();
        let ids: Vec<DomainId> = (0..500).map(|_| DomainId::generate()).collect();
        let loads = ids.iter().map(|id| loader.load(&source, (*id, Columns::all())));
        let found = futures_util::future::join_all(loads).await;
        assert!(found.iter().all(|domain| matches!(domain, Ok(None))), "absent domains are answered too");
        assert_eq!(source.db.statements() - before, 1);
        loader.load(&source, (ids[7], Columns::all())).await.unwrap();
        assert_eq!(source.db.statements() - before, 1, "what is known is not read again");
    }

    #[tokio::test]
    async fn when_the_one_who_reads_gives_up_another_reads() {
        let folder = tempfile::tempdir().unwrap();
        let (source, loader) = (source(&folder).await, Lazy::<DomainById>::default());
        let first = loader.load(&source, (DomainId::generate(), Columns::all()));
        let followers = join(
            loader.load(&source, (DomainId::generate(), Columns::all())),
            loader.load(&source, (DomainId::generate(), Columns::all())),
        );
        tokio::pin!(followers);
        {
            tokio::pin!(first);
            assert!(first.as_mut().now_or_never().is_none());
            assert!(followers.as_mut().now_or_never().is_none());
        }
        let (one, other) = followers.await;
        assert!(one.is_ok() && other.is_ok());
    }
}
