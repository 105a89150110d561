//! Many domains scanned as one piece of work. The counters move only under the lock of the row; the sequence
//! number of a finished job is the number of finished jobs after it is counted, so it needs no column.

use sea_orm_migration::{prelude::*, schema};

use crate::columns;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(table(manager)).await?;
        for index in [
            columns::index("batch_jobs_by_tenant", "batch_jobs", &["tenant_id", "id"]),
            columns::index("batch_jobs_by_end", "batch_jobs", &["tenant_id", "end_time", "id"]),
            columns::index("batch_jobs_by_retry_of", "batch_jobs", &["retry_of"])
                .and_where(Expr::col("retry_of").is_not_null())
                .take(),
        ] {
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("batch_jobs").take()).await
    }
}

fn table(manager: &SchemaManager<'_>) -> TableCreateStatement {
    const STATUSES: &[&str] = &["pending", "running", "complete", "partial", "failed", "cancelled"];
    Table::create()
        .table("batch_jobs")
        .col(schema::pk_uuid("id"))
        .col(schema::uuid("tenant_id"))
        .col(columns::one_of("status", STATUSES))
        .col(schema::big_integer("total_domains"))
        .col(schema::big_integer("completed_domains").default(0).take())
        .col(schema::big_integer("failed_domains").default(0).take())
        .col(schema::big_integer("cancelled_domains").default(0).take())
        .col(columns::json(manager, "failure_counts", "[]"))
        .col(columns::json(manager, "options", "{}"))
        .col(columns::json(manager, "rejected", "[]"))
        .col(columns::json(manager, "metadata", "{}"))
        .col(schema::uuid_null("retry_of"))
        .col(schema::uuid_null("created_by"))
        .col(columns::time_null("start_time"))
        .col(columns::time_null("end_time"))
        .col(columns::time("created_at"))
        .col(columns::time("updated_at"))
        .foreign_key(&mut columns::reference(
            ("batch_jobs", "tenant_id"),
            "tenants",
            ForeignKeyAction::Cascade,
        ))
        .foreign_key(&mut columns::reference(
            ("batch_jobs", "retry_of"),
            "batch_jobs",
            ForeignKeyAction::SetNull,
        ))
        .check(
            Expr::col("completed_domains")
                .add(Expr::col("failed_domains"))
                .add(Expr::col("cancelled_domains"))
                .lte(Expr::col("total_domains")),
        )
        .take()
}
