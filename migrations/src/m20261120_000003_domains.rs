//! Websites known to a tenant, with what the newest successful scan found: one column for each fact.

use sea_orm_migration::{prelude::*, schema};

use crate::columns;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut table = identity(manager);
        add_facts(manager, &mut table);
        manager.create_table(table).await?;
        for index in [
            columns::index("domains_by_name", "domains", &["tenant_id", "name"]).unique().take(),
            columns::index("domains_by_tenant", "domains", &["tenant_id", "id"]),
            columns::index("domains_by_scan", "domains", &["tenant_id", "last_scan", "id"]),
            columns::index("domains_by_status", "domains", &["tenant_id", "status", "id"]),
        ] {
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("domains").take()).await
    }
}

/// `scanning` is not stored: it is `pending` while the newest job runs.
fn identity(manager: &SchemaManager<'_>) -> TableCreateStatement {
    const STATUSES: &[&str] = &["new", "pending", "scanned", "failed"];
    Table::create()
        .table("domains")
        .col(schema::pk_uuid("id"))
        .col(schema::uuid("tenant_id"))
        .col(columns::bytewise_text(manager, "name"))
        .col(schema::text_null("url"))
        .col(columns::one_of("status", STATUSES))
        .col(columns::time_null("last_scan"))
        .col(columns::json_null(manager, "last_error"))
        .col(schema::uuid_null("latest_job_id"))
        .col(schema::uuid_null("batch_id"))
        .col(schema::text_null("notes"))
        .col(columns::json(manager, "tags", "[]"))
        .col(columns::time("created_at"))
        .col(columns::time("updated_at"))
        .foreign_key(&mut columns::reference(("domains", "tenant_id"), "tenants", ForeignKeyAction::Cascade))
        .take()
}

fn add_facts(manager: &SchemaManager<'_>, table: &mut TableCreateStatement) {
    for text in [
        "title",
        "description",
        "language",
        "favicon_url",
        "logo_url",
        "wordpress_version",
        "elementor_version",
        "facebook_url",
        "twitter_url",
        "linkedin_url",
        "instagram_url",
        "youtube_url",
    ] {
        table.col(schema::text_null(text));
    }
    for flag in ["is_wordpress", "has_elementor"] {
        table.col(schema::boolean_null(flag));
    }
    for list in [
        "wordpress_themes",
        "wordpress_plugins",
        "technologies",
        "email_addresses",
        "phone_numbers",
        "contacts",
        "social_links",
    ] {
        table.col(columns::json(manager, list, "[]"));
    }
    for object in ["tech_stack", "metadata"] {
        table.col(columns::json(manager, object, "{}"));
    }
    for number in ["total_sitemaps", "sitemap_urls"] {
        table.col(schema::big_integer(number).default(0).take());
    }
}
