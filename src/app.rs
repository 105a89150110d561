//! What the parts of one process share.

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::{
    clock::Clock,
    config::{DatabaseSettings, WorkerSettings},
    progress::ProgressHub,
    queue::{self, Queue},
    service::Service,
    store::{Access, Db, Notification, StoreError},
};

/// What the parts of one process share. Cheap to clone.
#[derive(Debug, Clone)]
pub struct App {
    /// The database.
    pub db: Db,
    /// The queue in it.
    pub queue: Queue,
    /// Who watches what on this node.
    pub progress: ProgressHub,
    /// The use cases.
    pub service: Service,
}

impl App {
    /// Opens the database, brings its schema up to date, and puts the parts together.
    pub async fn open(database: &DatabaseSettings, worker: &WorkerSettings) -> Result<Self, StoreError> {
        let db = Db::open(database, Access::Serve).await?;
        db.migrate().await?;
        let (clock, progress) = (Clock::system(), ProgressHub::default());
        let queue = Queue::new(db.clone(), clock.clone(), worker);
        let service = Service::new(db.clone(), queue.clone(), progress.clone(), clock, worker.max_attempts);
        Ok(Self { db, queue, progress, service })
    }

    /// Passes pokes of other nodes on to the queue and the watchers of this one, until `stop`.
    pub fn listen_to_other_nodes(&self, tasks: &mut JoinSet<()>, stop: &CancellationToken) {
        let Some(url) = self.db.listen_url().map(str::to_owned) else { return };
        let (app, stop) = (self.clone(), stop.clone());
        tasks.spawn(async move { queue::listen(&url, |poke| app.poked(poke), stop).await });
    }

    /// Brings those counts up to date that are kept elsewhere: of the queue and of the connections.
    pub async fn observe(&self) -> Result<(), StoreError> {
        let metrics = self.queue.metrics();
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        for (pool, used, idle) in self.db.pools() {
            metrics.set_connections(pool, number(used), number(idle));
        }
        for (state, jobs) in self.queue.depth().await? {
            metrics.set_jobs(state, jobs);
        }
        Ok(())
    }

    fn poked(&self, poke: Notification) {
        match poke {
            Notification::Work => self.queue.wake(),
            Notification::Batch(id) => self.progress.poke_batch(id),
            Notification::Job(id) => self.progress.poke_job(id),
            Notification::Step(id, step) => self.progress.step(id, step),
            Notification::Leases => self.queue.look_at_leases(),
            Notification::Missed => {
                self.queue.wake();
                self.queue.look_at_leases();
                self.progress.poke_all();
            }
        }
    }
}
