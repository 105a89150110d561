//! What each loader reads, for all of its keys at a time.

use std::{
    collections::{HashMap, HashSet},
    fmt::Debug,
    hash::Hash,
    sync::Arc,
};

use uuid::Uuid;

use super::Source;
use crate::{
    model::{BatchId, BatchJob, Domain, DomainId, Job, JobId, SitemapFacts},
    store::{
        Columns, Page, PageRequest, Record, StoreError, batches,
        domains::{self, DomainFilter},
        jobs::{self, JobFilter, JobsOf},
        sitemaps,
    },
};

/// Reads the values of many keys. A key without a value is left out.
pub(super) trait Fetch: Send + Sync + 'static {
    type Key: Eq + Hash + Clone + Debug + Send + Sync;
    type Value: Clone + Default + Send + Sync;

    fn fetch(
        source: &Source,
        keys: &[Self::Key],
    ) -> impl Future<Output = Result<HashMap<Self::Key, Self::Value>, StoreError>> + Send;
}

/// Who is wanted, each once, and all columns that anybody wants of them: one statement for all.
fn wanted<I: Copy + Eq + Hash, R: Record>(keys: &[(I, Columns<R>)]) -> (Vec<I>, Columns<R>) {
    let ids: HashSet<I> = keys.iter().map(|(id, _)| *id).collect();
    let columns = keys.iter().fold(Columns::of(&[]), |all, (_, columns)| all.and(*columns));
    (ids.into_iter().collect(), columns)
}

/// The found records by the keys that asked for them.
fn by_key<I: Copy + Eq + Hash, R: Record>(
    keys: &[(I, Columns<R>)],
    found: Vec<R>,
    id: impl Fn(&R) -> I,
) -> HashMap<(I, Columns<R>), Option<Arc<R>>> {
    let found: HashMap<I, Arc<R>> = found.into_iter().map(|record| (id(&record), Arc::new(record))).collect();
    keys.iter().filter_map(|key| Some((*key, Some(Arc::clone(found.get(&key.0)?))))).collect()
}

pub(super) struct DomainById;

impl Fetch for DomainById {
    type Key = (DomainId, Columns<Domain>);
    type Value = Option<Arc<Domain>>;

    async fn fetch(
        source: &Source,
        keys: &[Self::Key],
    ) -> Result<HashMap<Self::Key, Self::Value>, StoreError> {
        let (ids, columns) = wanted(keys);
        let found = domains::by_ids(source.db.reader(), &source.scope, &ids, columns).await?;
        Ok(by_key(keys, found, |domain| domain.id))
    }
}

pub(super) struct JobById;

impl Fetch for JobById {
    type Key = (JobId, Columns<Job>);
    type Value = Option<Arc<Job>>;

    async fn fetch(
        source: &Source,
        keys: &[Self::Key],
    ) -> Result<HashMap<Self::Key, Self::Value>, StoreError> {
        let (ids, columns) = wanted(keys);
        let found = jobs::by_ids(source.db.reader(), &source.scope, &ids, columns).await?;
        Ok(by_key(keys, found, |job| job.id))
    }
}

pub(super) struct BatchById;

impl Fetch for BatchById {
    type Key = (BatchId, Columns<BatchJob>);
    type Value = Option<Arc<BatchJob>>;

    async fn fetch(
        source: &Source,
        keys: &[Self::Key],
    ) -> Result<HashMap<Self::Key, Self::Value>, StoreError> {
        let (ids, columns) = wanted(keys);
        let found = batches::by_ids(source.db.reader(), &source.scope, &ids, columns).await?;
        Ok(by_key(keys, found, |batch| batch.id))
    }
}

pub(super) struct SitemapsOfDomain;

impl Fetch for SitemapsOfDomain {
    type Key = DomainId;
    type Value = Arc<Vec<SitemapFacts>>;

    async fn fetch(source: &Source, keys: &[DomainId]) -> Result<HashMap<DomainId, Self::Value>, StoreError> {
        let mut found: HashMap<DomainId, Vec<SitemapFacts>> = HashMap::new();
        for (domain, sitemap) in sitemaps::of_domains(source.db.reader(), &source.scope, keys).await? {
            found.entry(domain).or_default().push(sitemap);
        }
        Ok(found.into_iter().map(|(domain, sitemaps)| (domain, Arc::new(sitemaps))).collect())
    }
}

/// Something asked about the jobs of one parent.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct JobsOfParent<A> {
    /// What kind of parent it is.
    pub(crate) of: JobsOf,
    /// The parent.
    pub(crate) parent: Uuid,
    /// What is asked.
    pub(crate) ask: Arc<A>,
}

/// Which page of which jobs is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct JobsAsk {
    /// Which jobs.
    pub(crate) filter: JobFilter,
    /// Which page of them.
    pub(crate) request: PageRequest,
    /// What is read of each.
    pub(crate) columns: Columns<Job>,
}

