//! Everything that has an identifier of its own.

use async_graphql::{Context, ID, Interface, Result};

use super::{BatchJob, Domain, Job};
use crate::{
    graphql::{context, error::InputError, selection::shown},
    model::{BatchId, DomainId, JobId},
};

/// Something with an identifier of its own.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "Its identifier: the kind, `_` and 32 hexadecimal digits."))]
pub(crate) enum Node {
    Domain(Domain),
    Job(Job),
    BatchJob(BatchJob),
}

/// The identifier of something whose kind it tells.
pub(crate) enum NodeId {
    Domain(DomainId),
    Job(JobId),
    Batch(BatchId),
}

impl NodeId {
    /// Reads an identifier that names its kind.
    pub(crate) fn parse(argument: &str, given: &ID) -> Result<Self, InputError> {
        match given.split_once('_').map(|(kind, _)| kind) {
            Some(DomainId::KIND) => context::id(argument, given).map(Self::Domain),
            Some(JobId::KIND) => context::id(argument, given).map(Self::Job),
            Some(BatchId::KIND) => context::id(argument, given).map(Self::Batch),
            _ => Err(InputError(format!(
                "`{argument}`: `{}` is no id that names its kind; expected `domain_`, `job_` or `batch_` and 32 \
                 hexadecimal digits",
                given.chars().take(64).collect::<String>()
            ))),
        }
    }

    /// What the identifier names; none when it is absent or another tenant's.
    pub(crate) async fn load(self, context: &Context<'_>) -> Result<Option<Node>> {
        let loaders = context::loaders(context)?;
        Ok(match self {
            Self::Domain(id) => loaders.domain(id, shown(context)).await?.map(|found| Domain(found).into()),
            Self::Job(id) => loaders.job(id, shown(context)).await?.map(|found| Job(found).into()),
            Self::Batch(id) => loaders.batch(id, shown(context)).await?.map(|found| BatchJob(found).into()),
        })
    }
}
