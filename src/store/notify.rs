//! Pokes between nodes: PostgreSQL's LISTEN and NOTIFY. They carry no state, and a lost one costs only time.

use sea_orm::{
    ConnectionTrait, DbBackend,
    sqlx::{
        self,
        postgres::{PgConnectOptions, PgListener, PgPoolOptions},
    },
};

use super::{StoreError, sql};
use crate::model::{BatchId, JobId, JobStep};

const CHANNEL: &str = "scrapersky";

/// What a poke says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notification {
    /// There is work to claim.
    Work,
    /// A batch has changed.
    Batch(BatchId),
    /// A job has changed.
    Job(JobId),
    /// A running job has come to a step.
    Step(JobId, JobStep),
    /// Jobs that may be running were cancelled: workers look at their leases.
    Leases,
    /// Some were lost while the connection was down: look at everything.
    Missed,
}

impl Notification {
    fn payload(self) -> String {
        match self {
            Self::Work => "work".to_owned(),
            Self::Batch(id) => id.to_string(),
            Self::Job(id) => id.to_string(),
            Self::Step(id, step) => format!("{id} {step}"),
            Self::Leases => "leases".to_owned(),
            Self::Missed => "missed".to_owned(),
        }
    }

    /// None for what a newer version may send.
    fn parse(payload: &str) -> Option<Self> {
        match payload.split_once('_') {
            None if payload == "work" => Some(Self::Work),
            None if payload == "leases" => Some(Self::Leases),
            None if payload == "missed" => Some(Self::Missed),
            Some(("batch", _)) => payload.parse().ok().map(Self::Batch),
            Some(("job", _)) => match payload.split_once(' ') {
                Some((id, step)) => Some(Self::Step(id.parse().ok()?, step.parse().ok()?)),
                None => payload.parse().ok().map(Self::Job),
            },
            _ => None,
        }
    }
}

/// Tells other nodes what has changed; in a transaction, when it is committed. One at a time of a server's transactions
/// that tell something is committed, so the many that end jobs leave it to one that does nothing else. SQLite has one
/// process, which pokes itself.
pub async fn tell(connection: &impl ConnectionTrait, what: &[Notification]) -> Result<(), StoreError> {
    if connection.get_database_backend() != DbBackend::Postgres || what.is_empty() {
        return Ok(());
    }
    let payloads: Vec<String> = what.iter().map(|one| one.payload()).collect();
    let text = "SELECT count(pg_notify($1, payload)) FROM unnest($2) AS payload";
    sql::all(connection, text, [CHANNEL.into(), payloads.into()]).await?;
    Ok(())
}

/// A connection that waits for pokes and mends itself.
pub struct Listener(PgListener);

impl Listener {
    /// Connects and listens.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        let connect = async {
            let options =
                url.parse::<PgConnectOptions>()?.application_name("scrapersky").extra_float_digits(None);
            let pool = PgPoolOptions::new().max_connections(1).connect_with(options).await?;
            let mut listener = PgListener::connect_with(&pool).await?;
            listener.listen(CHANNEL).await?;
            Ok(listener)
        };
        connect.await.map(Self).map_err(|error: sqlx::Error| StoreError::Connect {
            url: "for LISTEN".to_owned(),
            cause: error.to_string(),
        })
    }

    /// Waits for the next poke. After a break in the connection it says so once it is mended.
    pub async fn next(&mut self) -> Result<Notification, StoreError> {
        loop {
            let received = self.0.try_recv().await.map_err(|error| StoreError::Connect {
                url: "for LISTEN".to_owned(),
                cause: error.to_string(),
            })?;
            match received {
                None => return Ok(Notification::Missed),
                Some(message) => {
                    if let Some(what) = Notification::parse(message.payload()) {
                        return Ok(what);
                    }
                }
            }
        }
    }
}

impl std::fmt::Debug for Listener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Listener")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_is_understood_and_what_a_newer_version_sends_is_passed_over() {
        let (batch, job) = (BatchId::generate(), JobId::generate());
        for poke in [
            Notification::Work,
            Notification::Batch(batch),
            Notification::Job(job),
            Notification::Step(job, JobStep::Sitemaps),
            Notification::Leases,
            Notification::Missed,
        ] {
            assert_eq!(Notification::parse(&poke.payload()), Some(poke));
        }
        for unknown in ["", "tea", "batch_1", "job_", "cup_of tea"] {
            assert_eq!(Notification::parse(unknown), None, "{unknown}");
        }
        assert_eq!(Notification::parse(&format!("{job} dancing")), None);
    }
}
