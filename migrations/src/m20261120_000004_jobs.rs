//! Units of background work, which is also the queue.
//!
//! - `lane` and `turn` order the claims: single scans before batches, and within a lane by turn, which is given
//!   when the job is made so that tenants and batches take turns.
//! - `run_at` is set while a job waits for its next try; a job that may be claimed now has none.
//! - `lease_epoch` fences late finishes, `attempts` counts tries at the site, `losses` leases lost with a worker.

use sea_orm_migration::{prelude::*, schema};

use crate::columns;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut table = state(manager);
        add_relations(&mut table);
        manager.create_table(table).await?;
        for index in indexes() {
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("jobs").take()).await
    }
}

/// A job that took this many workers down with it is claimed apart from the others.
const LOSSES_BEFORE_ISOLATION: i32 = 2;

fn state(manager: &SchemaManager<'_>) -> TableCreateStatement {
    const STATUSES: &[&str] = &["pending", "running", "complete", "failed", "cancelled"];
    Table::create()
        .table("jobs")
        .col(schema::pk_uuid("id"))
        .col(columns::one_of("job_type", &["domain_scan"]))
        .col(columns::one_of("status", STATUSES))
        .col(schema::small_integer("lane"))
        .col(schema::big_integer("turn"))
        .col(columns::time_null("run_at"))
        .col(schema::uuid_null("worker_id"))
        .col(columns::time_null("lease_expires_at"))
        .col(schema::integer("lease_epoch").default(0).take())
        .col(schema::integer("attempts").default(0).take())
        .col(schema::integer("max_attempts"))
        .col(schema::integer("losses").default(0).take())
        .col(schema::double("progress").default(0.0).take())
        .col(schema::text("step").default("queued").take())
        .col(schema::big_integer_null("sequence"))
        .col(schema::text("options_key"))
        .col(columns::json(manager, "options", "{}"))
        .col(columns::json_null(manager, "failure"))
        .col(columns::json_null(manager, "result"))
        .col(columns::json(manager, "metadata", "{}"))
        .col(columns::time("created_at"))
        .col(columns::time_null("started_at"))
        .col(columns::time_null("completed_at"))
        .take()
}

fn add_relations(table: &mut TableCreateStatement) {
    table
        .col(schema::uuid("tenant_id"))
        .col(schema::uuid_null("domain_id"))
        .col(schema::uuid_null("batch_id"))
        .col(schema::uuid_null("created_by"))
        .foreign_key(&mut columns::reference(("jobs", "tenant_id"), "tenants", ForeignKeyAction::Cascade))
        .foreign_key(&mut columns::reference(("jobs", "domain_id"), "domains", ForeignKeyAction::Cascade))
        .foreign_key(&mut columns::reference(("jobs", "batch_id"), "batch_jobs", ForeignKeyAction::Cascade));
}

fn indexes() -> Vec<IndexCreateStatement> {
    let pending = || Expr::col("status").eq("pending");
    vec![
        columns::index("jobs_by_tenant", "jobs", &["tenant_id", "id"]),
        columns::index("jobs_by_completion", "jobs", &["tenant_id", "completed_at", "id"])
            .and_where(Expr::col("completed_at").is_not_null())
            .take(),
        columns::index("jobs_by_domain", "jobs", &["domain_id", "id"]),
        columns::index("jobs_by_batch", "jobs", &["batch_id", "id"]),
        columns::index("jobs_by_sequence", "jobs", &["batch_id", "sequence"])
            .unique()
            .and_where(Expr::col("sequence").is_not_null())
            .take(),
        columns::index("jobs_claimable", "jobs", &["lane", "turn", "id"])
            .and_where(pending())
            .and_where(Expr::col("run_at").is_null())
            .and_where(Expr::col("losses").lt(LOSSES_BEFORE_ISOLATION))
            .take(),
        columns::index("jobs_isolated", "jobs", &["lane", "turn", "id"])
            .and_where(pending())
            .and_where(Expr::col("run_at").is_null())
            .and_where(Expr::col("losses").gte(LOSSES_BEFORE_ISOLATION))
            .take(),
        columns::index("jobs_waiting", "jobs", &["run_at"])
            .and_where(pending())
            .and_where(Expr::col("run_at").is_not_null())
            .take(),
        columns::index("jobs_leased", "jobs", &["lease_expires_at"])
            .and_where(Expr::col("status").eq("running"))
            .take(),
    ]
}
