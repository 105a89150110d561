//! Several workers are as polite to a host as one.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::future::BoxFuture;
use scrapersky::{
    model::{DomainName, JobStep, KnownSite, ScanError, ScanOptions, ScanReport},
    worker::Scan,
};
use serde_json::json;

use crate::support::{
    database::TestDatabase,
    engine::{TestEngine, report},
    eventually, eventually_async,
    fake_site::Answer,
    http_client::post,
    nodes::{Nodes, number},
};

#[cfg_attr(not(postgres), ignore = "needs PostgreSQL")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_do_not_visit_a_host_together() {
    const SCANS: i64 = 5;
    let database = TestDatabase::postgres().await;
    let db = database.open().await;
    let nodes = Nodes::over(&database.settings.database_url).await;
    let page = Answer::html("<title>A page</title>").after(Duration::from_millis(300));
    nodes.web.site("busy.test").answer("/", page.clone());
    nodes.web.site("*.test").answer("/", page);
    let api = nodes.api(&["--no-worker"]);
    // Each would send one request at a time to a host, and takes one job at a time.
    let alone = ["--concurrency", "1", "--max-requests-per-host", "1"];
    let workers: Vec<_> = (0..3).map(|number| nodes.worker(&format!("worker-{number}"), &alone)).collect();
    for _ in 0..SCANS {
        let query = "mutation { scanDomain(input: { name: \"busy.test\" }) { job { id } } }";
        assert_eq!(post(api.address, "application/json", &json!({ "query": query })).await.status, 200);
    }
    let others: Vec<String> = (0..6).map(|number| format!("site-{number}.test")).collect();
    crate::support::nodes::submit(api.address, &others).await;
    let complete = "SELECT count(*) FROM jobs WHERE status = 'complete'";
    // Who is put off looks again a second later, and each change of workers takes as long.
    for done in [2, SCANS, SCANS + 6] {
        eventually_async("more is done", || async { number(&db, complete).await >= done }).await;
    }
    assert_eq!(nodes.web.site("busy.test").max_concurrency(), 1, "no two at a time");
    assert_eq!(number(&db, "SELECT count(*) FROM jobs WHERE attempts <> 1").await, 0, "waiting is no try");
    let working = workers.iter().filter(|worker| worker.logged("A scan begins") > 0).count();
    assert!(working > 1, "the others did the other work meanwhile");
    let waited: usize = workers.iter().map(|worker| worker.logged("Another worker visits the hosts")).sum();
    assert!(waited > 0, "somebody had to wait");
    drop(workers);
    let left = "SELECT count(*) FROM host_turns WHERE worker_id IS NOT NULL AND name <> 'busy.test'";
    eventually_async("turns that are over are ended", || async { number(&db, left).await == 0 }).await;
}

/// Scans that take note of who shares the limits for addresses.
#[derive(Clone, Default)]
struct Sharing(Arc<Mutex<Vec<usize>>>);

impl Sharing {
    async fn among(&self, workers: usize) {
        eventually("the limits are shared", || self.0.lock().unwrap().last() == Some(&workers)).await;
    }
}

impl Scan for Sharing {
    fn scan<'a>(
        &'a self,
        name: &'a DomainName,
        _options: &'a ScanOptions,
        _known: Option<&'a KnownSite>,
        _on_step: &'a (dyn Fn(JobStep) + Send + Sync),
    ) -> BoxFuture<'a, Result<ScanReport, ScanError>> {
        Box::pin(async { Ok(report(name.as_str())) })
    }

    fn share_addresses(&self, workers: usize) {
        self.0.lock().unwrap().push(workers);
    }
}

#[cfg_attr(not(postgres), ignore = "needs PostgreSQL")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_share_the_limits_for_addresses_with_those_that_live() {
    let database = TestDatabase::postgres().await;
    let engine = TestEngine::start(&database).await;
    let (first, second) = (Sharing::default(), Sharing::default());
    let one = engine.work(first.clone());
    let other = engine.work(second.clone());
    first.among(2).await;
    second.among(2).await;
    // A process of its own, which is killed: its lease tells.
    let nodes = Nodes::over(&database.settings.database_url).await;
    let killed = nodes.worker("killed", &[]);
    first.among(3).await;
    killed.kill();
    first.among(2).await;
    other.stop().await;
    first.among(1).await;
    one.stop().await;
    assert_eq!(engine.number("SELECT count(*) FROM workers").await, 0, "nobody is left");
}
