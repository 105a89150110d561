//! Lists of domains.

use std::sync::Arc;

use async_graphql::{Context, Result};

use super::{Domain, connection::Listing};
use crate::{
    graphql::{
        context,
        loaders::{DomainsAsk, DomainsOfBatch, ListedDomain},
        selection,
    },
    model::BatchId,
    store::{
        ListIdentity, Page, PageRequest, Position, SortKey,
        domains::{self, DomainFilter, DomainOrder},
    },
};

/// A list of domains.
pub(crate) enum DomainList {
    /// The tenant's.
    All(DomainFilter, DomainOrder),
    /// Those of a batch, in the order in which they were submitted.
    OfBatch(BatchId, Arc<DomainFilter>),
}

impl Listing for DomainList {
    type Item = ListedDomain;
    type Node = Domain;
    const NODE: &'static str = "Domain";

    fn identity(&self) -> ListIdentity {
        match self {
            Self::All(filter, order) => ListIdentity::new("domains", filter, order),
            Self::OfBatch(_, filter) => ListIdentity::new("BatchJob.domains", &**filter, &()),
        }
    }

    fn position(&self, item: &ListedDomain) -> Position {
        match (self, item.job_id) {
            (Self::OfBatch(..), Some(job)) => Position { key: SortKey::Id, id: job.0 },
            (Self::OfBatch(..), None) => Position { key: SortKey::Id, id: item.domain.id.0 },
            (Self::All(_, order), _) => order.position(&item.domain),
        }
    }

    fn node(item: &ListedDomain) -> Domain {
        Domain(Arc::clone(&item.domain))
    }

    async fn page(&self, context: &Context<'_>, request: PageRequest) -> Result<Arc<Page<ListedDomain>>> {
        let columns = selection::shown_on_page(context);
        match self {
            Self::All(filter, order) => {
                let (db, scope) = (context::db(context)?, context::scope(context)?);
                let page = domains::page(db.reader(), scope, filter, *order, &request, columns).await?;
                Ok(Arc::new(page.map(|domain| ListedDomain { domain: Arc::new(domain), job_id: None })))
            }
            Self::OfBatch(batch, filter) => {
                let ask = Arc::new(DomainsAsk { filter: (**filter).clone(), request, columns });
                let key = DomainsOfBatch { batch: *batch, ask };
                Ok(context::loaders(context)?.domains_of(key).await?)
            }
        }
    }

    async fn total(&self, context: &Context<'_>) -> Result<i64> {
        match self {
            Self::All(filter, _) => {
                let (db, scope) = (context::db(context)?, context::scope(context)?);
                Ok(domains::count(db.reader(), scope, filter).await?)
            }
            Self::OfBatch(batch, filter) => {
                let key = DomainsOfBatch { batch: *batch, ask: Arc::clone(filter) };
                Ok(context::loaders(context)?.count_domains_of(key).await?)
            }
        }
    }
}
