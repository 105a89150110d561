//! What no client may do to the server.

use std::{
    fmt::Write,
    time::{Duration, Instant},
};

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
async fn all_bodies_together_take_only_so_much_room() {
    let server = ProtocolServer::with(|_, settings| settings.max_bodies_bytes = 1 << 20).await;
    let body = |ms: u64| json!({ "query": format!("{{ slow(ms: {ms}) }}"), "variables": { "x": "x".repeat(900_000) } });
    let address = server.address;
    let first = tokio::spawn(async move { post(address, GRAPHQL, &body(1_000)).await });
    tokio::time::sleep(Duration::from_millis(300)).await;
    let second = post(server.address, GRAPHQL, &body(0)).await;
    assert_eq!((second.status, second.code().as_str()), (503, "RATE_LIMITED"));
    assert_eq!(query(server.address, "{ hello }").await.status, 200);
    assert_eq!(first.await.expect("an answer").status, 200);
    assert_eq!(post(server.address, GRAPHQL, &body(0)).await.status, 200);
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

/// Asks a query that goes over a limit, and checks that the answer says so with the figures, soon.
async fn assert_refused(server: &ProtocolServer, document: &str, code: &str, asked: u64, allowed: u64) {
    let began = Instant::now();
    let answer = query(server.address, document).await;
    let shown: String = document.chars().take(80).collect();
    assert_eq!((answer.status, answer.code().as_str()), (400, code), "{shown}: {}", answer.text());
    let extensions = &answer.json()["errors"][0]["extensions"];
    assert_eq!((&extensions["asked"], &extensions["allowed"]), (&json!(asked), &json!(allowed)), "{shown}");
    assert!(began.elapsed() < Duration::from_secs(10), "{shown}");
}

#[tokio::test]
async fn each_limit_is_a_setting_and_refuses_with_what_was_asked_and_allowed() {
    let server = ProtocolServer::with(|limits, _| {
        limits.max_depth = 3;
        limits.max_complexity = 1_000;
        limits.max_document_bytes = 1_024;
        limits.max_tokens = 200;
        limits.max_aliases = 2;
        limits.max_root_fields = 4;
        limits.max_directives = 2;
        limits.max_nesting = 10;
    })
    .await;
    for (fine, over, code, asked, allowed) in [
        ("{deep{deep{value}}}", "{deep{deep{deep{value}}}}", "QUERY_TOO_DEEP", 4, 3),
        (
            "{deep{...F}} fragment F on Deep{deep{value}}",
            "{deep{...F}} fragment F on Deep{deep{deep{value}}}",
            "QUERY_TOO_DEEP",
            4,
            3,
        ),
        ("{a:hello b:hello}", "{a:hello b:hello c:hello}", "TOO_MANY_ALIASES", 3, 2),
        (
            "{...F} fragment F on Query{a:hello}",
            "{...F ...F ...F} fragment F on Query{a:hello}",
            "TOO_MANY_ALIASES",
            3,
            2,
        ),
        ("{hello hello hello hello}", "{hello hello hello hello hello}", "QUERY_TOO_COMPLEX", 5, 4),
        (
            "{...F ...F} fragment F on Query{hello}",
            "{...F ...F ...F} fragment F on Query{hello deep{value}}",
            "QUERY_TOO_COMPLEX",
            6,
            4,
        ),
        (
            "{hello @skip(if:false) deep @include(if:true){value}}",
            "{hello @skip(if:false) deep @skip(if:false){value @skip(if:false)}}",
            "QUERY_TOO_COMPLEX",
            3,
            2,
        ),
        ("{page(first:999){value}}", "{page(first:1000){value}}", "QUERY_TOO_COMPLEX", 1_001, 1_000),
        (
            "{page(first:30){page(first:10){value}}}",
            "{page(first:30){page{value}}}",
            "QUERY_TOO_COMPLEX",
            1_531,
            1_000,
        ),
        ("{hello}", "query($n:Int=2000){page(first:$n){value}}", "QUERY_TOO_COMPLEX", 2_001, 1_000),
    ] {
        let answer = query(server.address, fine).await;
        assert_eq!(answer.json().get("errors"), None, "{fine}: {}", answer.text());
        assert_refused(&server, over, code, asked, allowed).await;
    }
    let bytes = format!("{{ hello }} # {}", "x".repeat(1_024));
    assert_refused(&server, &bytes, "QUERY_TOO_COMPLEX", 1_036, 1_024).await;
    let tokens = format!("{{ sum(numbers: [{}]) }}", "1 ".repeat(200));
    assert_refused(&server, &tokens, "QUERY_TOO_COMPLEX", 209, 200).await;
    let with_variable =
        json!({ "query": "query($n: Int) { page(first: $n) { value } }", "variables": { "n": 5_000 } });
    let answer = post(server.address, GRAPHQL, &with_variable).await;
    assert_eq!(answer.json()["errors"][0]["extensions"]["asked"], 5_001);
}

#[tokio::test]
async fn only_so_many_errors_are_told() {
    let server = ProtocolServer::with(|limits, _| limits.max_errors = 2).await;
    let answer = query(server.address, "{ deeps { refuse } hello }").await.json();
    assert_eq!(answer["errors"].as_array().map(Vec::len), Some(2));
    assert_eq!(answer["extensions"]["omittedErrors"], 1);
    assert_eq!(answer["data"]["hello"], "world");
}

#[tokio::test]
async fn a_query_that_runs_too_long_is_ended() {
    let server = ProtocolServer::with(|limits, _| limits.query_timeout = Duration::from_millis(100)).await;
    let answer = query(server.address, "{ slow(ms: 60000) }").await;
    assert_eq!((answer.status, answer.code().as_str()), (503, "QUERY_TIMEOUT"));
    assert_eq!(answer.json()["errors"][0]["extensions"]["allowed"], 0.1);
    let mut socket = WsClient::ready(server.address).await;
    socket.subscribe("1", "{ slow(ms: 60000) }").await;
    assert_eq!(socket.json().await["payload"][0]["extensions"]["code"], "QUERY_TIMEOUT");
}
