//! Batches.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result};

use super::{
    connection::Connection,
    domain_list::DomainList,
    enums::BatchStatus,
    filters::{DomainFilter, JobFilter},
    job_list::JobList,
    rejected_name::RejectedName,
    scalars::{DateTime, JsonValue},
    scan_failure::FailureCount,
    scan_options::ScanOptions,
};
use crate::{
    graphql::{
        context,
        paging::PageArguments,
        selection::{Shown, shown},
    },
    model,
    store::{batches::Column, jobs::JobsOf},
};

/// Many domains scanned as one piece of work.
pub(crate) struct BatchJob(pub(crate) Arc<model::BatchJob>);

impl Shown for model::BatchJob {
    /// What is computed is made of columns that are always read.
    fn columns_of(_field: &str) -> &'static [Column] {
        &[]
    }
}

/// Many domains scanned as one piece of work.
#[Object]
impl BatchJob {
    /// Its identifier: `batch_` and 32 hexadecimal digits.
    pub(super) async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// Where it is in its life.
    async fn status(&self) -> BatchStatus {
        self.0.status.into()
    }

    /// How many domains it has; rejected names and duplicates are not among them.
    async fn total_domains(&self) -> i64 {
        self.0.counts.total
    }

    /// How many of its jobs ended with a result.
    async fn completed_domains(&self) -> i64 {
        self.0.counts.completed
    }

    /// How many of its jobs ended without one.
    async fn failed_domains(&self) -> i64 {
        self.0.counts.failed
    }

    /// How many of its jobs ended because somebody asked for that.
    async fn cancelled_domains(&self) -> i64 {
        self.0.counts.cancelled
    }

    /// The share of its jobs that have ended, from 0 to 1.
    async fn progress(&self) -> f64 {
        self.0.counts.progress()
    }

    /// When its first job started.
    async fn start_time(&self) -> Option<DateTime> {
        self.0.start_time.map(DateTime)
    }

    /// When its last job ended.
    async fn end_time(&self) -> Option<DateTime> {
        self.0.end_time.map(DateTime)
    }

    /// For how many seconds it has been worked on, until now or its end.
    async fn processing_time(&self, context: &Context<'_>) -> Result<Option<f64>> {
        let now = context::service(context)?.clock().now();
        Ok(self.0.processing_time(now).map(chrono::TimeDelta::as_seconds_f64))
    }

    /// Finished domains per second of processing time.
    async fn domains_per_second(&self, context: &Context<'_>) -> Result<Option<f64>> {
        Ok(self.0.domains_per_second(context::service(context)?.clock().now()))
    }

    /// When it will end at the present pace; none before there is a pace, and none after its end.
    async fn estimated_end_time(&self, context: &Context<'_>) -> Result<Option<DateTime>> {
        Ok(self.0.estimated_end_time(context::service(context)?.clock().now()).map(DateTime))
    }

    /// Failed jobs by cause, most frequent first.
    async fn failure_counts(&self) -> Vec<FailureCount> {
        self.0.failure_counts.iter().map(FailureCount::from).collect()
    }

    /// When what is left of it is cancelled; none when it may take as long as it needs.
    async fn deadline(&self) -> Option<DateTime> {
        self.0.deadline.map(DateTime)
    }

    /// The batch whose failed names it tries again.
    async fn retry_of(&self, context: &Context<'_>) -> Result<Option<BatchJob>> {
        let Some(id) = self.0.retry_of else { return Ok(None) };
        Ok(context::loaders(context)?.batch(id, shown(context)).await?.map(BatchJob))
    }

    /// The names that were not accepted.
    async fn rejected(&self) -> Vec<RejectedName> {
        self.0.rejected.iter().map(RejectedName::from).collect()
    }

    /// How its domains are scanned.
    async fn options(&self) -> ScanOptions {
        (&self.0.options).into()
    }

    /// Everything else, by topic.
    async fn metadata(&self) -> JsonValue {
        (&self.0.metadata).into()
    }

    /// Its jobs in the order in which they were submitted.
    async fn jobs(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which jobs; all by default.")] filter: Option<JobFilter>,
        #[graphql(desc = "The first items: at most 500, 50 by default.")] first: Option<i32>,
        #[graphql(desc = "Only items after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last items: at most 500.")] last: Option<i32>,
        #[graphql(desc = "Only items before this cursor.")] before: Option<String>,
    ) -> Result<Connection<JobList>> {
        let filter = Arc::new(filter.unwrap_or_default().into_store()?);
        let listing = JobList::Of(JobsOf::Batches, self.0.id.0, filter);
        Connection::read(context, listing, PageArguments { first, after, last, before }).await
    }

    /// Its domains in the order in which they were submitted.
    async fn domains(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which domains; all by default.")] filter: Option<DomainFilter>,
        #[graphql(desc = "The first items: at most 500, 50 by default.")] first: Option<i32>,
        #[graphql(desc = "Only items after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last items: at most 500.")] last: Option<i32>,
        #[graphql(desc = "Only items before this cursor.")] before: Option<String>,
    ) -> Result<Connection<DomainList>> {
        let filter = Arc::new(filter.unwrap_or_default().into_store()?);
        let listing = DomainList::OfBatch(self.0.id, filter);
        Connection::read(context, listing, PageArguments { first, after, last, before }).await
    }

    /// The user who asked for it.
    async fn created_by(&self) -> Option<ID> {
        self.0.created_by.map(ID::from)
    }

    /// When it was asked for.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When anything of it last changed.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }
}
