//! Opening a database: SQLite files and PostgreSQL servers.

use std::{
    net::IpAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use migrations::{Migrator, MigratorTrait};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend,
    sqlx::{
        postgres::{PgConnectOptions, PgSslMode},
        sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
    },
};
use url::{Host, Url};

use super::{Db, StoreError, file_lock::FileLock, sql};
use crate::config::DatabaseSettings;

/// An SQLite file of this program says so in its header (`PRAGMA application_id`): the letters `SSky`.
const APPLICATION_ID: i32 = 0x5353_6b79;

/// How many rows SQLite's thread reads ahead of whoever takes them: no page of a list makes it wait, for each wait is a
/// switch of threads.
const ROWS_AHEAD: usize = 512;

/// How long a statement on SQLite waits for another process's write.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// How much of the file the one writer keeps in memory (`PRAGMA cache_size`, in negative KiB), as it comes to need it:
/// the parts of the indexes of a large table that finishing jobs changes.
const WRITER_CACHE: &str = "-65536";

/// The same for each reader: what `SQLite` takes by itself.
const READER_CACHE: &str = "-2000";

/// Any one number, the same in every process: concurrent starts migrate once.
const MIGRATION_LOCK: i64 = 0x5353_6b79;

/// What the process means to do with the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Serve it: on SQLite this process alone does.
    Serve,
    /// Look at or change it beside a process that serves it.
    Beside,
}

impl Db {
    /// Opens the database, without migrating it.
    pub async fn open(settings: &DatabaseSettings, access: Access) -> Result<Self, StoreError> {
        match Address::parse(&settings.database_url)? {
            Address::Sqlite(path) => open_sqlite(settings, &path, access).await,
            Address::Postgres(url) => open_postgres(settings, &url).await,
        }
    }

    /// Brings the schema up to date; of several processes that start at once, one does it and the others wait.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        let transaction = self.begin().await?;
        if self.backend() == DbBackend::Postgres {
            let lock =
                sql::statement(&transaction, "SELECT pg_advisory_xact_lock($1)", [MIGRATION_LOCK.into()]);
            transaction.execute_raw(lock).await?;
        }
        Migrator::up(&transaction, None).await?;
        Ok(transaction.commit().await?)
    }

    /// Takes the newest `steps` migrations back.
    pub async fn migrate_down(&self, steps: u32) -> Result<(), StoreError> {
        let transaction = self.begin().await?;
        Migrator::down(&transaction, Some(steps)).await?;
        Ok(transaction.commit().await?)
    }

    /// Each migration by name, and whether it has been applied.
    pub async fn migration_status(&self) -> Result<Vec<(String, bool)>, StoreError> {
        let migrations = Migrator::get_migration_with_status_read_only(self.reader()).await?;
        Ok(migrations
            .iter()
            .map(|one| (one.name().to_owned(), one.status() == migrations::MigrationStatus::Applied))
            .collect())
    }
}

enum Address {
    Sqlite(PathBuf),
    Postgres(Url),
}

impl Address {
    fn parse(given: &str) -> Result<Self, StoreError> {
        let refused =
            |problem: &str| StoreError::Url { url: without_password(given), problem: problem.to_owned() };
        let given = given.trim();
        if given.is_empty() {
            return Err(refused("is empty"));
        }
        let Some((scheme, rest)) = given.split_once(':').filter(|(scheme, _)| scheme.len() > 1) else {
            return Ok(Self::Sqlite(PathBuf::from(given)));
        };
        match scheme.to_ascii_lowercase().as_str() {
            "sqlite" | "file" => {
                let path = rest.strip_prefix("//").unwrap_or(rest).split('?').next().unwrap_or_default();
                if path.is_empty() || path == ":memory:" {
                    return Err(refused(
                        "names no file; an in-memory database cannot be shared by several connections",
                    ));
                }
                Ok(Self::Sqlite(PathBuf::from(path)))
            }
            "postgres" | "postgresql" => Url::parse(given)
                .map(Self::Postgres)
                .map_err(|error| refused(&format!("cannot be read ({error})"))),
            _ if given.contains("://") => {
                Err(refused(&format!("has the scheme `{scheme}`, which is not supported")))
            }
            _ => Ok(Self::Sqlite(PathBuf::from(given))),
        }
    }
}

fn without_password(url: &str) -> String {
    match Url::parse(url) {
        Ok(mut parsed) if parsed.has_host() => {
            if parsed.password().is_some() {
                let _ = parsed.set_password(Some("***"));
            }
            parsed.set_query(None);
            parsed.to_string()
        }
        _ => url.split('@').next_back().unwrap_or_default().chars().take(200).collect(),
    }
}

/// Every check comes before the first write.
async fn open_sqlite(settings: &DatabaseSettings, path: &Path, access: Access) -> Result<Db, StoreError> {
    check_folder(path)?;
    check_owner(path).await?;
    let lock = match access {
        Access::Serve => Some(FileLock::acquire(path)?),
        Access::Beside => None,
    };
    let shown = path.display().to_string();
    let writer =
        connect_sqlite(settings, path, Role::Writer).await.map_err(|error| unusable(path, &error))?;
    writer.execute_unprepared(&format!("PRAGMA application_id = {APPLICATION_ID}")).await?;
    let reader =
        connect_sqlite(settings, path, Role::Reader).await.map_err(|error| unusable(path, &error))?;
    Ok(Db::new(reader, writer, shown, None, lock))
}

