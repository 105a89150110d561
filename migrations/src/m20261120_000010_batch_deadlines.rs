//! A time at which what is left of a batch is cancelled.

use sea_orm_migration::prelude::*;

use crate::columns;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = columns::time_null("deadline");
        manager.alter_table(Table::alter().table("batch_jobs").add_column(column).take()).await?;
        manager
            .create_index(
                columns::index("batch_jobs_by_deadline", "batch_jobs", &["deadline"])
                    .and_where(Expr::col("deadline").is_not_null())
                    .and_where(Expr::col("end_time").is_null())
                    .take(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_index(Index::drop().name("batch_jobs_by_deadline").table("batch_jobs").to_owned())
            .await?;
        manager.alter_table(Table::alter().table("batch_jobs").drop_column("deadline").take()).await
    }
}
