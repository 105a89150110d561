//! Dataloaders: what many resolvers ask for one by one is read in one statement.
//!
//! A set lives for one execution, one mutation field or one event of a subscription, so that nothing crosses tenants
//! and nothing read before a change is shown after it.

mod fetch;

use std::{
    collections::HashMap,
    marker::PhantomData,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use dataloader::{BatchFn, cached};
use fetch::{
    BatchById, DomainById, DomainCounts, DomainPages, Fetch, JobById, JobCounts, JobPages, SitemapsOfDomain,
};
pub(crate) use fetch::{DomainsAsk, DomainsOfBatch, JobsAsk, JobsOfParent, ListedDomain};

use crate::{
    model::{BatchId, BatchJob, Domain, DomainId, Job, JobId, Scope, SitemapFacts},
    store::{Db, Page, StoreError},
};

/// Loads related records for one execution. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Loaders(Arc<Inner>);

struct Inner {
    source: Source,
    set: Mutex<Arc<Set>>,
}

/// Where records come from, and for whom.
#[derive(Clone)]
pub(super) struct Source {
    db: Db,
    scope: Scope,
}

/// What a loader answers: the record, or why it could not be read.
type Loaded<V> = Result<V, Arc<StoreError>>;

#[derive(Default)]
struct Set {
    domains: Lazy<DomainById>,
    jobs: Lazy<JobById>,
    batches: Lazy<BatchById>,
    sitemaps: Lazy<SitemapsOfDomain>,
    job_pages: Lazy<JobPages>,
    job_counts: Lazy<JobCounts>,
    domain_pages: Lazy<DomainPages>,
    domain_counts: Lazy<DomainCounts>,
}

impl Loaders {
    /// Loaders of what the scope may see.
    pub(super) fn new(db: Db, scope: Scope) -> Self {
        Self(Arc::new(Inner { source: Source { db, scope }, set: Mutex::default() }))
    }

    /// Forgets what has been loaded.
    pub(super) fn renew(&self) {
        *self.0.set.lock().unwrap_or_else(PoisonError::into_inner) = Arc::default();
    }

    /// The domain; none when it is absent or another tenant's.
    pub(super) async fn domain(&self, id: DomainId) -> Loaded<Option<Arc<Domain>>> {
        self.set().domains.load(&self.0.source, id).await
    }

    /// The job; none when it is absent or another tenant's.
    pub(super) async fn job(&self, id: JobId) -> Loaded<Option<Arc<Job>>> {
        self.set().jobs.load(&self.0.source, id).await
    }

    /// The batch; none when it is absent or another tenant's.
    pub(super) async fn batch(&self, id: BatchId) -> Loaded<Option<Arc<BatchJob>>> {
        self.set().batches.load(&self.0.source, id).await
    }

    /// The sitemap files of the domain.
    pub(super) async fn sitemaps(&self, domain: DomainId) -> Loaded<Arc<Vec<SitemapFacts>>> {
        self.set().sitemaps.load(&self.0.source, domain).await
    }

    /// A page of the jobs of a domain or batch.
    pub(super) async fn jobs_of(&self, key: JobsOfParent<JobsAsk>) -> Loaded<Arc<Page<Arc<Job>>>> {
        self.set().job_pages.load(&self.0.source, key).await
    }

    /// How many jobs a domain or batch has.
    pub(super) async fn count_jobs_of(
        &self,
        key: JobsOfParent<crate::store::jobs::JobFilter>,
    ) -> Loaded<i64> {
        self.set().job_counts.load(&self.0.source, key).await
    }

    /// A page of the domains of a batch.
    pub(super) async fn domains_of(
        &self,
        key: DomainsOfBatch<DomainsAsk>,
    ) -> Loaded<Arc<Page<ListedDomain>>> {
        self.set().domain_pages.load(&self.0.source, key).await
    }

    /// How many domains a batch has.
    pub(super) async fn count_domains_of(
        &self,
        key: DomainsOfBatch<crate::store::domains::DomainFilter>,
    ) -> Loaded<i64> {
        self.set().domain_counts.load(&self.0.source, key).await
    }

    fn set(&self) -> Arc<Set> {
        Arc::clone(&self.0.set.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// More keys than one request can ask for: a level of a query is always one batch.
const MAX_BATCH_SIZE: usize = 1 << 20;

type Loader<F> = cached::Loader<<F as Fetch>::Key, Loaded<<F as Fetch>::Value>, Batch<F>>;

/// A loader that is made when it is first needed.
struct Lazy<F: Fetch>(OnceLock<Loader<F>>);

impl<F: Fetch> Default for Lazy<F> {
    fn default() -> Self {
        Self(OnceLock::new())
    }
}

impl<F: Fetch> Lazy<F> {
    /// One yield gathers what siblings ask for: all of them are polled before the first goes on.
    async fn load(&self, source: &Source, key: F::Key) -> Loaded<F::Value> {
        let loader = self.0.get_or_init(|| {
            let batch = Batch { source: source.clone(), fetch: PhantomData };
            Loader::<F>::new(batch).with_max_batch_size(MAX_BATCH_SIZE).with_yield_count(1)
        });
        let unanswered = |error: std::io::Error| Arc::new(StoreError::Unreadable(error.to_string()));
        loader.try_load(key).await.map_err(unanswered)?
    }
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
