//! The database as the rest of the house holds it.

use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use sea_orm::{
    DatabaseConnection, DatabaseTransaction, DbBackend, SqliteTransactionMode, Statement, TransactionOptions,
    TransactionTrait,
};

use super::{StoreError, file_lock::FileLock};

/// Connections to one database: on SQLite a writer and a pool of readers, on PostgreSQL one pool for both.
/// Cheap to clone.
#[derive(Clone)]
pub struct Db(Arc<Inner>);

struct Inner {
    reader: DatabaseConnection,
    writer: DatabaseConnection,
    statements: Arc<Statements>,
    shown_url: String,
    listen_url: Option<String>,
    _lock: Option<FileLock>,
}

/// What has been sent.
#[derive(Default)]
struct Statements {
    count: AtomicU64,
    recorded: Mutex<Option<Vec<Statement>>>,
}

impl Statements {
    fn sent(&self, statement: &Statement) {
        self.count.fetch_add(1, Ordering::Relaxed);
        if let Some(recorded) = self.recorded.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            recorded.push(statement.clone());
        }
    }
}

impl Db {
    pub(super) fn new(
        mut reader: DatabaseConnection,
        mut writer: DatabaseConnection,
        shown_url: String,
        listen_url: Option<String>,
        lock: Option<FileLock>,
    ) -> Self {
        let statements = Arc::<Statements>::default();
        for connection in [&mut reader, &mut writer] {
            let statements = Arc::clone(&statements);
            connection.set_metric_callback(move |info| statements.sent(info.statement));
        }
        Self(Arc::new(Inner { reader, writer, statements, shown_url, listen_url, _lock: lock }))
    }

    /// For reads: never waits for the writer.
    pub fn reader(&self) -> &DatabaseConnection {
        &self.0.reader
    }

    /// For single statements that write.
    pub fn writer(&self) -> &DatabaseConnection {
        &self.0.writer
    }

    /// Begins a transaction that may write. On SQLite it takes the write lock at once, so that it never has to be
    /// repeated because another one wrote in between.
    pub async fn begin(&self) -> Result<Transaction, StoreError> {
        let options = match self.backend() {
            DbBackend::Sqlite => TransactionOptions {
                sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
                ..TransactionOptions::default()
            },
            _ => TransactionOptions::default(),
        };
        Ok(self.0.writer.begin_with_options(options).await?)
    }

    /// Which kind of database it is.
    pub fn backend(&self) -> DbBackend {
        self.0.writer.get_database_backend()
    }

    /// Whether it is an SQLite file, which this process alone serves.
    pub fn is_sqlite(&self) -> bool {
        self.backend() == DbBackend::Sqlite
    }

    /// How many statements have been sent so far.
    pub fn statements(&self) -> u64 {
        self.0.statements.count.load(Ordering::Relaxed)
    }

    /// The statements that are sent while `work` is done, whoever sends them: for tests that look at their plans.
    pub async fn statements_of<T>(&self, work: impl Future<Output = T>) -> (T, Vec<Statement>) {
        let recorded = || self.0.statements.recorded.lock().unwrap_or_else(PoisonError::into_inner);
        *recorded() = Some(Vec::new());
        let answer = work.await;
        let statements = recorded().take().unwrap_or_default();
        (answer, statements)
    }

    /// Asks the database for nothing, to see whether it answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        Ok(self.reader().ping().await?)
    }

    /// The pools by name, with how many connections each uses and how many it holds idle.
    pub fn pools(&self) -> Vec<(&'static str, usize, usize)> {
        let counts = |size: u32, idle: usize| ((size as usize).saturating_sub(idle), idle);
        let one = |name, connection: &DatabaseConnection| {
            let (used, idle) = if self.is_sqlite() {
                let pool = connection.get_sqlite_connection_pool();
                counts(pool.size(), pool.num_idle())
            } else {
                let pool = connection.get_postgres_connection_pool();
                counts(pool.size(), pool.num_idle())
            };
            (name, used, idle)
        };
        if self.is_sqlite() {
            vec![one("reader", &self.0.reader), one("writer", &self.0.writer)]
        } else {
            vec![one("all", &self.0.writer)]
        }
    }

    /// Where to listen for notifications; none on SQLite or when polling alone is wanted.
    pub fn listen_url(&self) -> Option<&str> {
        self.0.listen_url.as_deref()
    }

    /// Closes every connection, after the statements under way.
    pub async fn close(&self) -> Result<(), StoreError> {
        self.0.reader.close_by_ref().await?;
        Ok(self.0.writer.close_by_ref().await?)
    }
}

/// A transaction; dropped without [`commit`] it is rolled back.
pub type Transaction = DatabaseTransaction;

/// Makes what the transaction did lasting and visible.
pub async fn commit(transaction: Transaction) -> Result<(), StoreError> {
    Ok(transaction.commit().await?)
}

impl fmt::Display for Db {
    /// The address without its password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.shown_url)
    }
}

impl fmt::Debug for Db {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Db({self})")
    }
}
