//! What a mutation answered, so that a repeated call with the same key answers the same.

use sea_orm_migration::{prelude::*, schema};

use crate::columns;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table("idempotency_keys")
            .col(schema::uuid("tenant_id"))
            .col(schema::text("operation"))
            .col(schema::text("key"))
            .col(schema::text("input_hash"))
            .col(columns::json_null(manager, "response"))
            .col(columns::time("created_at"))
            .primary_key(Index::create().col("tenant_id").col("operation").col("key"))
            .foreign_key(&mut columns::reference(
                ("idempotency_keys", "tenant_id"),
                "tenants",
                ForeignKeyAction::Cascade,
            ))
            .take();
        manager.create_table(table).await?;
        manager
            .create_index(columns::index("idempotency_keys_by_age", "idempotency_keys", &["created_at"]))
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("idempotency_keys").take()).await
    }
}
