//! What the newest successful scan of a domain leaves for the next: how to ask whether the page has changed.

use sea_orm_migration::prelude::*;

use crate::columns;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = columns::json_null(manager, "revisit");
        manager.alter_table(Table::alter().table("domains").add_column(column).take()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("domains").drop_column("revisit").take()).await
    }
}
