//! Lists of jobs.

use std::sync::Arc;

use async_graphql::{Context, Result};
use uuid::Uuid;

use super::{Job, connection::Listing};
use crate::{
    graphql::{
        context,
        loaders::{JobsAsk, JobsOfParent},
        selection,
    },
    model,
    store::{
        ListIdentity, Page, PageRequest, Position, SortKey,
        jobs::{self, JobFilter, JobOrder, JobsOf},
    },
};

/// A list of jobs.
pub(crate) enum JobList {
    /// The tenant's.
    All(JobFilter, JobOrder),
    /// Those of a domain, newest first, or of a batch, in the order in which they were submitted.
    Of(JobsOf, Uuid, Arc<JobFilter>),
}

impl Listing for JobList {
    type Item = Arc<model::Job>;
    type Node = Job;
    const NODE: &'static str = "Job";

    fn identity(&self) -> ListIdentity {
        match self {
            Self::All(filter, order) => ListIdentity::new("jobs", filter, order),
            Self::Of(JobsOf::Domains, _, filter) => ListIdentity::new("Domain.jobs", &**filter, &()),
            Self::Of(JobsOf::Batches, _, filter) => ListIdentity::new("BatchJob.jobs", &**filter, &()),
        }
    }

    fn position(&self, job: &Arc<model::Job>) -> Position {
        match self {
            Self::All(_, order) => order.position(job),
            Self::Of(..) => Position { key: SortKey::Id, id: job.id.0 },
        }
    }

    fn node(job: &Arc<model::Job>) -> Job {
        Job(Arc::clone(job))
    }

    async fn page(&self, context: &Context<'_>, request: PageRequest) -> Result<Arc<Page<Arc<model::Job>>>> {
        let columns = selection::shown_on_page(context);
        match self {
            Self::All(filter, order) => {
                let (db, scope) = (context::db(context)?, context::scope(context)?);
                let page = jobs::page(db.reader(), scope, filter, *order, &request, columns).await?;
                Ok(Arc::new(page.map(Arc::new)))
            }
            Self::Of(of, parent, filter) => {
                let ask = Arc::new(JobsAsk { filter: (**filter).clone(), request, columns });
                let key = JobsOfParent { of: *of, parent: *parent, ask };
                Ok(context::loaders(context)?.jobs_of(key).await?)
            }
        }
    }

    async fn total(&self, context: &Context<'_>) -> Result<i64> {
        match self {
            Self::All(filter, _) => {
                let (db, scope) = (context::db(context)?, context::scope(context)?);
                Ok(jobs::count(db.reader(), scope, filter).await?)
            }
            Self::Of(of, parent, filter) => {
                let key = JobsOfParent { of: *of, parent: *parent, ask: Arc::clone(filter) };
                Ok(context::loaders(context)?.count_jobs_of(key).await?)
            }
        }
    }
}
