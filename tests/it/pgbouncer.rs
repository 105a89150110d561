//! Behind a real `PgBouncer`: in session mode, and in transaction mode where its version follows prepared statements.

use std::{
    fs,
    os::unix::{fs::chown, process::CommandExt},
    process::{Child, Command, Stdio},
};

use futures_util::StreamExt;
use scrapersky::{config::DatabaseSettings, store::Db};
use tempfile::TempDir;
use tokio::net::TcpStream;

use crate::support::{
    cluster,
    database::TestDatabase,
    engine::{FakeScans, TestEngine},
    eventually_async,
};

struct Pooler {
    child: Child,
    port: u16,
    _folder: TempDir,
}

impl Pooler {
    async fn start(mode: &str, server: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = url::Url::parse(server).unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        // A session keeps its server connection, so there must be one for each of ours.
        let (prepared, size) =
            if mode == "transaction" { ("max_prepared_statements = 200\n", 3) } else { ("", 10) };
        let (host, server_port) = (server.host_str().unwrap(), server.port().unwrap_or(5432));
        let config = format!(
            "[databases]\n* = host={host} port={server_port}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
             unix_socket_dir =\nauth_type = any\npool_mode = {mode}\ndefault_pool_size = {size}\n{prepared}"
        );
        let user = server.username().to_owned();
        let config = config.replace("* = host", &format!("* = user={user} host"));
        let file = folder.path().join("pgbouncer.ini");
        fs::write(&file, config).unwrap();
        let program = std::env::var("PGBOUNCER").unwrap_or_else(|_| "pgbouncer".to_owned());
        let mut command = Command::new(program);
        command.arg("-q").arg(&file).stdout(Stdio::null());
        if let Some((uid, gid)) = cluster::unprivileged_user() {
            for path in [folder.path(), &file] {
                chown(path, Some(uid), Some(gid)).unwrap();
            }
            command.uid(uid).gid(gid);
        }
        let child = command.spawn().expect("pgbouncer is installed, or PGBOUNCER names it");
        let pooler = Self { child, port, _folder: folder };
        let listens = || async move { TcpStream::connect(("127.0.0.1", port)).await.is_ok() };
        eventually_async("pgbouncer listens", listens).await;
        pooler
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}

/// Migrates, accepts, claims, records and watches through the pooler, with more connections than it has.
async fn everything_works_behind(mode: &str) {
    let mut database = TestDatabase::postgres().await;
    let pooler = Pooler::start(mode, &database.settings.database_url).await;
    let direct = database.settings.database_url.clone();
    let mut url = url::Url::parse(&direct).unwrap();
    url.set_port(Some(pooler.port)).unwrap();
    database.settings = DatabaseSettings {
        database_url: url.into(),
        listen_database_url: Some(direct),
        ..database.settings.clone()
    };
    let engine = TestEngine::start(&database).await;
    assert!(engine.db.listen_url().is_some_and(|url| !url.contains(&pooler.port.to_string())));
    let names: Vec<String> = (0..500).map(|number| format!("n{number}.test")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let worker = engine.work(FakeScans::new());
    let batches = futures_util::future::join_all((0..4).map(|_| engine.submit(&names))).await;
    for batch in batches {
        let states = engine.service.watch_batch(&engine.scope, batch.batch_id.unwrap());
        let last = states.map(Result::unwrap).collect::<Vec<_>>().await.pop().unwrap();
        assert_eq!(last.batch.counts.completed, 500);
    }
    worker.stop().await;
    Db::close(&engine.db).await.unwrap();
}

#[cfg_attr(not(pgbouncer), ignore = "no PgBouncer: install it, or name it in PGBOUNCER")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_works_behind_a_pooler_in_session_mode() {
    everything_works_behind("session").await;
}

#[cfg_attr(not(pgbouncer_transactions), ignore = "no PgBouncer of 1.21 or newer: name one in PGBOUNCER")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_works_behind_a_pooler_in_transaction_mode() {
    everything_works_behind("transaction").await;
}
