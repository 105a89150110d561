//! The database schema of ScraperSky, up and down, on SQLite and PostgreSQL.
//!
//! One file per table. Statuses are text with a check, facts that are lists are JSON (`jsonb` on PostgreSQL),
//! identifiers are `UUIDv7`, times are UTC to the microsecond.

use sea_orm_migration::prelude::*;

mod columns;
mod m20261120_000001_tenants;
mod m20261120_000002_batch_jobs;
mod m20261120_000003_domains;
mod m20261120_000004_jobs;
mod m20261120_000005_sitemaps;
mod m20261120_000006_idempotency_keys;
mod m20261120_000010_batch_deadlines;
mod m20261120_000011_revisits;
mod m20261120_000012_upkeep;
mod m20261120_000013_host_turns;
mod m20261120_000014_workers;
mod m20261120_000015_room_in_indexes;

pub use sea_orm_migration::{MigrationStatus, MigratorTrait};

/// Every migration, in order.
#[derive(Debug)]
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261120_000001_tenants::Migration),
            Box::new(m20261120_000002_batch_jobs::Migration),
            Box::new(m20261120_000003_domains::Migration),
            Box::new(m20261120_000004_jobs::Migration),
            Box::new(m20261120_000005_sitemaps::Migration),
            Box::new(m20261120_000006_idempotency_keys::Migration),
            Box::new(m20261120_000010_batch_deadlines::Migration),
            Box::new(m20261120_000011_revisits::Migration),
            Box::new(m20261120_000012_upkeep::Migration),
            Box::new(m20261120_000013_host_turns::Migration),
            Box::new(m20261120_000014_workers::Migration),
            Box::new(m20261120_000015_room_in_indexes::Migration),
        ]
    }
}
