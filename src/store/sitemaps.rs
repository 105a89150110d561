//! The sitemap files of a domain.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, entity::prelude::*};

use super::{StoreError, sql};
use crate::model::{DomainId, Scope, SitemapFacts};

/// A row of `sitemaps`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sitemaps")]
#[expect(missing_docs, reason = "the migration describes the columns")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub tenant_id: Uuid,
    pub domain_id: Uuid,
    pub position: i32,
    pub url: String,
    pub kind: String,
    pub discovered_by: String,
    pub url_count: i64,
    pub last_modified: Option<DateTime<Utc>>,
    pub error: Option<String>,
}

/// Relations are followed by hand-written queries.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// A sitemap file with the domain it belongs to.
pub type SitemapOfDomain = (DomainId, SitemapFacts);

impl TryFrom<Model> for SitemapOfDomain {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        let facts = SitemapFacts {
            url: row.url,
            kind: row.kind.parse()?,
            discovered_by: row.discovered_by.parse()?,
            url_count: row.url_count.unsigned_abs(),
            last_modified: row.last_modified,
            error: row.error,
        };
        Ok((DomainId(row.domain_id), facts))
    }
}

/// The sitemap files of these domains, each domain's in the order in which they were found.
pub async fn of_domains(
    connection: &impl ConnectionTrait,
    scope: &Scope,
    domains: &[DomainId],
) -> Result<Vec<SitemapOfDomain>, StoreError> {
    let backend = connection.get_database_backend();
    let condition = sql::in_ids(backend, "domain_id", 2);
    let text =
        format!("SELECT * FROM sitemaps WHERE tenant_id = $1 AND {condition} ORDER BY domain_id, position");
    let ids = sql::ids_value(backend, domains.iter().map(|id| id.0));
    sql::records::<Model, SitemapOfDomain>(connection, text, [scope.tenant_id.0.into(), ids]).await
}
