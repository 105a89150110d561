//! Who asks, and what a request may ask for.

use async_graphql::{Context, ID, Object, Result, SimpleObject};

use super::{enums::Role, scalars::DateTime};
use crate::{
    config::GraphqlLimits,
    graphql::{
        context,
        paging::{DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE},
    },
    model::{self, Scope},
    store::{StoreError, tenants},
};

/// Who asks: the tenant, and within it the caller, that the request speaks for.
pub(crate) struct Viewer(pub(crate) Scope);

/// Who asks: the tenant, and within it the caller, that the request speaks for.
#[Object]
impl Viewer {
    /// The team whose data the request reads and writes.
    async fn tenant(&self, context: &Context<'_>) -> Result<Tenant> {
        let found = tenants::of_scope(context::db(context)?.reader(), &self.0).await?;
        let tenant = found.ok_or_else(|| StoreError::Unreadable(format!("{} is gone", self.0.tenant_id)))?;
        Ok(tenant.into())
    }

    /// The caller, where a person or program has been told apart.
    async fn user_id(&self) -> Option<ID> {
        self.0.user_id.map(ID::from)
    }

    /// What the caller may do.
    async fn role(&self) -> Role {
        self.0.role.into()
    }

    /// What one request may ask for.
    async fn limits(&self, context: &Context<'_>) -> Result<Limits> {
        Ok(context.data::<GraphqlLimits>()?.into())
    }
}

/// A team whose data nobody else sees.
#[derive(Debug, SimpleObject)]
pub(crate) struct Tenant {
    /// Its identifier: `tenant_` and 32 hexadecimal digits.
    id: ID,
    /// Its name.
    name: String,
    /// When it was made.
    created_at: DateTime,
}

impl From<model::Tenant> for Tenant {
    fn from(tenant: model::Tenant) -> Self {
        Self { id: tenant.id.into(), name: tenant.name, created_at: DateTime(tenant.created_at) }
    }
}

/// What one request may ask for. More is refused before anything is read.
#[derive(Debug, SimpleObject)]
pub(crate) struct Limits {
    /// The deepest nesting of fields.
    max_depth: i32,
    /// The most fields a query may resolve, with lists counted by what they ask for.
    max_complexity: i32,
    /// The deepest nesting of brackets in a document.
    max_nesting: i32,
    /// The most bytes of one request's body.
    max_body_bytes: i32,
    /// The most operations in one HTTP request.
    max_operations: i32,
    /// The most items of one page.
    max_page_size: i32,
    /// The items of a page where no number is asked for.
    default_page_size: i32,
}

impl From<&GraphqlLimits> for Limits {
    fn from(limits: &GraphqlLimits) -> Self {
        Self {
            max_depth: shown(limits.max_depth),
            max_complexity: shown(limits.max_complexity),
            max_nesting: shown(limits.max_nesting),
            max_body_bytes: shown(limits.max_body_bytes),
            max_operations: shown(limits.max_operations),
            max_page_size: MAX_PAGE_SIZE.cast_signed(),
            default_page_size: DEFAULT_PAGE_SIZE.cast_signed(),
        }
    }
}

/// GraphQL's integers have 32 bits: a greater limit is shown as the greatest of them.
fn shown(limit: usize) -> i32 {
    i32::try_from(limit).unwrap_or(i32::MAX)
}
