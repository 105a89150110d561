//! Lists of batches.

use std::sync::Arc;

use async_graphql::{Context, Result};

use super::{BatchJob, connection::Listing};
use crate::{
    graphql::{context, selection},
    model,
    store::{
        ListIdentity, Page, PageRequest, Position,
        batches::{self, BatchFilter, BatchOrder},
    },
};

/// The tenant's batches.
pub(crate) struct BatchJobList(pub(crate) BatchFilter, pub(crate) BatchOrder);

impl Listing for BatchJobList {
    type Item = Arc<model::BatchJob>;
    type Node = BatchJob;
    const NODE: &'static str = "BatchJob";

    fn identity(&self) -> ListIdentity {
        ListIdentity::new("batchJobs", &self.0, &self.1)
    }

    fn position(&self, batch: &Arc<model::BatchJob>) -> Position {
        self.1.position(batch)
    }

    fn node(batch: &Arc<model::BatchJob>) -> BatchJob {
        BatchJob(Arc::clone(batch))
    }

    async fn page(
        &self,
        context: &Context<'_>,
        request: PageRequest,
    ) -> Result<Arc<Page<Arc<model::BatchJob>>>> {
        let (db, scope) = (context::db(context)?, context::scope(context)?);
        let page =
            batches::page(db.reader(), scope, &self.0, self.1, &request, selection::shown_on_page(context))
                .await?;
        Ok(Arc::new(page.map(Arc::new)))
    }

    async fn total(&self, context: &Context<'_>) -> Result<i64> {
        let (db, scope) = (context::db(context)?, context::scope(context)?);
        Ok(batches::count(db.reader(), scope, &self.0).await?)
    }
}
