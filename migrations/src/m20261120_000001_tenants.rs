//! Teams whose data nobody else sees.

use sea_orm_migration::{prelude::*, schema};

use crate::columns;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table("tenants")
            .col(schema::pk_uuid("id"))
            .col(schema::text("name").unique_key().take())
            .col(columns::time("created_at"))
            .take();
        manager.create_table(table).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("tenants").take()).await
    }
}
