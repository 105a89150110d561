//! GraphQL over HTTP.

use std::{sync::atomic::Ordering, time::Duration};

use scrapersky::config::AllowedOrigin;
use serde_json::json;

use crate::support::{
    http_client::{get, post, query, send},
    protocol_server::ProtocolServer,
};

const GRAPHQL: &str = "application/graphql-response+json";
const JSON: &str = "application/json";

#[tokio::test]
async fn a_query_is_answered_over_post_and_get_in_the_format_asked_for() {
    let server = ProtocolServer::start().await;
    for accept in [GRAPHQL, JSON] {
        let posted = post(server.address, accept, &json!({ "query": "{ hello }" })).await;
        let got = get(server.address, accept, &[("query", "{ hello }")]).await;
        for answer in [posted, got] {
            assert_eq!(answer.status, 200);
            assert_eq!(answer.header("content-type"), format!("{accept}; charset=utf-8"));
            assert_eq!(answer.text(), r#"{"data":{"hello":"world"}}"#);
            assert_eq!(answer.header("cache-control"), "no-store");
            assert!(answer.headers.iter().any(|(name, value)| name == "vary" && value == "accept"));
        }
    }
}

#[tokio::test]
async fn fields_are_answered_in_the_order_they_are_asked_for() {
    let server = ProtocolServer::start().await;
    for (document, expected) in [
        ("{ slow(ms: 20) hello }", r#"{"data":{"slow":20,"hello":"world"}}"#),
        (
            "{ ...F hello a: slow(ms: 1) } fragment F on Query { slow(ms: 20) }",
            r#"{"data":{"slow":20,"hello":"world","a":1}}"#,
        ),
        (
            "{ deep { value } slow(ms: 9) deep { later next: value } hello slow(ms: 9) }",
            r#"{"data":{"deep":{"value":1,"later":2,"next":1},"slow":9,"hello":"world"}}"#,
        ),
        (
            "{ deeps { ... on Deep { later } value } }",
            r#"{"data":{"deeps":[{"later":2,"value":1},{"later":2,"value":1},{"later":2,"value":1}]}}"#,
        ),
    ] {
        assert_eq!(query(server.address, document).await.text(), expected);
    }
}

#[tokio::test]
async fn get_reads_the_operation_name_and_json_in_its_parameters() {
    let server = ProtocolServer::start().await;
    let document = "query One($n: [Int!]!) { sum(numbers: $n) } query Two { hello }";
    let parameters = [
        ("query", document),
        ("operationName", "One"),
        ("variables", r#"{"n":[1,2]}"#),
        ("extensions", "{}"),
    ];
    let answer = get(server.address, GRAPHQL, &parameters).await;
    assert_eq!(answer.json(), json!({ "data": { "sum": 3 } }));
    for parameters in [
        &[("query", "{ hello }"), ("variables", "[]")][..],
        &[("query", "{ hello }"), ("variables", "{")],
        &[("query", "{ hello }"), ("extensions", "7")],
        &[("query", "{ hello }"), ("query", "{ hello }")],
        &[],
    ] {
        let answer = get(server.address, GRAPHQL, parameters).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "BAD_USER_INPUT"), "{parameters:?}");
    }
}

#[tokio::test]
async fn a_mutation_runs_over_post_and_never_over_get() {
    let server = ProtocolServer::start().await;
    let mutation = "mutation { bump }";
    assert_eq!(query(server.address, mutation).await.json(), json!({ "data": { "bump": 1 } }));
    for accept in [GRAPHQL, JSON, "text/event-stream"] {
        let answer = get(server.address, accept, &[("query", mutation)]).await;
        assert_eq!((answer.status, answer.header("allow")), (405, "POST"), "{accept}");
        assert_eq!(answer.code(), "BAD_USER_INPUT");
    }
    let named = [("query", "query Q { hello } mutation M { bump }"), ("operationName", "M")];
    assert_eq!(get(server.address, GRAPHQL, &named).await.status, 405);
    assert_eq!(server.probe.bumps.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn what_is_refused_before_it_runs_has_no_data() {
    let server = ProtocolServer::start().await;
    for (document, code) in [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ hello", "GRAPHQL_PARSE_FAILED"),
        ("{ echo(text: \"open) }", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("query ($n: Int) { hello }", "GRAPHQL_VALIDATION_FAILED"),
        ("query A { hello } query B { hello }", "BAD_USER_INPUT"),
        ("  ", "BAD_USER_INPUT"),
    ] {
        let strict = post(server.address, GRAPHQL, &json!({ "query": document })).await;
        assert_eq!((strict.status, strict.code().as_str()), (400, code), "{document}");
        assert_eq!(strict.json().get("data"), None, "{document}");
        let legacy = post(server.address, JSON, &json!({ "query": document })).await;
        assert_eq!((legacy.status, legacy.code().as_str()), (200, code), "{document}");
    }
    let unknown = json!({ "query": "query A { hello }", "operationName": "B" });
    assert_eq!(post(server.address, GRAPHQL, &unknown).await.code(), "BAD_USER_INPUT");
}

#[tokio::test]
async fn a_variable_that_is_missing_is_told_before_anything_runs() {
    let server = ProtocolServer::start().await;
    let document = "mutation ($n: [Int!]!, $m: Int! = 1) { bump take(first: $m, numbers: $n) }";
    for variables in [json!({}), json!({ "n": null }), json!({ "n": [1], "m": null })] {
        let answer =
            post(server.address, GRAPHQL, &json!({ "query": document, "variables": variables })).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "BAD_USER_INPUT"), "{variables}");
    }
    assert_eq!(server.probe.bumps.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_body_that_is_no_request_gets_400() {
    let server = ProtocolServer::start().await;
    let bodies: [&[u8]; 14] = [
        b"",
        b" \n",
        b"{ \"not a JSON",
        b"\"text\"",
        b"7",
        b"null",
        br#"["{ hello }"]"#,
        br#"[["{ hello }"]]"#,
        b"{\"query\": \"\xff\xfe\"}",
        br#"{"query": {"an": "object"}}"#,
        br#"{"query": "{ hello }", "operationName": 7}"#,
        br#"{"query": "{ hello }", "variables": ["a"]}"#,
        br#"{"query": "{ hello }", "extensions": "text"}"#,
        br#"{"qeury": "{ hello }"}"#,
    ];
    for body in bodies {
        let answer = send(server.address, "POST /graphql", &[("content-type", JSON)], body).await;
        let shown = String::from_utf8_lossy(body);
        assert_eq!((answer.status, answer.code().as_str()), (400, "BAD_USER_INPUT"), "{shown}");
    }
    let nulls = json!({ "query": "{ hello }", "operationName": null, "variables": null, "extensions": null });
    assert_eq!(post(server.address, JSON, &nulls).await.json(), json!({ "data": { "hello": "world" } }));
}

#[tokio::test]
async fn only_json_is_read_so_that_other_pages_cannot_post() {
    let server = ProtocolServer::start().await;
    let body = json!({ "query": "mutation { bump }" }).to_string();
    for content_type in
        ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]
    {
        let headers = [("content-type", content_type)];
        let headers = if content_type.is_empty() { &[][..] } else { &headers[..] };
        let answer = send(server.address, "POST /graphql", headers, &body).await;
        assert_eq!((answer.status, answer.code().as_str()), (415, "BAD_USER_INPUT"), "{content_type}");
    }
    let zipped = [("content-type", JSON), ("content-encoding", "gzip")];
    let answer = send(server.address, "POST /graphql", &zipped, &body).await;
    assert_eq!((answer.status, answer.header("accept-encoding")), (415, "identity"));
    assert_eq!(server.probe.bumps.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn other_methods_and_formats_are_refused_in_the_shape_of_graphql() {
    let server = ProtocolServer::start().await;
    for method in ["PUT", "DELETE", "PATCH"] {
        let answer = send(server.address, &format!("{method} /graphql"), &[], "").await;
        assert_eq!((answer.status, answer.header("allow")), (405, "GET, HEAD, POST, OPTIONS"), "{method}");
        assert_eq!(answer.code(), "BAD_USER_INPUT");
    }
    assert_eq!(send(server.address, "OPTIONS /graphql", &[], "").await.status, 200);
    let page = post(server.address, "text/html", &json!({ "query": "{ hello }" })).await;
    assert_eq!((page.status, page.code().as_str()), (406, "BAD_USER_INPUT"));
    let subscription =
        post(server.address, JSON, &json!({ "query": "subscription { count { number } }" })).await;
    assert_eq!((subscription.status, subscription.code().as_str()), (406, "BAD_USER_INPUT"));
}

#[tokio::test]
async fn who_is_not_let_in_gets_401() {
    let server = ProtocolServer::start().await;
    let headers = [("content-type", JSON), ("authorization", "nobody")];
    let answer = send(server.address, "POST /graphql", &headers, r#"{"query":"{ hello }"}"#).await;
    assert_eq!((answer.status, answer.header("www-authenticate")), (401, "Bearer"));
    assert_eq!(answer.code(), "UNAUTHENTICATED");
}

#[tokio::test]
async fn a_batch_answers_each_operation_in_order() {
    let server = ProtocolServer::start().await;
    let batch = json!([{ "query": "{ slow(ms: 50) }" }, { "query": "{" }, { "query": "mutation { bump }" }]);
    let answer = post(server.address, JSON, &batch).await;
    assert_eq!(answer.status, 200);
    let answers = answer.json();
    assert_eq!(answers[0], json!({ "data": { "slow": 50 } }));
    assert_eq!(answers[1]["errors"][0]["extensions"]["code"], "GRAPHQL_PARSE_FAILED");
    assert_eq!(answers[2], json!({ "data": { "bump": 1 } }));
}

#[tokio::test]
async fn each_operation_speaks_for_its_caller_and_has_loaders_of_its_own() {
    let server = ProtocolServer::start().await;
    let loaders = json!({ "query": "{ a: loaders b: loaders tenant }" });
    let answers = post(server.address, JSON, &json!([loaders, loaders])).await.json();
    let sets: Vec<_> = answers.as_array().expect("two").iter().map(|answer| answer["data"].clone()).collect();
    assert_eq!(sets[0]["a"], sets[0]["b"]);
    assert_ne!(sets[0]["a"], sets[1]["a"]);
    assert!(sets[0]["tenant"].is_string());
    assert_eq!(sets[0]["tenant"], sets[1]["tenant"]);
}

#[tokio::test]
async fn health_tells_that_the_process_serves() {
    let server = ProtocolServer::start().await;
    let answer = send(server.address, "GET /health", &[], "").await;
    assert_eq!((answer.status, answer.text().as_str()), (200, r#"{"status":"healthy"}"#));
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert!(answer.header("content-security-policy").contains("frame-ancestors 'none'"));
    let head = send(server.address, "HEAD /health", &[], "").await;
    assert_eq!((head.status, head.text().as_str()), (200, ""));
}

#[tokio::test]
async fn requests_that_run_are_answered_before_the_server_ends() {
    let server = ProtocolServer::start().await;
    let address = server.address;
    let running = tokio::spawn(async move { query(address, "{ slow(ms: 300) }").await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    server.stopped().await.expect("nothing had to be cut");
    assert_eq!(running.await.expect("an answer").json(), json!({ "data": { "slow": 300 } }));
}

#[tokio::test]
async fn headers_that_do_not_come_are_not_waited_for() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let server = ProtocolServer::with(|_, settings| settings.read_timeout = Duration::from_millis(200)).await;
    let mut stream = tokio::net::TcpStream::connect(server.address).await.expect("a connection");
    stream.write_all(b"POST /graphql HTTP/1.1\r\nhost: x\r\n").await.expect("half of a head");
    let mut rest = Vec::new();
    let ended = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut rest)).await;
    ended.expect("the server closes").expect("in order");
    let headers = [("content-type", JSON), ("content-length", "100")];
    let answer = send(server.address, "POST /graphql", &headers, "{").await;
    assert_eq!((answer.status, answer.code().as_str()), (408, "BAD_USER_INPUT"));
}

/// What the server tells a browser about a page of another origin.
async fn preflight(server: &ProtocolServer, origin: &str) -> (String, String) {
    let headers = [
        ("origin", origin),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "content-type,authorization"),
    ];
    let answer = send(server.address, "OPTIONS /graphql", &headers, "").await;
    let header = |name| answer.header(name).to_owned();
    (header("access-control-allow-origin"), header("access-control-allow-headers"))
}

#[tokio::test]
async fn pages_of_this_machine_may_call_and_others_by_setting() {
    let allowed = |origin: &str| (origin.to_owned(), "content-type,authorization".to_owned());
    let by_default = ProtocolServer::start().await;
    assert_eq!(preflight(&by_default, "http://localhost:3000").await, allowed("http://localhost:3000"));
    assert_eq!(preflight(&by_default, "https://app.example.com").await.0, "");
    let headers = [("content-type", JSON), ("origin", "https://app.example.com")];
    let answer = send(by_default.address, "POST /graphql", &headers, r#"{"query":"{ hello }"}"#).await;
    assert_eq!(answer.header("access-control-allow-origin"), "");

    let one = AllowedOrigin::Exactly("https://app.example.com".to_owned());
    let by_setting = ProtocolServer::with(|_, settings| settings.allowed_origins = vec![one]).await;
    assert_eq!(preflight(&by_setting, "https://app.example.com").await, allowed("https://app.example.com"));
    assert_eq!(preflight(&by_setting, "http://localhost:3000").await.0, "");
    let answer = send(by_setting.address, "POST /graphql", &headers, r#"{"query":"{ hello }"}"#).await;
    assert_eq!(answer.header("access-control-allow-origin"), "https://app.example.com");
    assert_eq!(answer.header("access-control-allow-credentials"), "");
}

#[tokio::test]
async fn long_answers_are_compressed_for_who_asks() {
    let server = ProtocolServer::start().await;
    let body = json!({ "query": format!("{{ echo(text: \"{}\") }}", "x".repeat(10_000)) }).to_string();
    let headers = [("content-type", JSON), ("accept-encoding", "gzip")];
    let zipped = send(server.address, "POST /graphql", &headers, &body).await;
    assert_eq!(zipped.header("content-encoding"), "gzip");
    assert!(zipped.body.len() < 1_000, "{} bytes", zipped.body.len());
    let plain = send(server.address, "POST /graphql", &headers[..1], &body).await;
    assert_eq!((plain.header("content-encoding"), plain.body.len()), ("", 10_020));
    let short = send(server.address, "POST /graphql", &headers, r#"{"query":"{ hello }"}"#).await;
    assert_eq!(short.header("content-encoding"), "");
    let events = [headers[0], headers[1], ("accept", "text/event-stream")];
    assert_eq!(send(server.address, "POST /graphql", &events, &body).await.header("content-encoding"), "");
}