impl<A: Eq + Hash> JobsOfParent<A> {
    /// The parents of whom the same is asked: one statement for each group.
    fn groups(keys: &[Self]) -> HashMap<(JobsOf, &Arc<A>), Vec<Uuid>> {
        let mut groups: HashMap<_, Vec<Uuid>> = HashMap::new();
        for key in keys {
            groups.entry((key.of, &key.ask)).or_default().push(key.parent);
        }
        groups
    }
}

pub(super) struct JobPages;

impl Fetch for JobPages {
    type Key = JobsOfParent<JobsAsk>;
    type Value = Arc<Page<Arc<Job>>>;

    async fn fetch(
        source: &Source,
        keys: &[Self::Key],
    ) -> Result<HashMap<Self::Key, Self::Value>, StoreError> {
        let mut found = HashMap::new();
        for ((of, ask), parents) in JobsOfParent::groups(keys) {
            let (db, scope) = (source.db.reader(), &source.scope);
            let pages =
                jobs::pages_of(db, scope, of, &parents, &ask.filter, &ask.request, ask.columns).await?;
            found.extend(pages.into_iter().map(|(parent, page)| {
                (JobsOfParent { of, parent, ask: Arc::clone(ask) }, Arc::new(page.map(Arc::new)))
            }));
        }
        Ok(found)
    }
}

pub(super) struct JobCounts;

impl Fetch for JobCounts {
    type Key = JobsOfParent<JobFilter>;
    type Value = i64;

    async fn fetch(source: &Source, keys: &[Self::Key]) -> Result<HashMap<Self::Key, i64>, StoreError> {
        let mut found = HashMap::new();
        for ((of, filter), parents) in JobsOfParent::groups(keys) {
            let counts = jobs::counts_of(source.db.reader(), &source.scope, of, &parents, filter).await?;
            found.extend(
                counts
                    .into_iter()
                    .map(|(parent, count)| (JobsOfParent { of, parent, ask: Arc::clone(filter) }, count)),
            );
        }
        Ok(found)
    }
}

/// Something asked about the domains of one batch.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct DomainsOfBatch<A> {
    /// The batch.
    pub(crate) batch: BatchId,
    /// What is asked.
    pub(crate) ask: Arc<A>,
}

/// Which page of which domains is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct DomainsAsk {
    /// Which domains.
    pub(crate) filter: DomainFilter,
    /// Which page of them.
    pub(crate) request: PageRequest,
    /// What is read of each.
    pub(crate) columns: Columns<Domain>,
}

impl<A: Eq + Hash> DomainsOfBatch<A> {
    fn groups(keys: &[Self]) -> HashMap<&Arc<A>, Vec<BatchId>> {
        let mut groups: HashMap<_, Vec<BatchId>> = HashMap::new();
        for key in keys {
            groups.entry(&key.ask).or_default().push(key.batch);
        }
        groups
    }
}

/// A domain in a list; in that of a batch with its job there, by which the list is sorted.
#[derive(Debug, Clone)]
pub(crate) struct ListedDomain {
    /// Its job in the batch.
    pub(crate) job_id: Option<JobId>,
    /// The domain.
    pub(crate) domain: Arc<Domain>,
}

pub(super) struct DomainPages;

impl Fetch for DomainPages {
    type Key = DomainsOfBatch<DomainsAsk>;
    type Value = Arc<Page<ListedDomain>>;

    async fn fetch(
        source: &Source,
        keys: &[Self::Key],
    ) -> Result<HashMap<Self::Key, Self::Value>, StoreError> {
        let mut found = HashMap::new();
        for (ask, batches) in DomainsOfBatch::groups(keys) {
            let (db, scope) = (source.db.reader(), &source.scope);
            let pages =
                domains::pages_of_batches(db, scope, &batches, &ask.filter, &ask.request, ask.columns)
                    .await?;
            found.extend(pages.into_iter().map(|(batch, page)| {
                let page = page.map(|member| ListedDomain {
                    job_id: Some(member.job_id),
                    domain: Arc::new(member.domain),
                });
                (DomainsOfBatch { batch, ask: Arc::clone(ask) }, Arc::new(page))
            }));
        }
        Ok(found)
    }
}

pub(super) struct DomainCounts;

impl Fetch for DomainCounts {
    type Key = DomainsOfBatch<DomainFilter>;
    type Value = i64;

    async fn fetch(source: &Source, keys: &[Self::Key]) -> Result<HashMap<Self::Key, i64>, StoreError> {
        let mut found = HashMap::new();
        for (filter, batches) in DomainsOfBatch::groups(keys) {
            let counts =
                domains::counts_of_batches(source.db.reader(), &source.scope, &batches, filter).await?;
            found.extend(
                counts
                    .into_iter()
                    .map(|(batch, count)| (DomainsOfBatch { batch, ask: Arc::clone(filter) }, count)),
            );
        }
        Ok(found)
    }
}
