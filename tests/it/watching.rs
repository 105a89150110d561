//! Watching the finished jobs of a batch: many who watch cost no more than one, and whoever was away goes on where it
//! was.

use futures_util::{StreamExt, future::join_all};
use scrapersky::store::Columns;
use serde_json::{Value as Json, json};

use crate::{
    on_each_database,
    support::{
        app::TestApp,
        engine::{FakeScans, TestEngine},
        http_client::send,
    },
};

fn names(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("site-{number}.example")).collect()
}

/// The statements of a batch from its submission to its end while so many watch its finished jobs.
async fn statements_while_watched(engine: &TestEngine, watchers: usize) -> u64 {
    let names = names(300);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let before = engine.db.statements();
    let batch = engine.submit(&names).await.batch_id.unwrap();
    let watch =
        || engine.service.watch_finished_jobs(&engine.scope, batch, 0, Columns::of(&[])).collect::<Vec<_>>();
    let watching = join_all((0..watchers).map(|_| tokio::spawn(watch())));
    let worker = engine.work(FakeScans::new());
    for seen in watching.await {
        let sequences: Vec<i64> =
            seen.unwrap().into_iter().map(|job| job.unwrap().sequence.unwrap()).collect();
        assert_eq!(sequences, (1..=300).collect::<Vec<_>>());
    }
    worker.stop().await;
    engine.db.statements() - before
}

on_each_database! {
    async fn a_hundred_who_watch_finished_jobs_cost_the_statements_of_one(database: TestDatabase) {
        let engine = TestEngine::start(&database).await;
        let one = statements_while_watched(&engine, 1).await;
        let hundred = statements_while_watched(&engine, 100).await;
        assert!(hundred < one + 100, "{one} statements for one, {hundred} for a hundred");
    }

    async fn one_who_reads_slowly_goes_on_in_the_log(database: TestDatabase) {
        let engine = TestEngine::start(&database).await;
        let names = names(2_500);
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let batch = engine.submit(&names).await.batch_id.unwrap();
        let mut slow = engine.service.watch_finished_jobs(&engine.scope, batch, 0, Columns::of(&[]));
        let worker = engine.work(FakeScans::new());
        let first = slow.next().await.unwrap().unwrap();
        // Far more end than are kept for those who keep up.
        engine.ended(batch).await;
        worker.stop().await;
        let rest: Vec<_> = slow.map(Result::unwrap).collect().await;
        let sequences: Vec<i64> = [first].into_iter().chain(rest).map(|job| job.sequence.unwrap()).collect();
        assert_eq!(sequences, (1..=2_500).collect::<Vec<_>>());
    }

    async fn an_event_source_that_connects_again_goes_on_after_the_last_event(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        let submitted = app.ask("mutation ($names: [String!]!) { scanDomains(input: { names: $names }) { batchJob { id } } }",
            json!({ "names": names(5) })).await;
        let batch = &submitted["scanDomains"]["batchJob"]["id"];
        let whole = events(&app, batch, None).await;
        let ids: Vec<_> = whole.iter().map(|(id, _)| id.as_deref()).collect();
        assert_eq!(ids, [Some("1"), Some("2"), Some("3"), Some("4"), Some("5")]);
        assert_eq!(whole[4].1["data"]["jobFinished"]["sequence"], 5);
        assert_eq!(events(&app, batch, Some("3")).await, whole[3..]);
        assert_eq!(events(&app, batch, Some("5")).await, []);
        assert_eq!(events(&app, batch, Some("nonsense")).await, whole);
        app.stop().await;
    }
}

/// The ids and data of the events of `jobFinished`.
async fn events(app: &TestApp, batch: &Json, last_event: Option<&str>) -> Vec<(Option<String>, Json)> {
    let query = format!("subscription {{ jobFinished(batchId: {batch}) {{ sequence domain {{ name }} }} }}");
    let body = json!({ "query": query }).to_string();
    let mut headers = vec![("content-type", "application/json"), ("accept", "text/event-stream")];
    headers.extend(last_event.map(|id| ("last-event-id", id)));
    let text = send(app.address(), "POST /graphql", &headers, body).await.text();
    let field = |block: &str, name: &str| {
        block.lines().find_map(|line| Some(line.strip_prefix(name)?.trim().to_owned()))
    };
    let next = text.split("\n\n").filter(|block| block.starts_with("event: next"));
    next.map(|block| (field(block, "id:"), serde_json::from_str(&field(block, "data:").unwrap()).unwrap()))
        .collect()
}
