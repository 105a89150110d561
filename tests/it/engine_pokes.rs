//! What other nodes are told of the work of a node.

use std::time::{Duration, Instant};

use scrapersky::{
    config::WorkerSettings,
    model::BatchStatus,
    store::{Listener, Notification},
};
use tokio::sync::watch;

use crate::support::{
    database::TestDatabase,
    engine::{FakeScans, TestEngine, report},
};

async fn listener(database: &TestDatabase) -> Listener {
    Listener::connect(&database.settings.database_url).await.unwrap()
}

/// What is sent until the test itself says that there is nothing more.
async fn told(engine: &TestEngine, listener: &mut Listener) -> Vec<Notification> {
    engine.execute("SELECT pg_notify('scrapersky', 'missed')").await;
    let mut all = Vec::new();
    loop {
        match listener.next().await.unwrap() {
            Notification::Missed => return all,
            other => all.push(other),
        }
    }
}

#[cfg_attr(not(postgres), ignore = "needs PostgreSQL")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_nodes_are_told_twenty_times_a_second_at_most() {
    let database = TestDatabase::postgres().await;
    let settings = WorkerSettings { concurrency: 1, ..WorkerSettings::default() };
    let engine = TestEngine::start_with(&database, settings).await;
    let mut listener = listener(&database).await;
    let names: Vec<String> = (0..60).map(|number| format!("site-{number}.test")).collect();
    let scans = names.iter().fold(FakeScans::new(), |scans, name| {
        let report = report(name);
        scans.on(name, move |_| {
            let report = report.clone();
            async move {
                tokio::time::sleep(Duration::from_millis(10)).await;
                Ok(report)
            }
        })
    });
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let batch = engine.submit(&names).await.batch_id.unwrap();
    let began = Instant::now();
    let worker = engine.work(scans);
    engine.ended(batch).await;
    worker.stop().await;
    let most = began.elapsed().as_millis() / 50 + 3;
    let told = told(&engine, &mut listener).await;
    let count = told.iter().filter(|poke| **poke == Notification::Batch(batch)).count();
    assert!(count > 1 && count as u128 <= most, "{count} of at most {most}");
}

#[cfg_attr(not(postgres), ignore = "needs PostgreSQL")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_nodes_are_told_of_the_end_though_the_worker_stops_with_it() {
    let database = TestDatabase::postgres().await;
    let engine = TestEngine::start(&database).await;
    let mut listener = listener(&database).await;
    let (go_on, may_end) = watch::channel(0);
    let mut scans = FakeScans::new();
    for (turn, name) in [(1, "first.test"), (2, "last.test")] {
        let may_end = may_end.clone();
        scans = scans.on(name, move |_| {
            let mut may_end = may_end.clone();
            async move {
                may_end.wait_for(|so_far| *so_far >= turn).await.unwrap();
                Ok(report(name))
            }
        });
    }
    let batch = engine.submit(&["first.test", "last.test"]).await.batch_id.unwrap();
    let worker = engine.work(scans);
    while listener.next().await.unwrap() != Notification::Batch(batch) {}
    go_on.send(1).unwrap();
    while listener.next().await.unwrap() != Notification::Batch(batch) {}
    // The end comes while the next pokes are still being gathered.
    let stopped = tokio::spawn(worker.stop());
    go_on.send(2).unwrap();
    stopped.await.unwrap();
    assert_eq!(engine.ended(batch).await.status, BatchStatus::Complete);
    assert_eq!(told(&engine, &mut listener).await, [Notification::Batch(batch)]);
}

#[cfg_attr(not(postgres), ignore = "needs PostgreSQL")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn results_are_stored_though_nobody_can_be_told() {
    let database = TestDatabase::postgres().await;
    let engine = TestEngine::start(&database).await;
    let batch = engine.submit(&["a.test", "b.test"]).await.batch_id.unwrap();
    engine
        .execute(
            "CREATE FUNCTION public.pg_notify(text, text) RETURNS void LANGUAGE plpgsql \
               AS $$ BEGIN RAISE 'the queue of notifications is full'; END $$; \
             DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = public, pg_catalog', \
               current_database()); END $$",
        )
        .await;
    let later = TestEngine::start(&database).await;
    let worker = later.work(FakeScans::new());
    let ended = later.ended(batch).await;
    worker.stop().await;
    assert_eq!((ended.status, ended.counts.completed), (BatchStatus::Complete, 2));
}
