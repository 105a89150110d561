//! What clients are told when something fails.

use std::sync::atomic::Ordering;

use serde_json::json;

use crate::support::{
    http_client::{post, query},
    log,
    protocol_server::ProtocolServer,
};

const GRAPHQL: &str = "application/graphql-response+json";
const JSON: &str = "application/json";

#[tokio::test]
async fn a_panic_is_answered_and_the_server_goes_on() {
    let server = ProtocolServer::start().await;
    for accept in [GRAPHQL, JSON] {
        let answer = post(server.address, accept, &json!({ "query": "{ hello deep { value boom } }" })).await;
        assert_eq!((answer.status, answer.code().as_str()), (200, "INTERNAL"));
        assert!(!answer.text().contains("secret"), "{answer:?}");
        let json = answer.json();
        assert_eq!(json["data"], json!({ "hello": "world", "deep": { "value": 1, "boom": null } }));
        assert_eq!(json["errors"][0]["path"], json!(["deep", "boom"]));
        assert_eq!(json["errors"][0]["locations"], json!([{ "line": 1, "column": 22 }]));
        assert_eq!(json["errors"][0]["extensions"]["requestId"], answer.header("x-request-id"));
        assert_eq!(json["errors"].as_array().map(Vec::len), Some(1));
    }
    let batch = json!([{ "query": "{ boom }" }, { "query": "{ hello }" }]);
    let answers = post(server.address, JSON, &batch).await.json();
    assert_eq!(answers[0]["errors"][0]["extensions"]["code"], "INTERNAL");
    assert_eq!(answers[1]["data"]["hello"], "world");
}

#[tokio::test]
async fn a_mutation_that_panics_has_run_once() {
    let server = ProtocolServer::start().await;
    let before = server.probe.bumps.load(Ordering::SeqCst);
    let answer = query(server.address, "mutation { first: bump bumpAndBoom last: bump }").await;
    let json = answer.json();
    assert_eq!((answer.status, answer.code().as_str()), (200, "INTERNAL"));
    assert_eq!(
        (&json["data"]["bumpAndBoom"], &json["errors"][0]["path"]),
        (&json!(null), &json!(["bumpAndBoom"]))
    );
    assert_eq!(server.probe.bumps.load(Ordering::SeqCst) - before, 3, "{json}");
}

#[tokio::test]
async fn variables_and_the_operation_name_are_there_when_a_query_runs_again() {
    let server = ProtocolServer::start().await;
    let document = "query A { hello } query B($text: String!, $yes: Boolean!) { echo(text: $text) maybe { boom @include(if: $yes) } }";
    let request =
        json!({ "query": document, "operationName": "B", "variables": { "text": "again", "yes": true } });
    let answer = post(server.address, JSON, &request).await.json();
    assert_eq!(answer["data"], json!({ "echo": "again", "maybe": { "boom": null } }));
}

#[tokio::test]
async fn what_a_resolver_did_not_mean_to_tell_is_hidden() {
    let server = ProtocolServer::start().await;
    let leak = query(server.address, "{ leak }").await;
    assert_eq!((leak.status, leak.code().as_str()), (200, "INTERNAL"));
    assert!(!leak.text().contains("secret"), "{leak:?}");
    let refuse = query(server.address, "{ hello refuse }").await.json();
    assert_eq!(refuse["data"]["hello"], "world");
    assert_eq!(refuse["errors"][0]["message"], "This is refused.");
    assert_eq!(refuse["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
}

#[tokio::test]
async fn a_failed_field_is_null_or_makes_its_parent_null() {
    let server = ProtocolServer::start().await;
    for (document, data) in [
        ("{ hello refuse }", json!({ "hello": "world", "refuse": null })),
        ("{ refuse }", json!({ "refuse": null })),
        ("{ hello leak }", json!(null)),
        (
            "{ hello deep { value refuse } }",
            json!({ "hello": "world", "deep": { "value": 1, "refuse": null } }),
        ),
        ("{ deep { renamed: refuse } }", json!({ "deep": { "renamed": null } })),
        ("{ hello maybe { value leak } }", json!({ "hello": "world", "maybe": null })),
        ("{ hello maybe { deep { leak } } }", json!({ "hello": "world", "maybe": null })),
        ("{ hello deep { value leak } }", json!(null)),
        (
            "{ deeps { refuse } }",
            json!({ "deeps": [{ "refuse": null }, { "refuse": null }, { "refuse": null }] }),
        ),
        ("{ hello maybes { value leak } }", json!({ "hello": "world", "maybes": [null, null] })),
        (
            "{ maybe { ...F } } fragment F on Deep { value ... { ...G } } fragment G on Deep { refuse }",
            json!({ "maybe": { "value": 1, "refuse": null } }),
        ),
        ("{ hello @skip(if: true) }", json!({})),
        (
            "{ maybe { value @skip(if: true) } none { value @skip(if: true) } }",
            json!({ "maybe": {}, "none": null }),
        ),
        ("{ deep { ...F } } fragment F on Deep { value @skip(if: true) }", json!({ "deep": {} })),
        (
            "{ deep { ...F } } fragment F on Deep { value deep { ...G } } fragment G on Deep { value }",
            json!({ "deep": { "value": 1, "deep": { "value": 1 } } }),
        ),
        ("{ deeps { ... @skip(if: true) { value } } }", json!({ "deeps": [{}, {}, {}] })),
        ("{ maybe { refuse @include(if: true) } }", json!({ "maybe": { "refuse": null } })),
    ] {
        assert_eq!(query(server.address, document).await.json()["data"], data, "{document}");
    }
}

#[tokio::test]
async fn the_log_has_the_cause_under_the_request_id_that_the_client_was_told() {
    let server = ProtocolServer::start().await;
    let failures = [("{ boom }", "the secret of the panic"), ("{ leak }", "the secret of the disk")];
    for (document, cause) in failures {
        let answer = query(server.address, document).await;
        let id = answer.json()["errors"][0]["extensions"]["requestId"].as_str().expect("an id").to_owned();
        let lines = log::lines();
        assert!(lines.iter().any(|line| line.contains(&id) && line.contains(cause)), "{id} in {lines:?}");
    }
}
