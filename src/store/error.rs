//! What can go wrong with the database.

use sea_orm::{DbErr, RuntimeErr, sqlx};

/// What can go wrong with the database.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The address of the database cannot be used.
    #[error(
        "the database URL `{url}` {problem}; expected an SQLite file (scrapersky.db, sqlite:///path/file.db) or \
         postgres://user@host/name"
    )]
    Url {
        /// The address, without its password.
        url: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The SQLite file cannot be used.
    #[error("the database file {path} {problem}")]
    File {
        /// The path of the file.
        path: String,
        /// What is wrong with it, and what to do.
        problem: String,
    },
    /// Another process serves the same SQLite file.
    #[error(
        "the database file {path} is in use by another scrapersky process{holder}; stop that one, or give this one \
         a file of its own with --database-url"
    )]
    Locked {
        /// The path of the file.
        path: String,
        /// Which process holds it, where that is known.
        holder: String,
    },
    /// The server cannot be reached, or refuses.
    #[error("cannot connect to the database {url}: {cause}")]
    Connect {
        /// The address, without its password.
        url: String,
        /// The driver's reason.
        cause: String,
    },
    /// A stored value is not one that this version knows.
    #[error("a stored value cannot be read: {0}")]
    Unreadable(String),
    /// A statement failed.
    #[error(transparent)]
    Db(#[from] DbErr),
}

impl StoreError {
    /// Whether the same statement may succeed later: the connection broke, the pool was empty, the database is
    /// restarting, or two transactions collided.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Db(DbErr::ConnectionAcquire(_) | DbErr::Conn(_)) | Self::Connect { .. } => true,
            Self::Db(
                DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error)),
            ) => is_transient(error),
            _ => false,
        }
    }
}

/// By SQLSTATE class: 08 connection, 40 transaction rollback, 53 resources, 57 operator intervention; by SQLite result
/// code: 5 busy, 6 locked.
fn is_transient(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| {
            ["08", "40", "53", "57"].iter().any(|class| code.len() == 5 && code.starts_with(class))
                || matches!(code.as_ref(), "5" | "6" | "261" | "262" | "517")
        }),
        _ => false,
    }
}

impl From<crate::model::UnknownName> for StoreError {
    fn from(error: crate::model::UnknownName) -> Self {
        Self::Unreadable(error.to_string())
    }
}
