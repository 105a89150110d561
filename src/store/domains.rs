//! Domains.

mod list;

use chrono::{DateTime, Utc};
pub use list::{
    DomainFilter, DomainOrder, DomainSort, Member, count, counts_of_batches, page, pages_of_batches,
};
use sea_orm::{ConnectionTrait, entity::prelude::*};

use super::{StoreError, sql};
use crate::model::{BatchId, Domain, DomainId, DomainName, DomainStatus, JobId, Scope, SiteFacts, TenantId};

/// A row of `domains`.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "domains")]
#[expect(missing_docs, reason = "the migration describes the columns")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub tenant_id: Uuid,
    pub name: String,
    pub url: Option<String>,
    pub status: String,
    pub last_scan: Option<DateTime<Utc>>,
    pub last_error: Option<Json>,
    pub latest_job_id: Option<Uuid>,
    pub batch_id: Option<Uuid>,
    pub notes: Option<String>,
    pub tags: Json,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub title: Option<String>,
    pub description: Option<String>,
    pub language: Option<String>,
    pub favicon_url: Option<String>,
    pub logo_url: Option<String>,
    pub is_wordpress: Option<bool>,
    pub wordpress_version: Option<String>,
    pub wordpress_themes: Json,
    pub wordpress_plugins: Json,
    pub has_elementor: Option<bool>,
    pub elementor_version: Option<String>,
    pub technologies: Json,
    pub tech_stack: Json,
    pub email_addresses: Json,
    pub phone_numbers: Json,
    pub contacts: Json,
    pub social_links: Json,
    pub facebook_url: Option<String>,
    pub twitter_url: Option<String>,
    pub linkedin_url: Option<String>,
    pub instagram_url: Option<String>,
    pub youtube_url: Option<String>,
    pub total_sitemaps: i64,
    pub sitemap_urls: i64,
    pub metadata: Json,
}

/// Relations are followed by hand-written queries.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The columns of a [`Model`] read from `domains d`: a pending domain whose newest job runs is being scanned.
pub(super) const COLUMNS: &str = "d.*, d.status = 'pending' AND EXISTS (SELECT 1 FROM jobs newest \
     WHERE newest.id = d.latest_job_id AND newest.status = 'running') AS is_running";

/// A domain with what is known of its newest job.
pub(super) struct Row {
    model: Model,
    is_running: bool,
}

impl sea_orm::FromQueryResult for Row {
    fn from_query_result(row: &sea_orm::QueryResult, prefix: &str) -> Result<Self, DbErr> {
        Ok(Self {
            model: Model::from_query_result(row, prefix)?,
            is_running: row.try_get(prefix, "is_running")?,
        })
    }
}

impl TryFrom<Row> for Domain {
    type Error = StoreError;

    fn try_from(Row { mut model, is_running }: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: DomainId(model.id),
            tenant_id: TenantId(model.tenant_id),
            url: model.url.take().unwrap_or_else(|| format!("https://{}/", model.name)),
            status: if is_running { DomainStatus::Scanning } else { model.status.parse()? },
            last_scan: model.last_scan,
            last_error: model.last_error.take().map(sql::from_json).transpose()?,
            total_sitemaps: model.total_sitemaps,
            sitemap_urls: model.sitemap_urls,
            notes: model.notes.take(),
            tags: sql::from_json(std::mem::take(&mut model.tags))?,
            latest_job_id: model.latest_job_id.map(JobId),
            batch_id: model.batch_id.map(BatchId),
            created_at: model.created_at,
            updated_at: model.updated_at,
            name: std::mem::take(&mut model.name),
            facts: model.last_scan.is_some().then(|| facts(model)).transpose()?,
        })
    }
}

fn facts(row: Model) -> Result<SiteFacts, StoreError> {
    Ok(SiteFacts {
        title: row.title,
        description: row.description,
        language: row.language,
        favicon_url: row.favicon_url,
        logo_url: row.logo_url,
        is_wordpress: row.is_wordpress.unwrap_or_default(),
        wordpress_version: row.wordpress_version,
        wordpress_themes: sql::from_json(row.wordpress_themes)?,
        wordpress_plugins: sql::from_json(row.wordpress_plugins)?,
        has_elementor: row.has_elementor.unwrap_or_default(),
        elementor_version: row.elementor_version,
        technologies: sql::from_json(row.technologies)?,
        tech_stack: sql::from_json(row.tech_stack)?,
        email_addresses: sql::from_json(row.email_addresses)?,
        phone_numbers: sql::from_json(row.phone_numbers)?,
        contacts: sql::from_json(row.contacts)?,
        social_links: sql::from_json(row.social_links)?,
        facebook_url: row.facebook_url,
        twitter_url: row.twitter_url,
        linkedin_url: row.linkedin_url,
        instagram_url: row.instagram_url,
        youtube_url: row.youtube_url,
        metadata: sql::from_json(row.metadata)?,
    })
}

/// The domains with these identifiers, in no order; those that are absent or another tenant's are left out.
pub async fn by_ids(
    connection: &impl ConnectionTrait,
    scope: &Scope,
    ids: &[DomainId],
) -> Result<Vec<Domain>, StoreError> {
    let backend = connection.get_database_backend();
    let condition = sql::in_ids(backend, "d.id", 2);
    let text = format!("SELECT {COLUMNS} FROM domains d WHERE d.tenant_id = $1 AND {condition}");
    let ids = sql::ids_value(backend, ids.iter().map(|id| id.0));
    sql::records::<Row, Domain>(connection, text, [scope.tenant_id.0.into(), ids]).await
}

/// The domain with this identifier; none when it is absent or another tenant's.
pub async fn by_id(
    connection: &impl ConnectionTrait,
    scope: &Scope,
    id: DomainId,
) -> Result<Option<Domain>, StoreError> {
    Ok(by_ids(connection, scope, &[id]).await?.pop())
}

/// The tenant's domain of this name; none when it is not known.
pub async fn by_name(
    connection: &impl ConnectionTrait,
    scope: &Scope,
    name: &DomainName,
) -> Result<Option<Domain>, StoreError> {
    let text = format!("SELECT {COLUMNS} FROM domains d WHERE d.tenant_id = $1 AND d.name = $2");
    let values = [scope.tenant_id.0.into(), name.as_str().into()];
    Ok(sql::records::<Row, Domain>(connection, text, values).await?.pop())
}
