//! The schema comes up and goes down on both databases, and unusable databases are refused.

use scrapersky::store::{Access, Db, StoreError};
use sea_orm::{ConnectionTrait, Statement};

use crate::{on_each_database, support::database::TestDatabase};

async fn tables(db: &Db) -> Vec<String> {
    let text = match db.backend() {
        sea_orm::DbBackend::Postgres => {
            "SELECT tablename::text AS name FROM pg_tables WHERE schemaname = 'public'"
        }
        _ => "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
    };
    let rows = db.reader().query_all_raw(Statement::from_string(db.backend(), text)).await.unwrap();
    let mut names: Vec<String> = rows.iter().map(|row| row.try_get("", "name").unwrap()).collect();
    names.sort();
    names
}

on_each_database! {
    async fn every_migration_goes_up_and_down_and_up_again(database: TestDatabase) {
        let db = database.open().await;
        let all = tables(&db).await;
        assert_eq!(
            all,
            ["batch_jobs", "domains", "host_turns", "idempotency_keys", "jobs", "seaql_migrations", "sitemaps", "tenants", "workers"]
        );
        let count = u32::try_from(db.migration_status().await.unwrap().len()).unwrap();
        for applied in (0..count).rev() {
            db.migrate_down(1).await.unwrap();
            let status = db.migration_status().await.unwrap();
            assert_eq!(status.iter().filter(|(_, applied)| *applied).count(), applied as usize);
        }
        assert_eq!(tables(&db).await, ["seaql_migrations"]);
        db.migrate().await.unwrap();
        assert_eq!(tables(&db).await, all);
    }

    async fn processes_that_start_at_once_migrate_once(database: TestDatabase) {
        let opened = if database.is_sqlite() {
            // One process serves a file, so the contenders are connections of the admin commands.
            let mut all = Vec::new();
            for _ in 0..4 {
                all.push(Db::open(&database.settings, Access::Beside).await.unwrap());
            }
            all
        } else {
            let opening = (0..4).map(|_| Db::open(&database.settings, Access::Serve));
            futures_util::future::try_join_all(opening).await.unwrap()
        };
        futures_util::future::try_join_all(opened.iter().map(Db::migrate)).await.unwrap();
        assert!(opened[0].migration_status().await.unwrap().iter().all(|(_, applied)| *applied));
    }
}

#[tokio::test]
async fn a_second_process_on_the_same_file_is_refused_with_the_first_ones_number() {
    let database = TestDatabase::sqlite();
    let _first = database.open().await;
    let error = Db::open(&database.settings, Access::Serve).await.unwrap_err();
    assert!(matches!(error, StoreError::Locked { .. }));
    let text = error.to_string();
    assert!(text.contains(&std::process::id().to_string()) && text.contains("--database-url"), "{text}");
    Db::open(&database.settings, Access::Beside).await.expect("the admin commands work beside a server");
}

#[tokio::test]
async fn an_address_that_is_no_database_is_refused_with_what_is_allowed() {
    for (url, says) in [
        ("mysql://root@localhost/x", "scheme `mysql`"),
        ("", "is empty"),
        ("sqlite::memory:", "names no file"),
        ("postgres://[bad", "cannot be read"),
        ("/proc/no/such/folder/x.db", "folder /proc/no/such/folder does not exist"),
        ("/tmp", "is a folder"),
    ] {
        let settings =
            scrapersky::config::DatabaseSettings { database_url: url.to_owned(), ..Default::default() };
        let error = Db::open(&settings, Access::Serve).await.unwrap_err().to_string();
        assert!(error.contains(says), "{url}: {error}");
    }
}

#[tokio::test]
async fn a_file_of_another_program_is_refused_and_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("notes.txt");
    std::fs::write(&text, "these are notes, not a database, and there are enough of them to fill a header")
        .unwrap();
    let foreign = folder.path().join("foreign.db");
    let url = format!("sqlite://{}?mode=rwc", foreign.display());
    let connection = sea_orm::Database::connect(&url).await.unwrap();
    connection.execute_unprepared("CREATE TABLE cats (name TEXT)").await.unwrap();
    connection.close().await.unwrap();
    for (path, says) in [(&text, "not an SQLite database"), (&foreign, "belongs to another program")] {
        let before = std::fs::read(path).unwrap();
        let settings = scrapersky::config::DatabaseSettings {
            database_url: path.display().to_string(),
            ..Default::default()
        };
        let error = Db::open(&settings, Access::Serve).await.unwrap_err().to_string();
        assert!(error.contains(says) && error.contains(&path.display().to_string()), "{error}");
        assert!(std::fs::read(path).unwrap() == before, "{} has changed", path.display());
    }
    assert_eq!(folder.path().read_dir().unwrap().count(), 2, "nothing is left beside them");
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_named_without_the_password() {
    let database_url = "postgres://me:secret@127.0.0.1:1/db".to_owned();
    let settings = scrapersky::config::DatabaseSettings {
        database_url,
        database_acquire_timeout: std::time::Duration::from_secs(2),
        ..Default::default()
    };
    let error = Db::open(&settings, Access::Serve).await.unwrap_err().to_string();
    assert!(error.contains("127.0.0.1:1/db") && !error.contains("secret"), "{error}");
}

#[cfg_attr(not(postgres), ignore = "no PostgreSQL: set TEST_POSTGRES_URL or install initdb")]
#[tokio::test]
async fn a_url_that_asks_for_tls_gets_it() {
    let mut database = TestDatabase::postgres().await;
    for (mode, encrypted) in [("disable", false), ("require", true)] {
        let mut url = url::Url::parse(&database.settings.database_url).unwrap();
        url.set_query(Some(&format!("sslmode={mode}")));
        database.settings.database_url = url.into();
        let db = Db::open(&database.settings, Access::Serve).await.unwrap();
        let text = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
        let row =
            db.reader().query_one_raw(Statement::from_string(db.backend(), text)).await.unwrap().unwrap();
        assert_eq!(row.try_get_by_index::<bool>(0).unwrap(), encrypted, "{mode}");
    }
}

#[cfg_attr(not(postgres), ignore = "no PostgreSQL: set TEST_POSTGRES_URL or install initdb")]
#[tokio::test]
async fn indexes_of_all_jobs_and_domains_leave_room_for_updates() {
    let db = TestDatabase::postgres().await.open().await;
    let text = "SELECT c.relname::text AS name, coalesce('fillfactor=70' = ANY (c.reloptions), false) AS has_room \
                FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid \
                WHERE i.indrelid IN ('jobs'::regclass, 'domains'::regclass) AND i.indpred IS NULL ORDER BY name";
    let rows = db.reader().query_all_raw(Statement::from_string(db.backend(), text)).await.unwrap();
    assert_eq!(rows.len(), 9);
    for row in rows {
        let name: String = row.try_get("", "name").unwrap();
        assert!(row.try_get::<bool>("", "has_room").unwrap(), "{name} has no room");
    }
}
