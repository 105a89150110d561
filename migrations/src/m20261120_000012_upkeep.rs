//! What keeps a full table quick: indexes for lists of unfinished jobs, for claims under a cap of each tenant, and for
//! the removal of what is old.
//!
//! - `removed_at` hides an ended batch at once; its jobs and then the row follow in small steps.

use sea_orm_migration::prelude::*;

use crate::columns;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = columns::time_null("removed_at");
        manager.alter_table(Table::alter().table("batch_jobs").add_column(column).take()).await?;
        for index in indexes() {
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for index in indexes() {
            let name = index.get_index_spec().get_name().unwrap_or_default();
            manager.drop_index(Index::drop().name(name).to_owned()).await?;
        }
        manager.alter_table(Table::alter().table("batch_jobs").drop_column("removed_at").take()).await
    }
}

/// As in the migration of the jobs: a job that took this many workers down with it is claimed apart from the others.
const LOSSES_BEFORE_ISOLATION: i32 = 2;

fn indexes() -> Vec<IndexCreateStatement> {
    let is_null = |column: &'static str| Expr::col(column).is_null();
    let is_known = |column: &'static str| Expr::col(column).is_not_null();
    vec![
        columns::index("jobs_unfinished", "jobs", &["tenant_id", "completed_at", "id"])
            .and_where(is_null("completed_at"))
            .take(),
        columns::index("jobs_claimable_by_tenant", "jobs", &["tenant_id", "lane", "turn", "id"])
            .and_where(Expr::col("status").eq("pending"))
            .and_where(is_null("run_at"))
            .and_where(Expr::col("losses").lt(LOSSES_BEFORE_ISOLATION))
            .take(),
        columns::index("jobs_single_by_end", "jobs", &["completed_at"])
            .and_where(is_null("batch_id"))
            .and_where(is_known("completed_at"))
            .take(),
        columns::index("batch_jobs_by_age", "batch_jobs", &["end_time"])
            .and_where(is_known("end_time"))
            .take(),
        columns::index("batch_jobs_removed", "batch_jobs", &["removed_at"])
            .and_where(is_known("removed_at"))
            .take(),
    ]
}
