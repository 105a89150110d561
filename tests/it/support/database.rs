//! Databases of the tests' own: a file, or a database of the PostgreSQL server.

use scrapersky::{
    config::DatabaseSettings,
    model::{Role, Scope, Tenant},
    store::{Access, Db, tenants},
};
use sea_orm::{ConnectionTrait, Database};
use tempfile::TempDir;

use super::cluster;

/// A fresh database, which goes when it is dropped.
pub struct TestDatabase {
    /// How a process is told to use it.
    pub settings: DatabaseSettings,
    folder: Option<TempDir>,
}

impl TestDatabase {
    /// An SQLite file that does not exist yet.
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = folder.path().join("test.db").display().to_string();
        Self { settings: settings(url), folder: Some(folder) }
    }

    /// An empty PostgreSQL database.
    pub async fn postgres() -> Self {
        let server = cluster::server_url();
        let name = format!("scrapersky_test_{}", uuid::Uuid::now_v7().simple());
        let connection = Database::connect(server).await.expect("the PostgreSQL server for tests");
        connection.execute_unprepared(&format!("CREATE DATABASE {name}")).await.unwrap();
        connection.close().await.unwrap();
        let mut url = url::Url::parse(server).unwrap();
        url.set_path(&name);
        Self { settings: settings(url.into()), folder: None }
    }

    /// Connections to it, its schema up to date.
    pub async fn open(&self) -> Db {
        let db = Db::open(&self.settings, Access::Serve).await.unwrap();
        db.migrate().await.unwrap();
        db
    }

    /// Whether it is an SQLite file.
    pub fn is_sqlite(&self) -> bool {
        self.folder.is_some()
    }
}

fn settings(database_url: String) -> DatabaseSettings {
    DatabaseSettings { database_url, database_connections: 5, ..DatabaseSettings::default() }
}

/// The scope of a tenant of this name, which is made when it does not exist.
pub async fn scope_of(db: &Db, tenant: &str) -> Scope {
    let tenant: Tenant = tenants::ensure(db.writer(), tenant, now()).await.unwrap();
    Scope { tenant_id: tenant.id, user_id: None, role: Role::Owner }
}

fn now() -> chrono::DateTime<chrono::Utc> {
    scrapersky::clock::Clock::system().now()
}

/// Declares tests that run on SQLite and on PostgreSQL, each on a database of its own. Where no PostgreSQL can be had
/// its half is shown as ignored.
///
/// ```ignore
/// on_each_database! {
///     async fn a_fresh_database_has_no_domains(database: TestDatabase) { … }
/// }
/// ```
#[macro_export]
macro_rules! on_each_database {
    ($($(#[$meta:meta])* async fn $name:ident($database:ident: TestDatabase) $body:block)+) => { $(
        $(#[$meta])*
        mod $name {
            use super::*;

            async fn run($database: $crate::support::database::TestDatabase) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                run($crate::support::database::TestDatabase::sqlite()).await;
            }

            #[cfg_attr(not(postgres), ignore = "no PostgreSQL: set TEST_POSTGRES_URL or install initdb")]
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                run($crate::support::database::TestDatabase::postgres().await).await;
            }
        }
    )+ };
}
