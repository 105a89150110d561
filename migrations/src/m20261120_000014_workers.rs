//! Which workers live, so that they share the limits for addresses. Nothing is lost with these rows: on PostgreSQL they
//! are not written ahead.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let (kind, id, time) = match manager.get_database_backend() {
            DbBackend::Postgres => ("UNLOGGED TABLE", "uuid", "timestamptz"),
            _ => ("TABLE", "blob", "text"),
        };
        let table = format!("CREATE {kind} workers (id {id} NOT NULL PRIMARY KEY, until {time} NOT NULL)");
        manager.get_connection().execute_unprepared(&table).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("workers").take()).await
    }
}
