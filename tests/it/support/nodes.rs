//! Many nodes: API servers and workers as processes of their own over one database, and those who watch.

use std::{
    collections::BTreeMap,
    fs::File,
    net::SocketAddr,
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex},
};

use scrapersky::{model::BatchId, store::Db};
use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value as Json, json};
use tempfile::TempDir;
use tokio::task::JoinHandle;

use super::{
    child::{Serving, program},
    fake_site::FakeSite,
    http_client::post,
    ws_client::{Received, WsClient},
};

/// The shortest lease, and early retries.
const QUICK: &[&str] = &["--lease", "3", "--retry-delay", "1"];

/// The database that nodes share, and the web that their workers scan.
pub struct Nodes {
    pub folder: TempDir,
    pub web: FakeSite,
    url: String,
}

impl Nodes {
    /// Nothing runs yet.
    pub async fn over(url: &str) -> Self {
        super::log::capture();
        let (folder, web) = (tempfile::tempdir().unwrap(), FakeSite::start().await);
        Self { folder, web, url: url.to_owned() }
    }

    /// An API server, without or with a worker by `arguments`.
    pub fn api(&self, arguments: &[&str]) -> Serving {
        let database = ["--database-url", &self.url];
        Serving::start(self.folder.path(), &[&database[..], QUICK, arguments].concat())
    }

    /// A worker; its log is in a file of its name.
    pub fn worker(&self, name: &str, arguments: &[&str]) -> Process {
        let connect_to = self.web.address().to_string();
        let own = ["worker", "--database-url", &self.url, "--connect-to", &connect_to, "--user-agent", name];
        let log = self.folder.path().join(name);
        let mut command = program(
            self.folder.path(),
            &[&own[..], QUICK, &["--log", "scrapersky=debug"], arguments].concat(),
        );
        let child = command.stdout(Stdio::null()).stderr(File::create(&log).unwrap()).spawn().unwrap();
        Process { child, log }
    }
}

/// A process that is killed when it is dropped.
pub struct Process {
    pub child: Child,
    log: PathBuf,
}

impl Process {
    /// Sends a signal, such as `STOP`.
    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status();
        assert!(status.unwrap().success(), "the process lives");
    }

    /// Ends it without any warning.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to stop, as an operator does, and waits for its end.
    pub async fn terminate(mut self) -> ExitStatus {
        self.signal("TERM");
        tokio::task::spawn_blocking(move || self.child.wait().unwrap()).await.unwrap()
    }

    /// How many lines of its log have this text.
    pub fn logged(&self, text: &str) -> usize {
        std::fs::read_to_string(&self.log)
            .unwrap_or_default()
            .lines()
            .filter(|line| line.contains(text))
            .count()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ended_already = self.child.kill();
        let _status = self.child.wait();
    }
}

/// The addresses of API servers that live.
#[derive(Clone, Default)]
pub struct Addresses(Arc<Mutex<Vec<SocketAddr>>>);

impl Addresses {
    pub fn set(&self, addresses: &[SocketAddr]) {
        *self.0.lock().unwrap() = addresses.to_vec();
    }

    fn one(&self, number: usize) -> SocketAddr {
        let all = self.0.lock().unwrap();
        all[number % all.len()]
    }
}

