//! Nothing is lost, whatever is killed: real processes over real databases, and signals in the middle of the work.

use std::time::Duration;

use sea_orm::{ConnectionTrait, Database};
use serde_json::json;

use crate::support::{
    child::Serving,
    cluster::Cluster,
    database::TestDatabase,
    eventually, eventually_async,
    fake_site::Answer,
    http_client::post,
    nodes::{Addresses, Nodes, Observer, Process, assert_exact, names, number, submit},
};

const POISONED: &[&str] = &["--concurrency", "8", "--max-requests-per-address", "64", "--max-losses", "3"];
/// Who is killed often enough loses a job often, which is not the job's fault.
const WORKER: &[&str] = &["--concurrency", "8", "--max-requests-per-address", "64", "--max-losses", "10"];

/// Every site answers its homepage after a while, so that there is a middle of the work.
fn slow_sites(nodes: &Nodes, delay: Duration) {
    nodes.web.site("*.test").answer("/", Answer::html("<title>A page</title>").after(delay));
}

/// Two API servers without workers, a batch that was submitted at the first, and somebody who watches at each.
struct Scene {
    nodes: Nodes,
    first: Serving,
    second: Serving,
    servers: Addresses,
    batch: String,
    observers: Vec<Observer>,
}

impl Scene {
    async fn start(database_url: &str, site_delay: Duration, jobs: usize) -> Self {
        let nodes = Nodes::over(database_url).await;
        slow_sites(&nodes, site_delay);
        let (first, second) = (nodes.api(&["--no-worker"]), nodes.api(&["--no-worker"]));
        let servers = Addresses::default();
        servers.set(&[first.address, second.address]);
        let batch = submit(first.address, &names(jobs)).await;
        let observers = (0..2).map(|number| Observer::start(&servers, number, &batch)).collect();
        Self { nodes, first, second, servers, batch, observers }
    }

    /// Waits until more jobs have ended.
    async fn goes_on(&self, beyond: usize) {
        eventually("the work goes on", || self.observers[0].count() > beyond).await;
    }
}

fn workers(nodes: &Nodes, count: usize) -> Vec<Process> {
    (0..count).map(|number| nodes.worker(&format!("worker-{number}"), WORKER)).collect()
}

#[cfg_attr(not(postgres), ignore = "needs PostgreSQL")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_and_an_api_server_that_are_killed_lose_nothing() {
    const JOBS: usize = 240;
    let database = TestDatabase::postgres().await;
    let db = database.open().await;
    let mut scene = Scene::start(&database.settings.database_url, Duration::from_millis(100), JOBS).await;
    let mut running = workers(&scene.nodes, 3);
    for kill in 0..4 {
        scene.goes_on((kill + 1) * 25).await;
        running.remove(0).kill();
        running.push(scene.nodes.worker(&format!("worker-{}", kill + 3), WORKER));
        if kill == 1 {
            // Whoever watched there goes on at the other.
            scene.servers.set(&[scene.second.address]);
            scene.first.child.kill().unwrap();
        }
    }
    assert_exact(&db, &scene.batch, JOBS, scene.observers).await;
    assert!(
        number(&db, "SELECT count(*) FROM jobs WHERE losses > 0").await > 0,
        "workers were lost with their jobs"
    );
}

#[cfg_attr(not(postgres), ignore = "needs PostgreSQL")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_is_told_to_stop_gives_the_rest_back() {
    const JOBS: usize = 60;
    let database = TestDatabase::postgres().await;
    let db = database.open().await;
    let scene = Scene::start(&database.settings.database_url, Duration::from_millis(1_500), JOBS).await;
    let leaving = scene.nodes.worker("worker-0", &[WORKER, &["--drain-timeout", "0.2"]].concat());
    eventually_async("it works", || async {
        number(&db, "SELECT count(*) FROM jobs WHERE status = 'running'").await == 8
    })
    .await;
    assert!(leaving.terminate().await.success());
    assert_eq!(
        number(&db, "SELECT count(*) FROM jobs WHERE status = 'running'").await,
        0,
        "nothing is left behind"
    );
    assert_eq!(
        number(&db, "SELECT count(*) FROM jobs WHERE attempts > 0 AND status = 'pending'").await,
        0,
        "no try is charged"
    );
    let _others = workers(&scene.nodes, 3);
    assert_exact(&db, &scene.batch, JOBS, scene.observers).await;
    assert_eq!(number(&db, "SELECT count(*) FROM jobs WHERE losses > 0").await, 0);
}

