//! GraphQL over server-sent events.

use std::{sync::atomic::Ordering, time::Duration};

use serde_json::{Value, json};

use crate::support::{
    eventually,
    http_client::{Reply, begin, get, post},
    protocol_server::ProtocolServer,
};

const EVENTS: &str = "text/event-stream";

/// The events of a whole answer: their names, and their data where it is JSON.
fn events(text: &str) -> Vec<(String, Value)> {
    let event = |block: &str| {
        let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        let data = field("data").expect("EventSource needs data").trim();
        Some((field("event")?.trim().to_owned(), serde_json::from_str(data).unwrap_or_default()))
    };
    text.split("\n\n")
        .filter(|block| !block.is_empty() && !block.starts_with(':'))
        .filter_map(event)
        .collect()
}

async fn stream(server: &ProtocolServer, query: &str) -> Reply {
    let body = json!({ "query": query }).to_string();
    let headers = [("content-type", "application/json"), ("accept", EVENTS)];
    begin(server.address, "POST /graphql", &headers, body.as_bytes()).await
}

#[tokio::test]
async fn a_subscription_is_streamed_over_post_and_get() {
    let server = ProtocolServer::start().await;
    let subscription = "subscription { count(to: 2) { number } }";
    let posted = post(server.address, EVENTS, &json!({ "query": subscription })).await;
    let got = get(server.address, EVENTS, &[("query", subscription)]).await;
    for answer in [posted, got] {
        assert_eq!((answer.status, answer.header("content-type")), (200, EVENTS));
        let expected = vec![
            ("next".to_owned(), json!({ "data": { "count": { "number": 0 } } })),
            ("next".to_owned(), json!({ "data": { "count": { "number": 1 } } })),
            ("complete".to_owned(), Value::Null),
        ];
        assert_eq!(events(&answer.text()), expected);
    }
}

#[tokio::test]
async fn queries_and_refusals_are_streamed_too() {
    let server = ProtocolServer::start().await;
    for (query, pointer, expected) in [
        ("{ hello }", "/data/hello", "world"),
        ("mutation { __typename }", "/data/__typename", "Mutation"),
        ("{ nothing }", "/errors/0/extensions/code", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { nothing }", "/errors/0/extensions/code", "GRAPHQL_VALIDATION_FAILED"),
        ("{", "/errors/0/extensions/code", "GRAPHQL_PARSE_FAILED"),
        ("subscription { refused }", "/errors/0/message", "This is refused."),
        ("subscription { boomAtOnce }", "/errors/0/extensions/code", "INTERNAL"),
    ] {
        let answer = post(server.address, EVENTS, &json!({ "query": query })).await;
        let events = events(&answer.text());
        assert_eq!(events.len(), 2, "{query}: {events:?}");
        assert_eq!(events[0].1.pointer(pointer), Some(&json!(expected)), "{query}");
        assert_eq!(events[1].0, "complete", "{query}");
    }
}

#[tokio::test]
async fn a_batch_cannot_be_streamed() {
    let server = ProtocolServer::start().await;
    let answer = post(server.address, EVENTS, &json!([{ "query": "{ hello }" }])).await;
    assert_eq!((answer.status, answer.code().as_str()), (400, "BAD_USER_INPUT"));
}

#[tokio::test]
async fn a_stream_ends_with_its_client() {
    let server = ProtocolServer::start().await;
    let mut reply = stream(&server, "subscription { count { number } }").await;
    reply.chunk().await.expect("an event");
    assert_eq!(server.probe.alive.load(Ordering::SeqCst), 1);
    drop(reply);
    eventually("the subscription ends", || server.probe.alive.load(Ordering::SeqCst) == 0).await;
}

#[tokio::test]
async fn a_silent_stream_is_kept_alive_and_ends_without_complete_when_the_server_stops() {
    let server =
        ProtocolServer::with(|_, settings| settings.ping_interval = Duration::from_millis(100)).await;
    let mut reply = stream(&server, "subscription { latest { number } }").await;
    assert_eq!(reply.chunk().await.expect("a comment"), b":\n\n");
    server.stop();
    let mut rest = Vec::new();
    while let Some(chunk) = reply.chunk().await {
        rest.extend(chunk);
    }
    assert!(!String::from_utf8_lossy(&rest).contains("complete"));
    server.stopped().await.expect("nothing had to be cut");
}

#[tokio::test]
async fn the_number_of_streams_is_capped() {
    let server = ProtocolServer::with(|_, settings| settings.max_streams = 1).await;
    let first = stream(&server, "subscription { latest { number } }").await;
    assert_eq!(first.status, 200);
    let second = stream(&server, "subscription { latest { number } }").await.answer().await;
    assert_eq!((second.status, second.code().as_str()), (503, "RATE_LIMITED"));
    drop(first);
    eventually("the place is free", || server.probe.alive.load(Ordering::SeqCst) == 0).await;
    assert_eq!(post(server.address, EVENTS, &json!({ "query": "{ hello }" })).await.status, 200);
}