/// SQLite's own message for a missing folder does not name it.
fn check_folder(path: &Path) -> Result<(), StoreError> {
    let refused = |problem: String| StoreError::File { path: path.display().to_string(), problem };
    if path.is_dir() {
        return Err(refused(
            "is a folder; expected a file, which is created when it does not exist".to_owned(),
        ));
    }
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() && !folder.is_dir() => {
            Err(refused(format!("cannot be created: the folder {} does not exist", folder.display())))
        }
        _ => Ok(()),
    }
}

fn unusable(path: &Path, error: &sea_orm::DbErr) -> StoreError {
    let text = error.to_string();
    let problem = if text.contains("not a database") {
        "is not an SQLite database; choose another file with --database-url".to_owned()
    } else if text.contains("readonly") || text.contains("unable to open") {
        "cannot be written; check the permissions of the file and its folder, or choose another with --database-url"
            .to_owned()
    } else {
        format!("cannot be opened: {text}")
    };
    StoreError::File { path: path.display().to_string(), problem }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Reader,
    Writer,
}

/// `foreign_keys` is on by sqlx's default. `synchronous = NORMAL` in WAL mode cannot corrupt the file; a power cut may
/// take back the newest transactions, which the scans then repeat.
async fn connect_sqlite(
    settings: &DatabaseSettings,
    path: &Path,
    role: Role,
) -> Result<DatabaseConnection, sea_orm::DbErr> {
    let path = path.to_owned();
    let mut options = ConnectOptions::new("sqlite::memory:");
    pool_options(&mut options, settings);
    options
        .max_connections(if role == Role::Writer { 1 } else { settings.database_connections })
        .min_connections(u32::from(role == Role::Writer))
        .map_sqlx_sqlite_opts(move |_| {
            SqliteConnectOptions::new()
                .filename(&path)
                .create_if_missing(role == Role::Writer)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Normal)
                .busy_timeout(BUSY_TIMEOUT)
                .foreign_keys(true)
                .row_buffer_size(ROWS_AHEAD)
                .pragma("query_only", if role == Role::Reader { "1" } else { "0" })
                .pragma("cache_size", if role == Role::Writer { WRITER_CACHE } else { READER_CACHE })
                .optimize_on_close(role == Role::Writer, None)
        });
    if role == Role::Writer {
        options.idle_timeout(None).max_lifetime(None);
    }
    Database::connect(options).await
}

/// Refuses a file that is not ours before anything of it is changed: it would keep the write-ahead log.
async fn check_owner(path: &Path) -> Result<(), StoreError> {
    if std::fs::metadata(path).is_ok_and(|file| file.len() == 0) || !path.exists() {
        return Ok(());
    }
    let file = path.to_owned();
    let mut options = ConnectOptions::new("sqlite::memory:");
    options.max_connections(1).sqlx_logging(false).map_sqlx_sqlite_opts(move |_| {
        SqliteConnectOptions::new().filename(&file).create_if_missing(false).busy_timeout(BUSY_TIMEOUT)
    });
    let connection = Database::connect(options).await.map_err(|error| unusable(path, &error))?;
    let id: i32 =
        sql::scalar(&connection, "PRAGMA application_id", []).await.map_err(|error| match error {
            StoreError::Db(error) => unusable(path, &error),
            other => other,
        })?;
    let tables: i64 = sql::scalar(&connection, "SELECT count(*) FROM sqlite_master", []).await?;
    connection.close().await?;
    if id == APPLICATION_ID || (id == 0 && tables == 0) {
        return Ok(());
    }
    Err(StoreError::File {
        path: path.display().to_string(),
        problem: "belongs to another program; choose another file with --database-url".to_owned(),
    })
}

fn pool_options(options: &mut ConnectOptions, settings: &DatabaseSettings) {
    options
        .sqlx_logging(false)
        .record_stmt_in_spans(false)
        .acquire_timeout(settings.database_acquire_timeout)
        .idle_timeout(settings.database_idle_timeout)
        .max_lifetime(settings.database_max_lifetime)
        .test_before_acquire_if_idle_for(Duration::from_secs(30));
}

/// Whether nothing that is said to the server leaves this machine. Then TLS protects nothing; and it costs two thirds of
/// the throughput, because the driver sends its records one by one without `TCP_NODELAY`, so that each statement of more
/// than 16 KiB waits 40 ms for an acknowledgement.
fn is_on_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => {
            name == "localhost" || name.parse().is_ok_and(|address: IpAddr| address.is_loopback())
        }
        None => false,
    }
}

async fn open_postgres(settings: &DatabaseSettings, url: &Url) -> Result<Db, StoreError> {
    let shown = without_password(url.as_str());
    let in_clear = is_on_this_machine(url) && !url.query_pairs().any(|(name, _)| name == "sslmode");
    let mut options = ConnectOptions::new(url.as_str());
    pool_options(&mut options, settings);
    options.max_connections(settings.database_connections).min_connections(1).map_sqlx_postgres_opts(
        move |options: PgConnectOptions| {
            // A pooler refuses the parameter that sqlx sends for old servers.
            let options = options.application_name("scrapersky").extra_float_digits(None);
            if in_clear { options.ssl_mode(PgSslMode::Disable) } else { options }
        },
    );
    let connection = Database::connect(options)
        .await
        .map_err(|error| StoreError::Connect { url: shown.clone(), cause: error.to_string() })?;
    let listen_url = match settings.listen_database_url.as_deref() {
        Some("off") => None,
        Some(url) => Some(url.to_owned()),
        None => Some(url.as_str().to_owned()),
    };
    Ok(Db::new(connection.clone(), connection, shown, listen_url, None))
}
