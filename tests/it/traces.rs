//! Traces for an OpenTelemetry collector, as the collector gets them.

use std::{
    fs::{self, File},
    net::TcpListener,
    path::Path,
    sync::{Arc, Mutex},
};

use axum::{Router, body::Bytes, http::HeaderMap, routing::post};
use serde_json::json;
use tempfile::TempDir;

use crate::support::{
    child::{Serving, program},
    eventually_async,
    fake_site::FakeSite,
    http_client::{query, send},
    otlp::{Span, read},
    ws_client::WsClient,
};

const CALLER: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// What a collector was sent: the content type and the body of each request.
type Received = Arc<Mutex<Vec<(String, Bytes)>>>;

/// A collector on loopback, by its base URL; it lives as long as the test's runtime.
async fn collector() -> (String, Received) {
    let received = Received::default();
    let keep = Arc::clone(&received);
    let take = async move |headers: HeaderMap, body: Bytes| {
        let kind = headers["content-type"].to_str().unwrap().to_owned();
        keep.lock().unwrap().push((kind, body));
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(
        async move { axum::serve(listener, Router::new().route("/inlet/v1/traces", post(take))).await },
    );
    (format!("http://{address}/inlet/"), received)
}

/// A server that sends traces to `collector` every so often and when it stops, and everything it can log to a file `log`.
fn serving(folder: &Path, web: &FakeSite, collector: &str, every_ms: &str) -> Serving {
    let web = web.address().to_string();
    let settings = ["--connect-to", &web, "--otlp-endpoint", collector, "--log", "scrapersky=debug"];
    let mut command = program(folder, &[&["serve", "--listen", "127.0.0.1:0"][..], &settings].concat());
    command.env("OTEL_BSP_SCHEDULE_DELAY", every_ms).stderr(File::create(folder.join("log")).unwrap());
    Serving::run(command)
}

/// Scans one domain as part of a trace of the caller's; answers the job.
async fn scan(serving: &Serving, name: &str) -> String {
    let scan =
        format!(r#"mutation Trace_me {{ scanDomain(input: {{ name: "{name}" }}) {{ job {{ id }} }} }}"#);
    let headers =
        [("content-type", "application/json"), ("accept", "application/json"), ("traceparent", CALLER)];
    let answer =
        send(serving.address, "POST /graphql", &headers, json!({ "query": scan }).to_string()).await.json();
    let job =
        answer["data"]["scanDomain"]["job"]["id"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
    eventually_async("it is scanned", || async {
        let asked = query(serving.address, &format!(r#"{{ job(id: "{job}") {{ status }} }}"#)).await.json();
        asked["data"]["job"]["status"] == "COMPLETE"
    })
    .await;
    job
}

/// What the collector has received.
fn spans(received: &Received) -> Vec<Span> {
    let received = received.lock().unwrap();
    received.iter().flat_map(|(_, body)| read(body)).flat_map(|export| export.spans).collect()
}

async fn site() -> (TempDir, FakeSite) {
    let web = FakeSite::start().await;
    web.site("traced.test").page("/", "<title>secret words of a page</title>");
    (tempfile::tempdir().unwrap(), web)
}

fn find<'a>(spans: &'a [Span], name: &str, has: &[(&str, &str)]) -> &'a Span {
    let fits = |span: &&Span| {
        span.name == name
            && has.iter().all(|(key, value)| span.attributes.get(*key).is_some_and(|is| is == value))
    };
    spans.iter().find(fits).unwrap_or_else(|| panic!("no {name} with {has:?} in {spans:#?}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_gets_traces_of_requests_and_scans_and_log_lines_stay_as_they_are() {
    let ((folder, web), (address, received)) = (site().await, collector().await);
    let mut serving = serving(folder.path(), &web, &address, "3600000");
    scan(&serving, "traced.test").await;
    assert!(serving.terminate().success());

    let received = received.lock().unwrap().clone();
    assert!(received.iter().all(|(kind, _)| kind == "application/x-protobuf"), "{received:?}");
    let exports: Vec<_> = received.iter().flat_map(|(_, body)| read(body)).collect();
    for export in &exports {
        assert_eq!(export.resource["service.name"], "scrapersky");
        assert_eq!(export.resource["service.version"], env!("CARGO_PKG_VERSION"));
    }
    let spans: Vec<Span> = exports.into_iter().flat_map(|export| export.spans).collect();
    let caller: Vec<&str> = CALLER.split('-').collect();
    let request = spans.iter().find(|span| span.trace_id == caller[1] && span.parent_id == caller[2]);
    let request = request.expect("the caller's trace goes on");
    assert_eq!(request.name, "POST /graphql");
    for (key, value) in
        [("http.request.method", "POST"), ("http.route", "/graphql"), ("http.response.status_code", "200")]
    {
        assert_eq!(request.attributes[key], value);
    }
    assert!(request.attributes.contains_key("request_id"), "{request:?}");
    let kind = [("graphql.operation.type", "mutation"), ("graphql.operation.name", "Trace_me")];
    let operation = find(&spans, "mutation", &kind);
    assert_eq!((&operation.trace_id, &operation.parent_id), (&request.trace_id, &request.id));
    let scan = find(&spans, "scan", &[("domain", "traced.test"), ("outcome", "complete")]);
    assert!(scan.attributes.contains_key("job_id") && scan.attributes.contains_key("tenant_id"), "{scan:?}");
    find(&spans, "record", &[("jobs", "1")]);
    find(&spans, "claim", &[("jobs", "1")]);
    assert!(!format!("{spans:?}").contains("secret words"));
    let names = ["POST /graphql", "query", "mutation", "scan", "record", "claim"];
    assert!(spans.iter().all(|span| names.contains(&span.name.as_str())), "nobody else's: {spans:#?}");

    let log = fs::read_to_string(folder.path().join("log")).unwrap();
    let line =
        log.lines().find(|line| line.contains("A scan begins")).expect("a line within the claim's span");
    assert!(line.contains(" DEBUG scrapersky::worker: A scan begins job_id="), "no span before it: {line}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscription_is_part_of_its_request_or_over_a_socket_a_trace_of_its_own() {
    let ((folder, web), (address, received)) = (site().await, collector().await);
    let mut serving = serving(folder.path(), &web, &address, "3600000");
    let job = scan(&serving, "traced.test").await;
    let watch = |name: &str| format!(r#"subscription {name} {{ jobProgress(jobId: "{job}") {{ status }} }}"#);
    let headers =
        [("content-type", "application/json"), ("accept", "text/event-stream"), ("traceparent", CALLER)];
    let body = json!({ "query": watch("Over_events") }).to_string();
    let events = send(serving.address, "POST /graphql", &headers, body).await.text();
    assert!(events.contains("COMPLETE"), "{events}");
    let protocol = [("sec-websocket-protocol", "graphql-transport-ws"), ("traceparent", CALLER)];
    let mut socket = WsClient::open_with(serving.address, &protocol).await.unwrap();
    socket.send(json!({ "type": "connection_init" })).await;
    assert_eq!(socket.json().await["type"], "connection_ack");
    socket.subscribe("1", &watch("Over_a_socket")).await;
    while socket.json().await["type"] != "complete" {}
    drop(socket);
    assert!(serving.terminate().success());

    let spans = spans(&received);
    let caller: Vec<&str> = CALLER.split('-').collect();
    let subscription = |name| {
        let kind = [("graphql.operation.type", "subscription"), ("graphql.operation.name", name)];
        let found = find(&spans, "subscription", &kind);
        assert!(!found.attributes.contains_key("error.type"), "{found:?}");
        found
    };
    let over_events = subscription("Over_events");
    let request =
        spans.iter().find(|span| span.id == over_events.parent_id).expect("it is part of its request");
    assert_eq!((request.name.as_str(), request.parent_id.as_str()), ("POST /graphql", caller[2]));
    assert_eq!((over_events.trace_id.as_str(), request.trace_id.as_str()), (caller[1], caller[1]));
    let over_a_socket = subscription("Over_a_socket");
    assert_eq!(over_a_socket.parent_id, "", "many operations share a socket, which may be open for days");
    assert_ne!(over_a_socket.trace_id, caller[1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_that_is_away_stops_nothing_and_is_told_of_once() {
    let ((folder, web), closed) =
        (site().await, TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap());
    let mut serving = serving(folder.path(), &web, &format!("http://{closed}"), "100");
    scan(&serving, "traced.test").await;
    let log = || fs::read_to_string(folder.path().join("log")).unwrap();
    eventually_async("it is told of", || async { log().contains("Traces could not be exported") }).await;
    assert!(serving.terminate().success());
    assert_eq!(log().matches("Traces could not be exported").count(), 1, "{}", log());
}

#[test]
fn what_is_no_collector_is_refused_by_its_setting() {
    let folder = tempfile::tempdir().unwrap();
    for (name, value) in [
        ("SCRAPERSKY_OTLP_ENDPOINT", "collector"),
        ("SCRAPERSKY_OTLP_ENDPOINT", "ftp://collector"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector"),
    ] {
        let output = program(folder.path(), &["schema"]).env(name, value).output().unwrap();
        let says = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && says.contains("http://127.0.0.1:4318"), "{name}={value}: {says}");
        assert!(says.contains("--otlp-endpoint") || says.contains(name), "{name}={value}: {says}");
    }
}
