//! Domains.

mod list;

use chrono::{DateTime, Utc};
pub use list::{
    DomainFilter, DomainOrder, DomainSort, Member, count, counts_of_batches, page, pages_of_batches,
};
use sea_orm::{ConnectionTrait, IdenStatic, entity::prelude::*};

use super::{
    StoreError,
    columns::{Cell, Columns, Record},
    sql,
};
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

/// A pending domain whose newest job runs is being scanned.
const STATUS: &str = "CASE WHEN d.status = 'pending' AND EXISTS (SELECT 1 FROM jobs newest \
     WHERE newest.id = d.latest_job_id AND newest.status = 'running') THEN 'scanning' ELSE d.status END";

impl Record for Domain {
    type Column = Column;
    const ALIAS: &'static str = "d";
    const ALWAYS: &'static [Column] =
        &[Column::Id, Column::TenantId, Column::Name, Column::LastScan, Column::LatestJobId, Column::BatchId];

    fn expression(column: Column) -> Option<&'static str> {
        matches!(column, Column::Status).then_some(STATUS)
    }

    fn blank() -> Self {
        Self {
            id: DomainId(Uuid::nil()),
            tenant_id: TenantId(Uuid::nil()),
            name: String::new(),
            url: String::new(),
            status: DomainStatus::New,
            last_scan: None,
            last_error: None,
            facts: Some(SiteFacts::default()),
            total_sitemaps: 0,
            sitemap_urls: 0,
            notes: None,
            tags: Vec::new(),
            latest_job_id: None,
            batch_id: None,
            created_at: DateTime::UNIX_EPOCH,
            updated_at: DateTime::UNIX_EPOCH,
        }
    }

    fn set(&mut self, column: Column, cell: Cell<'_>) -> Result<(), StoreError> {
        match column {
            Column::Id => self.id = DomainId(cell.get()?),
            Column::TenantId => self.tenant_id = TenantId(cell.get()?),
            Column::Name => self.name = cell.get()?,
            Column::Url => self.url = cell.get::<Option<_>>()?.unwrap_or_default(),
            Column::Status => self.status = cell.name()?,
            Column::LastScan => self.last_scan = cell.get()?,
            Column::LastError => self.last_error = cell.optional_json()?,
            Column::LatestJobId => self.latest_job_id = cell.get::<Option<_>>()?.map(JobId),
            Column::BatchId => self.batch_id = cell.get::<Option<_>>()?.map(BatchId),
            Column::Notes => self.notes = cell.get()?,
            Column::Tags => self.tags = cell.json()?,
            Column::CreatedAt => self.created_at = cell.get()?,
            Column::UpdatedAt => self.updated_at = cell.get()?,
            Column::TotalSitemaps => self.total_sitemaps = cell.get()?,
            Column::SitemapUrls => self.sitemap_urls = cell.get()?,
            fact => set_fact(self.facts.get_or_insert_default(), fact, cell)?,
        }
        Ok(())
    }

    fn complete(&mut self) {
        if self.url.is_empty() {
            self.url = format!("https://{}/", self.name);
        }
        if self.last_scan.is_none() {
            self.facts = None;
        }
    }
}

fn set_fact(facts: &mut SiteFacts, column: Column, cell: Cell<'_>) -> Result<(), StoreError> {
    match column {
        Column::Title => facts.title = cell.get()?,
        Column::Description => facts.description = cell.get()?,
        Column::Language => facts.language = cell.get()?,
        Column::FaviconUrl => facts.favicon_url = cell.get()?,
        Column::LogoUrl => facts.logo_url = cell.get()?,
        Column::IsWordpress => facts.is_wordpress = cell.get::<Option<_>>()?.unwrap_or_default(),
        Column::WordpressVersion => facts.wordpress_version = cell.get()?,
        Column::WordpressThemes => facts.wordpress_themes = cell.json()?,
        Column::WordpressPlugins => facts.wordpress_plugins = cell.json()?,
        Column::HasElementor => facts.has_elementor = cell.get::<Option<_>>()?.unwrap_or_default(),
        Column::ElementorVersion => facts.elementor_version = cell.get()?,
        Column::Technologies => facts.technologies = cell.json()?,
        Column::TechStack => facts.tech_stack = cell.json()?,
        Column::EmailAddresses => facts.email_addresses = cell.json()?,
        Column::PhoneNumbers => facts.phone_numbers = cell.json()?,
        Column::Contacts => facts.contacts = cell.json()?,
        Column::SocialLinks => facts.social_links = cell.json()?,
        Column::FacebookUrl => facts.facebook_url = cell.get()?,
        Column::TwitterUrl => facts.twitter_url = cell.get()?,
        Column::LinkedinUrl => facts.linkedin_url = cell.get()?,
        Column::InstagramUrl => facts.instagram_url = cell.get()?,
        Column::YoutubeUrl => facts.youtube_url = cell.get()?,
        Column::Metadata => facts.metadata = cell.json()?,
        other => return Err(StoreError::Unreadable(format!("`{}` is no fact of a site", other.as_str()))),
    }
    Ok(())
}

/// The domains with these identifiers, in no order; those that are absent or another tenant's are left out.
pub async fn by_ids(
    connection: &impl ConnectionTrait,
    scope: &Scope,
    ids: &[DomainId],
    columns: Columns<Domain>,
) -> Result<Vec<Domain>, StoreError> {
    let backend = connection.get_database_backend();
    let condition = sql::in_ids(backend, "d.id", 2);
    let select = columns.select();
    let text = format!("SELECT {select} FROM domains d WHERE d.tenant_id = $1 AND {condition}");
    let ids = sql::ids_value(backend, ids.iter().map(|id| id.0));
    columns.read(connection, text, [scope.tenant_id.0.into(), ids]).await
}

/// The domain with this identifier; none when it is absent or another tenant's.
pub async fn by_id(
    connection: &impl ConnectionTrait,
    scope: &Scope,
    id: DomainId,
    columns: Columns<Domain>,
) -> Result<Option<Domain>, StoreError> {
    Ok(by_ids(connection, scope, &[id], columns).await?.pop())
}

/// The tenant's domain of this name; none when it is not known.
pub async fn by_name(
    connection: &impl ConnectionTrait,
    scope: &Scope,
    name: &DomainName,
    columns: Columns<Domain>,
) -> Result<Option<Domain>, StoreError> {
    let select = columns.select();
    let text = format!("SELECT {select} FROM domains d WHERE d.tenant_id = $1 AND d.name = $2");
    let values = [scope.tenant_id.0.into(), name.as_str().into()];
    Ok(columns.read(connection, text, values).await?.pop())
}
