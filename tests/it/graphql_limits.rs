//! What no client may do to the server.

use std::fmt::Write;

use serde_json::json;

use crate::support::{
    http_client::{get, post, query, send},
    protocol_server::ProtocolServer,
    ws_client::WsClient,
};

const GRAPHQL: &str = "application/graphql-response+json";

/// Documents of a few kilobytes. The parser itself refuses the deepest of them where it can tell how much stack is left;
/// those of medium depth overflow the stack a step later, when it builds the values.
fn deep_documents() -> Vec<String> {
    let of_depth = |depth: usize| {
        [
            format!("{{ echo(text: {}{}) }}", "[".repeat(depth), "]".repeat(depth)),
            format!("{{ echo(text: {}", "[".repeat(depth)),
            format!("{{ echo(text: {}1{}) }}", "{a:".repeat(depth), "}".repeat(depth)),
            format!("query ($a: {}Int{}) {{ hello }}", "[".repeat(depth), "]".repeat(depth)),
            "{deep".repeat(depth),
        ]
    };
    [500, 700, 1_000, 2_000].into_iter().flat_map(of_depth).collect()
}

#[tokio::test]
async fn deep_documents_are_refused_on_every_transport_and_the_server_goes_on() {
    let server = ProtocolServer::start().await;
    let mut socket = WsClient::ready(server.address).await;
    for document in deep_documents() {
        let posted = query(server.address, &document).await;
        assert_eq!((posted.status, posted.code().as_str()), (400, "QUERY_TOO_DEEP"));
        let extensions = &posted.json()["errors"][0]["extensions"];
        assert!(extensions["asked"].as_u64() >= Some(500) && extensions["allowed"] == 64, "{extensions}");

        assert_eq!(get(server.address, GRAPHQL, &[("query", &document)]).await.code(), "QUERY_TOO_DEEP");

        let batch =
            post(server.address, GRAPHQL, &json!([{ "query": document }, { "query": "{ hello }" }])).await;
        assert_eq!(batch.json()[0]["errors"][0]["extensions"]["code"], "QUERY_TOO_DEEP");
        assert_eq!(batch.json()[1]["data"]["hello"], "world");

        let events = post(server.address, "text/event-stream", &json!({ "query": document })).await;
        assert!(events.text().contains("QUERY_TOO_DEEP"), "{events:?}");

        socket.subscribe("deep", &document).await;
        let refused = socket.json().await;
        assert_eq!((&refused["type"], &refused["id"]), (&json!("error"), &json!("deep")));
        assert_eq!(refused["payload"][0]["extensions"]["code"], "QUERY_TOO_DEEP");
    }
    socket.subscribe("1", "{ hello }").await;
    assert_eq!(socket.json().await["payload"]["data"]["hello"], "world");
    assert_eq!(query(server.address, "{ hello }").await.status, 200);
}

#[tokio::test]
async fn the_deepest_setting_is_still_safe() {
    let server = ProtocolServer::with(|limits, _| limits.max_nesting = 200).await;
    for (open, close) in [("[", "]"), ("{a:", "}")] {
        let document = format!("{{ echo(text: {}1{}) }}", open.repeat(198), close.repeat(198));
        let answer = query(server.address, &document).await;
        assert_eq!(answer.code(), "GRAPHQL_VALIDATION_FAILED", "{answer:?}");
    }
    let fields = format!("{}{}", "{deep".repeat(199), "}".repeat(199));
    assert_eq!(query(server.address, &fields).await.code(), "GRAPHQL_PARSE_FAILED");
}

#[tokio::test]
async fn brackets_in_strings_do_not_count() {
    let server = ProtocolServer::start().await;
    let text = "[{(".repeat(2_000);
    for document in
        [format!("{{ echo(text: \"{text}\") }}"), format!("{{ echo(text: \"\"\"{text}\"\"\") }} # {text}")]
    {
        assert_eq!(query(server.address, &document).await.json(), json!({ "data": { "echo": text } }));
    }
}

#[tokio::test]
async fn a_body_over_the_limit_gets_413_however_it_is_sent() {
    let server = ProtocolServer::with(|limits, _| limits.max_body_bytes = 1 << 20).await;
    let body = json!({ "query": "{ hello }", "variables": { "padding": "x".repeat(3 << 20) } }).to_string();
    let announced =
        send(server.address, "POST /graphql", &[("content-type", "application/json")], &body).await;
    assert_eq!((announced.status, announced.code().as_str()), (413, "BAD_USER_INPUT"));
    let extensions = &announced.json()["errors"][0]["extensions"];
    assert_eq!((&extensions["asked"], &extensions["allowed"]), (&json!(body.len()), &json!(1 << 20)));

    let mut chunked = String::new();
    for chunk in body.as_bytes().chunks(64 << 10) {
        write!(chunked, "{:x}\r\n{}\r\n", chunk.len(), String::from_utf8_lossy(chunk)).expect("text");
    }
    chunked += "0\r\n\r\n";
    let headers = [("content-type", "application/json"), ("transfer-encoding", "chunked")];
    let answer = send(server.address, "POST /graphql", &headers, chunked).await;
    assert_eq!((answer.status, answer.code().as_str()), (413, "BAD_USER_INPUT"));

    let mut socket = WsClient::ready(server.address).await;
    socket.send_text(&body).await;
    let (code, reason) = socket.closed().await;
    assert_eq!(code, 4400, "{reason}");
}

#[tokio::test]
async fn a_batch_has_at_most_ten_operations() {
    let server = ProtocolServer::start().await;
    let batch = |size: usize| json!(vec![json!({ "query": "{ hello }" }); size]);
    let most = post(server.address, GRAPHQL, &batch(10)).await;
    assert_eq!(most.json().as_array().map(Vec::len), Some(10));
    let more = post(server.address, GRAPHQL, &batch(11)).await;
    assert_eq!((more.status, more.code().as_str()), (400, "QUERY_TOO_COMPLEX"));
    let extensions = &more.json()["errors"][0]["extensions"];
    assert_eq!((&extensions["asked"], &extensions["allowed"]), (&json!(11), &json!(10)));
    let none = post(server.address, GRAPHQL, &batch(0)).await;
    assert_eq!((none.status, none.code().as_str()), (400, "BAD_USER_INPUT"));
}
