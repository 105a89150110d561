//! Dataloaders: what many resolvers ask for one by one is read in one statement.
//!
//! A set lives for one execution, one mutation field or one event of a subscription, so that nothing crosses tenants
//! and nothing read before a change is shown after it.

mod fetch;
mod gather;

use std::sync::{Arc, Mutex, PoisonError};

use fetch::{
    BatchById, DomainById, DomainCounts, DomainPages, JobById, JobCounts, JobPages, SitemapsOfDomain,
};
pub(crate) use fetch::{DomainsAsk, DomainsOfBatch, JobsAsk, JobsOfParent, ListedDomain};
use gather::{Lazy, Pace};

use super::selection::Selections;
use crate::{
    model::{BatchId, BatchJob, Domain, DomainId, Job, JobId, Scope, SitemapFacts},
    store::{Columns, Db, Page, StoreError},
};

/// Loads related records for one execution. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Loaders(Arc<Inner>);

struct Inner {
    source: Source,
    /// Made when it is first asked: most that subscriptions show needs none.
    set: Mutex<Option<Arc<Set>>>,
    selections: Selections,
}

/// Where records come from, and for whom.
#[derive(Clone)]
pub(super) struct Source {
    db: Db,
    scope: Scope,
    pace: Arc<Pace>,
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
        Self(Arc::new(Inner {
            source: Source { db, scope, pace: Arc::default() },
            set: Mutex::default(),
            selections: Selections::default(),
        }))
    }

    /// Forgets what has been loaded.
    pub(super) fn renew(&self) {
        *self.0.set.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// What has been found out about the selections of the request.
    pub(super) fn selections(&self) -> &Selections {
        &self.0.selections
    }

    /// The domain; none when it is absent or another tenant's.
    pub(super) async fn domain(&self, id: DomainId, columns: Columns<Domain>) -> Loaded<Option<Arc<Domain>>> {
        self.set().domains.load(&self.0.source, (id, columns)).await
    }

    /// The job; none when it is absent or another tenant's.
    pub(super) async fn job(&self, id: JobId, columns: Columns<Job>) -> Loaded<Option<Arc<Job>>> {
        self.set().jobs.load(&self.0.source, (id, columns)).await
    }

    /// The batch; none when it is absent or another tenant's.
    pub(super) async fn batch(
        &self,
        id: BatchId,
        columns: Columns<BatchJob>,
    ) -> Loaded<Option<Arc<BatchJob>>> {
        self.set().batches.load(&self.0.source, (id, columns)).await
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
        Arc::clone(self.0.set.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_default())
    }
}
