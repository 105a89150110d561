//! The sitemap files that the newest successful scan of a domain found, in their order.

use sea_orm_migration::{prelude::*, schema};

use crate::columns;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(table()).await?;
        manager
            .create_index(columns::index("sitemaps_by_domain", "sitemaps", &["domain_id", "position"]))
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("sitemaps").take()).await
    }
}

fn table() -> TableCreateStatement {
    Table::create()
        .table("sitemaps")
        .col(schema::pk_uuid("id"))
        .col(schema::uuid("tenant_id"))
        .col(schema::uuid("domain_id"))
        .col(schema::integer("position"))
        .col(schema::text("url"))
        .col(columns::one_of("kind", &["index", "urlset", "text", "rss", "atom", "unknown"]))
        .col(columns::one_of("discovered_by", &["robots", "well_known", "link", "index"]))
        .col(schema::big_integer("url_count"))
        .col(columns::time_null("last_modified"))
        .col(schema::text_null("error"))
        .foreign_key(&mut columns::reference(("sitemaps", "tenant_id"), "tenants", ForeignKeyAction::Cascade))
        .foreign_key(&mut columns::reference(("sitemaps", "domain_id"), "domains", ForeignKeyAction::Cascade))
        .take()
}
