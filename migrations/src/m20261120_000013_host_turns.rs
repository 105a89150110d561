//! Which worker visits a host now, so that several do not visit it together. Nothing is lost with these rows: on
//! PostgreSQL they are not written ahead.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let (kind, name, id, time) = match manager.get_database_backend() {
            DbBackend::Postgres => ("UNLOGGED TABLE", "text COLLATE \"C\"", "uuid", "timestamptz"),
            _ => ("TABLE", "text", "blob", "text"),
        };
        let table = format!(
            "CREATE {kind} host_turns (name {name} NOT NULL PRIMARY KEY, worker_id {id}, until {time} NOT NULL)"
        );
        let connection = manager.get_connection();
        connection.execute_unprepared(&table).await?;
        connection.execute_unprepared("CREATE INDEX host_turns_by_end ON host_turns (until)").await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("host_turns").take()).await
    }
}
