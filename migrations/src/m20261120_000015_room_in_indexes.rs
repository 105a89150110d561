//! Room in the indexes of jobs and domains for the rows that their updates leave behind. A scan writes its job twice and
//! its domain once; pages nine tenths full, as `PostgreSQL` leaves them, have no place for their entries, and are split.
//! Indexes made before get the room page by page as they grow, or at once by `REINDEX TABLE CONCURRENTLY`.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// The indexes that hold rows of every state. The others are small, or take each row once, at its end.
const INDEXES: [&str; 9] = [
    "jobs_pkey",
    "jobs_by_tenant",
    "jobs_by_domain",
    "jobs_by_batch",
    "domains_pkey",
    "domains_by_name",
    "domains_by_tenant",
    "domains_by_scan",
    "domains_by_status",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        alter_indexes(manager, "SET (fillfactor = 70)").await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        alter_indexes(manager, "RESET (fillfactor)").await
    }
}

async fn alter_indexes(manager: &SchemaManager<'_>, change: &str) -> Result<(), DbErr> {
    if manager.get_database_backend() == DbBackend::Postgres {
        for index in INDEXES {
            manager.get_connection().execute_unprepared(&format!("ALTER INDEX {index} {change}")).await?;
        }
    }
    Ok(())
}