#[cfg_attr(not(postgres), ignore = "needs PostgreSQL")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_of_the_database_in_the_middle_of_a_batch_loses_nothing() {
    const JOBS: usize = 200;
    let cluster = Cluster::start();
    let scene = Scene::start(cluster.url(), Duration::from_millis(100), JOBS).await;
    let _workers = workers(&scene.nodes, 3);
    for restart in 0..2 {
        scene.goes_on((restart + 1) * 30).await;
        cluster.restart();
    }
    for observer in &scene.observers {
        eventually("the work goes on after the restart", || observer.count() > 100).await;
    }
    let settings =
        scrapersky::config::DatabaseSettings { database_url: cluster.url().to_owned(), ..<_>::default() };
    let open = || scrapersky::store::Db::open(&settings, scrapersky::store::Access::Serve);
    eventually_async("the server is back", || async { open().await.is_ok() }).await;
    let db = open().await.unwrap();
    assert_exact(&db, &scene.batch, JOBS, scene.observers).await;
}

#[cfg_attr(not(postgres), ignore = "needs PostgreSQL")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_are_cut_lose_nothing() {
    const JOBS: usize = 200;
    let database = TestDatabase::postgres().await;
    let db = database.open().await;
    let scene = Scene::start(&database.settings.database_url, Duration::from_millis(100), JOBS).await;
    let _workers = workers(&scene.nodes, 3);
    let scissors = Database::connect(crate::support::cluster::server_url()).await.unwrap();
    let name = database.settings.database_url.rsplit('/').next().unwrap().to_owned();
    for cut in 0..4 {
        scene.goes_on((cut + 1) * 25).await;
        let cut = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
        scissors.execute_unprepared(&cut).await.unwrap();
    }
    for observer in &scene.observers {
        eventually("both watch on", || observer.count() > 150).await;
    }
    // The test's own connections were cut as well.
    let db_again = database.open().await;
    drop(db);
    assert_exact(&db_again, &scene.batch, JOBS, scene.observers).await;
}

#[cfg_attr(not(postgres), ignore = "needs PostgreSQL")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_slept_beyond_its_lease_changes_nothing_when_it_wakes() {
    const JOBS: usize = 40;
    let database = TestDatabase::postgres().await;
    let db = database.open().await;
    let scene = Scene::start(&database.settings.database_url, Duration::from_millis(700), JOBS).await;
    let sleeper = scene.nodes.worker("sleeper", WORKER);
    scene.goes_on(4).await;
    eventually_async("it is in the middle of scans", || async {
        number(&db, "SELECT count(*) FROM jobs WHERE status = 'running'").await == 8
    })
    .await;
    sleeper.signal("STOP");
    let _others = workers(&scene.nodes, 2);
    assert_exact(&db, &scene.batch, JOBS, scene.observers).await;
    let digest =
        "SELECT sum(hashtext(jobs::text)) + (SELECT sum(hashtext(b::text)) FROM batch_jobs b) FROM jobs";
    let before = number(&db, digest).await;
    sleeper.signal("CONT");
    eventually("it learns that its leases are lost", || {
        sleeper.logged("came too late") + sleeper.logged("its job was cancelled or its lease lost") > 0
    })
    .await;
    // Another batch passes through it: whatever it held is dealt with.
    let next = submit(scene.first.address, &["after.test".to_owned()]).await;
    let observer = Observer::start(&scene.servers, 0, &next);
    assert_eq!(observer.end().await.sequences, [1]);
    let id: scrapersky::model::BatchId = next.parse().unwrap();
    let others = digest
        .replace("FROM jobs", &format!("FROM jobs WHERE batch_id <> '{}'", id.0))
        .replace("FROM batch_jobs b", &format!("FROM batch_jobs b WHERE id <> '{}'", id.0));
    assert_eq!(number(&db, &others).await, before, "late finishes are fenced");
}