/// Submits the names at an API server and answers the batch.
pub async fn submit(api: SocketAddr, names: &[String]) -> String {
    let query = "mutation ($names: [String!]!) { scanDomains(input: { names: $names }) { batchJob { id } } }";
    let body = json!({ "query": query, "variables": { "names": names } });
    let answer = post(api, "application/json", &body).await.json();
    answer["data"]["scanDomains"]["batchJob"]["id"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

/// Someone who watches a batch from its beginning to its end, and connects again when the connection breaks.
pub struct Observer {
    task: JoinHandle<Observed>,
    seen: Arc<Mutex<Vec<i64>>>,
}

/// What was seen.
#[derive(Debug)]
pub struct Observed {
    /// The sequences of the finished jobs in the order in which they came.
    pub sequences: Vec<i64>,
    /// How often each status came.
    pub statuses: BTreeMap<String, usize>,
    /// The last state of the batch.
    pub last: Json,
}

impl Observer {
    /// Begins to watch at one of the servers, the next one after each break.
    pub fn start(servers: &Addresses, first: usize, batch: &str) -> Self {
        let (servers, batch) = (servers.clone(), batch.to_owned());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let task = tokio::spawn(observe(servers, first, batch, Arc::clone(&seen)));
        Self { task, seen }
    }

    /// How many finished jobs have been seen so far.
    pub fn count(&self) -> usize {
        self.seen.lock().unwrap().len()
    }

    /// Waits for the end.
    pub async fn end(self) -> Observed {
        tokio::time::timeout(std::time::Duration::from_secs(120), self.task)
            .await
            .expect("the batch ends")
            .unwrap()
    }
}

async fn observe(
    servers: Addresses,
    mut number: usize,
    batch: String,
    seen: Arc<Mutex<Vec<i64>>>,
) -> Observed {
    let mut observed = Observed { sequences: Vec::new(), statuses: BTreeMap::new(), last: Json::Null };
    loop {
        let mut socket = WsClient::ready(servers.one(number)).await;
        number += 1;
        let after = observed.sequences.last().copied().unwrap_or_default();
        socket.subscribe("jobs", &format!("subscription {{ jobFinished(batchId: \"{batch}\", after: {after}) {{ sequence status }} }}")).await;
        socket.subscribe("batch", &format!("subscription {{ batchProgress(batchId: \"{batch}\") {{ status completedDomains failedDomains cancelledDomains }} }}")).await;
        if watch(&mut socket, &mut observed, &seen).await {
            return observed;
        }
    }
}

/// Reads until both subscriptions have ended; false when the connection broke before.
async fn watch(socket: &mut WsClient, observed: &mut Observed, seen: &Mutex<Vec<i64>>) -> bool {
    let mut open = 2;
    while open > 0 {
        let message = match socket.receive().await {
            Received::Json(message) => message,
            Received::Ping => continue,
            Received::Close(..) | Received::Gone => return false,
        };
        match (message["type"].as_str().unwrap_or_default(), message["id"].as_str().unwrap_or_default()) {
            ("next", "jobs") => {
                let job = &message["payload"]["data"]["jobFinished"];
                let sequence = job["sequence"].as_i64().unwrap_or_else(|| panic!("{message}"));
                observed.sequences.push(sequence);
                seen.lock().unwrap().push(sequence);
                *observed.statuses.entry(job["status"].as_str().unwrap().to_owned()).or_default() += 1;
            }
            ("next", "batch") => observed.last = message["payload"]["data"]["batchProgress"].clone(),
            ("complete", _) => open -= 1,
            (other, _) => panic!("unexpected {other}: {message}"),
        }
    }
    true
}

/// What must hold of an ended batch, whatever was killed: every job finished once, counters exact, sequences gapless,
/// and whoever watched saw it all.
pub async fn assert_exact(db: &Db, batch: &str, jobs: usize, observers: Vec<Observer>) {
    let all: Vec<i64> = (1..=i64::try_from(jobs).unwrap()).collect();
    for observer in observers {
        let observed = observer.end().await;
        assert_eq!(observed.sequences, all, "each finished job exactly once and in order");
        let expected = json!({ "status": "COMPLETE", "completedDomains": jobs, "failedDomains": 0, "cancelledDomains": 0 });
        assert_eq!(observed.last, expected, "the last event is the final state");
    }
    let id: BatchId = batch.parse().unwrap();
    let of_batch = if db.is_sqlite() {
        format!("batch_id = x'{}'", id.0.simple())
    } else {
        format!("batch_id = '{}'", id.0)
    };
    for (what, sql, expected) in [
        (
            "complete jobs",
            format!("SELECT count(*) FROM jobs WHERE {of_batch} AND status = 'complete'"),
            jobs,
        ),
        (
            "sequences",
            format!(
                "SELECT count(DISTINCT sequence) FROM jobs WHERE {of_batch} AND sequence BETWEEN 1 AND {jobs}"
            ),
            jobs,
        ),
        (
            "jobs that ended with a lease",
            format!("SELECT count(*) FROM jobs WHERE {of_batch} AND worker_id IS NOT NULL"),
            0,
        ),
        (
            "tries that were charged twice",
            format!("SELECT count(*) FROM jobs WHERE {of_batch} AND attempts <> 1"),
            0,
        ),
        (
            "scanned domains",
            format!(
                "SELECT count(*) FROM domains WHERE {of_batch} AND status = 'scanned' AND title IS NOT NULL"
            ),
            jobs,
        ),
    ] {
        assert_eq!(number(db, &sql).await, i64::try_from(expected).unwrap(), "{what}");
    }
}

/// The single number that the statement answers.
pub async fn number(db: &Db, sql: &str) -> i64 {
    let row = db.reader().query_one_raw(Statement::from_string(db.backend(), sql)).await.unwrap();
    row.unwrap().try_get_by_index(0).unwrap()
}

/// Names of sites on the nodes' web.
pub fn names(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("site-{number}.test")).collect()
}
