//! What can be asked.

use async_graphql::{Context, ID, Object, OneofObject, Result};
use futures_util::future::try_join_all;

use super::{
    context,
    error::InputError,
    paging::{MAX_PAGE_SIZE, PageArguments},
    selection::shown,
    types::{
        BatchJob, Domain, Job, Node, NodeId, Viewer,
        batch_job_list::BatchJobList,
        connection::Connection,
        domain_list::DomainList,
        filters::{BatchJobFilter, DomainFilter, JobFilter},
        job_list::JobList,
        orders::{BatchJobOrder, DomainOrder, JobOrder},
    },
};
use crate::{model::DomainName, store::domains};

/// What names one domain.
#[derive(Debug, OneofObject)]
enum DomainBy {
    /// Its identifier.
    Id(ID),
    /// Its name in any spelling: `example.com`, `www.Example.com` and `https://example.com/` are the same.
    Name(String),
}

/// What can be asked. Whatever is absent, or another tenant's, is null.
pub(super) struct Query;

/// What can be asked. Whatever is absent, or another tenant's, is null.
#[Object]
impl Query {
    /// Anything that has an identifier of its own.
    async fn node(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Its identifier with the kind, such as `domain_` and 32 hexadecimal digits.")]
        id: ID,
    ) -> Result<Option<Node>> {
        NodeId::parse("id", &id)?.load(context).await
    }

    /// Many things that have identifiers of their own, each at the place of its identifier.
    async fn nodes(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Their identifiers with the kinds, at most 500.")] ids: Vec<ID>,
    ) -> Result<Vec<Option<Node>>> {
        let max = usize::try_from(MAX_PAGE_SIZE).unwrap_or(usize::MAX);
        if ids.len() > max {
            return Err(InputError(format!("`ids` has {} ids; at most {max} are allowed", ids.len())).into());
        }
        let ids = ids.iter().map(|id| NodeId::parse("ids", id)).collect::<Result<Vec<_>, _>>()?;
        try_join_all(ids.into_iter().map(|id| id.load(context))).await
    }

    /// Who asks.
    async fn viewer(&self, context: &Context<'_>) -> Result<Viewer> {
        Ok(Viewer(context::scope(context)?.clone()))
    }

    /// One domain.
    async fn domain(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What names it.")] by: DomainBy,
    ) -> Result<Option<Domain>> {
        match by {
            DomainBy::Id(id) => Ok(context::loaders(context)?
                .domain(context::id("id", &id)?, shown(context))
                .await?
                .map(Domain)),
            DomainBy::Name(name) => {
                let name =
                    DomainName::parse(&name).map_err(|error| InputError(format!("`name`: {error}")))?;
                let db = context::db(context)?.reader();
                let found = domains::by_name(db, context::scope(context)?, &name, shown(context)).await?;
                Ok(found.map(|domain| Domain(domain.into())))
            }
        }
    }

    /// The tenant's domains.
    #[expect(clippy::too_many_arguments, reason = "they are the arguments of the field")]
    async fn domains(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which domains; all by default.")] filter: Option<DomainFilter>,
        #[graphql(desc = "How they are sorted; by name by default.")] order_by: Option<DomainOrder>,
        #[graphql(desc = "The first items: at most 500, 50 by default.")] first: Option<i32>,
        #[graphql(desc = "Only items after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last items: at most 500.")] last: Option<i32>,
        #[graphql(desc = "Only items before this cursor.")] before: Option<String>,
    ) -> Result<Connection<DomainList>> {
        let filter = filter.unwrap_or_default().into_store()?;
        let listing = DomainList::All(filter, DomainOrder::or_default(order_by));
        Connection::read(context, listing, PageArguments { first, after, last, before }).await
    }

    /// One job.
    async fn job(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Its identifier: `job_` and 32 hexadecimal digits, or a UUID.")] id: ID,
    ) -> Result<Option<Job>> {
        Ok(context::loaders(context)?.job(context::id("id", &id)?, shown(context)).await?.map(Job))
    }

    /// The tenant's jobs.
    #[expect(clippy::too_many_arguments, reason = "they are the arguments of the field")]
    async fn jobs(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which jobs; all by default.")] filter: Option<JobFilter>,
        #[graphql(desc = "How they are sorted; newest first by default.")] order_by: Option<JobOrder>,
        #[graphql(desc = "The first items: at most 500, 50 by default.")] first: Option<i32>,
        #[graphql(desc = "Only items after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last items: at most 500.")] last: Option<i32>,
        #[graphql(desc = "Only items before this cursor.")] before: Option<String>,
    ) -> Result<Connection<JobList>> {
        let filter = filter.unwrap_or_default().into_store()?;
        let listing = JobList::All(filter, JobOrder::or_default(order_by));
        Connection::read(context, listing, PageArguments { first, after, last, before }).await
    }

    /// One batch.
    async fn batch_job(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Its identifier: `batch_` and 32 hexadecimal digits, or a UUID.")] id: ID,
    ) -> Result<Option<BatchJob>> {
        Ok(context::loaders(context)?.batch(context::id("id", &id)?, shown(context)).await?.map(BatchJob))
    }

    /// The tenant's batches.
    #[expect(clippy::too_many_arguments, reason = "they are the arguments of the field")]
    async fn batch_jobs(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which batches; all by default.")] filter: Option<BatchJobFilter>,
        #[graphql(desc = "How they are sorted; newest first by default.")] order_by: Option<BatchJobOrder>,
        #[graphql(desc = "The first items: at most 500, 50 by default.")] first: Option<i32>,
        #[graphql(desc = "Only items after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last items: at most 500.")] last: Option<i32>,
        #[graphql(desc = "Only items before this cursor.")] before: Option<String>,
    ) -> Result<Connection<BatchJobList>> {
        let listing = BatchJobList(filter.unwrap_or_default().into(), BatchJobOrder::or_default(order_by));
        Connection::read(context, listing, PageArguments { first, after, last, before }).await
    }
}