#[cfg_attr(not(postgres), ignore = "needs PostgreSQL")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_kills_its_workers_fails_and_its_neighbours_complete() {
    const INNOCENTS: usize = 30;
    let database = TestDatabase::postgres().await;
    let db = database.open().await;
    let nodes = Nodes::over(&database.settings.database_url).await;
    slow_sites(&nodes, Duration::from_millis(200));
    let poison = nodes.web.site("poison.test");
    poison.answer("/", Answer::hang()).answer("/robots.txt", Answer::hang());
    let api = nodes.api(&["--no-worker"]);
    let all: Vec<String> = ["poison.test".to_owned()].into_iter().chain(names(INNOCENTS)).collect();
    let batch = submit(api.address, &all).await;
    let mut running: Vec<(String, Process)> = Vec::new();
    let mut started = 0;
    let ended = format!(
        "{{ batchJob(id: \"{batch}\") {{ endTime completedDomains failureCounts {{ code count }} }} }}"
    );
    let answer = loop {
        // Whoever asked the poisonous site is dead before it has an answer.
        let seen: Vec<String> = poison
            .requests()
            .iter()
            .filter_map(|request| request.header("user-agent").map(str::to_owned))
            .collect();
        running.retain(|(name, _)| !seen.contains(name));
        while running.len() < 2 {
            let name = format!("worker-{started}");
            running.push((name.clone(), nodes.worker(&name, POISONED)));
            started += 1;
        }
        let answer = post(api.address, "application/json", &json!({ "query": ended })).await.json();
        if !answer["data"]["batchJob"]["endTime"].is_null() {
            break answer;
        }
        assert!(started < 10, "{answer}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!(answer["data"]["batchJob"]["completedDomains"], INNOCENTS);
    assert_eq!(answer["data"]["batchJob"]["failureCounts"], json!([{ "code": "WORKER_LOST", "count": 1 }]));
    let losses =
        "SELECT losses::bigint FROM jobs j JOIN domains d ON d.id = j.domain_id WHERE d.name = 'poison.test'";
    assert_eq!(number(&db, losses).await, 2, "the third loss failed it");
    assert_eq!(poison.requests().len(), 3, "it was tried three times");
}

#[cfg_attr(not(postgres), ignore = "needs PostgreSQL")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_cancelled_at_one_node_ends_at_another_and_is_seen_at_a_third() {
    let database = TestDatabase::postgres().await;
    let nodes = Nodes::over(&database.settings.database_url).await;
    nodes.web.site("*.test").answer("/", Answer::hang());
    let (first, second) = (nodes.api(&["--no-worker"]), nodes.api(&["--no-worker"]));
    let worker = nodes.worker("worker-0", WORKER);
    let servers = Addresses::default();
    servers.set(&[second.address]);
    let batch = submit(first.address, &names(20)).await;
    let observer = Observer::start(&servers, 0, &batch);
    eventually("eight scans wait for an answer", || {
        nodes.web.site("*.test").requests().iter().filter(|request| request.path == "/").count() == 8
    })
    .await;
    let cancel = format!(
        "mutation {{ cancelBatchJob(input: {{ id: \"{batch}\" }}) {{ cancelledJobs batchJob {{ status }} }} }}"
    );
    let answer = post(first.address, "application/json", &json!({ "query": cancel })).await.json();
    assert_eq!(
        answer["data"]["cancelBatchJob"],
        json!({ "cancelledJobs": 20, "batchJob": { "status": "CANCELLED" } })
    );
    let asked = std::time::Instant::now();
    eventually("the scans are dropped", || worker.logged("A running scan is dropped") == 8).await;
    assert!(asked.elapsed() < Duration::from_secs(2), "it took {:?}", asked.elapsed());
    let seen = observer.end().await;
    assert_eq!(seen.last["status"], "CANCELLED");
    assert_eq!((seen.sequences.len(), seen.statuses["CANCELLED"]), (20, 20));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_on_sqlite_that_is_killed_again_and_again_loses_nothing() {
    const JOBS: usize = 160;
    let database = TestDatabase::sqlite();
    let nodes = Nodes::over(&database.settings.database_url).await;
    slow_sites(&nodes, Duration::from_millis(100));
    let connect_to = nodes.web.address().to_string();
    let serve = || nodes.api(&[WORKER, &["--connect-to", &connect_to]].concat());
    let mut server = serve();
    let servers = Addresses::default();
    servers.set(&[server.address]);
    let batch = submit(server.address, &names(JOBS)).await;
    for kill in 1..=4 {
        let finished = format!("{{ batchJob(id: \"{batch}\") {{ completedDomains }} }}");
        let address = server.address;
        eventually_async("the work goes on", || async {
            let answer = post(address, "application/json", &json!({ "query": finished })).await.json();
            answer["data"]["batchJob"]["completedDomains"].as_i64() > Some(kill * 25)
        })
        .await;
        server.child.kill().unwrap();
        server.child.wait().unwrap();
        server = serve();
    }
    servers.set(&[server.address]);
    let observer = Observer::start(&servers, 0, &batch);
    let seen = observer.end().await;
    assert_eq!(seen.sequences, (1..=160).collect::<Vec<_>>());
    assert!(server.terminate().success());
    let db = database.open().await;
    assert_exact(&db, &batch, JOBS, Vec::new()).await;
}
