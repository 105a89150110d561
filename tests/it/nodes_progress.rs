//! Whoever watches at one node sees the work of another at once: by notifications, long before anything is polled.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{
    database::TestDatabase,
    fake_site::Answer,
    http_client::post,
    nodes::Nodes,
    ws_client::{Received, WsClient},
};

/// What is seen later than this was polled for, or the machine is busy; so most must be earlier, not all.
const AT_ONCE: Duration = Duration::from_millis(250);
const SCANS: usize = 8;

/// Waits for the event of a subscription that shows this text at this place.
async fn shown(socket: &mut WsClient, pointer: &str, text: &str) -> Instant {
    loop {
        match socket.receive().await {
            Received::Json(message) => {
                let value = message.pointer(&format!("/payload/data{pointer}"));
                if value.is_some_and(|value| value == text) {
                    return Instant::now();
                }
                assert_eq!(message["type"], "next", "{message}");
            }
            Received::Ping => {}
            other => panic!("unexpected: {other:?}"),
        }
    }
}

#[cfg_attr(not(postgres), ignore = "needs PostgreSQL")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn steps_and_ends_of_work_on_another_node_are_seen_at_once() {
    let database = TestDatabase::postgres().await;
    let nodes = Nodes::over(&database.settings.database_url).await;
    nodes.web.site("*.test").answer("/", Answer::html("<title>A</title>").after(Duration::from_millis(700)));
    let api = nodes.api(&["--no-worker"]);
    let _worker = nodes.worker("worker-0", &[]);
    let (mut steps, mut ends) = (Vec::new(), Vec::new());
    for number in 0..SCANS {
        let name = format!("site-{number}.test");
        let query = format!("mutation {{ scanDomain(input: {{ name: \"{name}\" }}) {{ job {{ id }} }} }}");
        let answer = post(api.address, "application/json", &json!({ "query": query })).await.json();
        let job = answer["data"]["scanDomain"]["job"]["id"].clone();
        let mut socket = WsClient::ready(api.address).await;
        socket
            .subscribe("1", &format!("subscription {{ jobProgress(jobId: {job}) {{ status step }} }}"))
            .await;
        let asked = || {
            nodes.web.site("*.test").requests().iter().filter(|request| request.path == "/").count() > number
        };
        let site_asked = async {
            while !asked() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            Instant::now()
        };
        let (asked, seen) = tokio::join!(site_asked, shown(&mut socket, "/jobProgress/step", "FETCHING"));
        steps.push(seen.saturating_duration_since(asked));
        let answered = asked + Duration::from_millis(700);
        let ended = shown(&mut socket, "/jobProgress/status", "COMPLETE").await;
        ends.push(ended.saturating_duration_since(answered));
    }
    for (what, delays) in [("steps", steps), ("ends", ends)] {
        let at_once = delays.iter().filter(|delay| **delay < AT_ONCE).count();
        assert!(at_once > SCANS / 2, "{what}: {delays:?}");
    }
}
