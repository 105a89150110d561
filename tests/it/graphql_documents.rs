//! Documents that clients name instead of sending.

use std::io::Write;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::{
    http_client::{get, post, query},
    protocol_server::ProtocolServer,
    ws_client::WsClient,
};

const GRAPHQL: &str = "application/graphql-response+json";

fn persisted(hash: &str) -> Value {
    json!({ "persistedQuery": { "version": 1, "sha256Hash": hash } })
}

fn hash(document: &str) -> String {
    format!("{:x}", Sha256::digest(document))
}

#[tokio::test]
async fn a_persisted_query_is_sent_once_and_then_named() {
    let server = ProtocolServer::start().await;
    let document = "query ($n: [Int!]!) { sum(numbers: $n) }";
    let extensions = persisted(&hash(document));
    let named = json!({ "extensions": extensions, "variables": { "n": [1, 2] } });
    let unknown = post(server.address, GRAPHQL, &named).await;
    assert_eq!((unknown.status, unknown.code().as_str()), (400, "PERSISTED_QUERY_NOT_FOUND"));
    assert_eq!(unknown.json()["errors"][0]["message"], "PersistedQueryNotFound");

    let sent = json!({ "query": document, "extensions": extensions, "variables": { "n": [1] } });
    assert_eq!(post(server.address, GRAPHQL, &sent).await.json()["data"]["sum"], 1);
    assert_eq!(post(server.address, GRAPHQL, &named).await.json()["data"]["sum"], 3);
    let parameters = [("extensions", extensions.to_string()), ("variables", r#"{"n":[4]}"#.to_owned())];
    let parameters = parameters.each_ref().map(|(name, value)| (*name, value.as_str()));
    assert_eq!(get(server.address, GRAPHQL, &parameters).await.json()["data"]["sum"], 4);

    let mut socket = WsClient::ready(server.address).await;
    socket.send(json!({ "type": "subscribe", "id": "1", "payload": named })).await;
    assert_eq!(socket.json().await["payload"]["data"]["sum"], 3);
}

#[tokio::test]
async fn a_hash_that_is_not_of_the_query_is_refused_and_nothing_is_kept() {
    let server = ProtocolServer::start().await;
    let wrong = hash("{ other }");
    for extensions in [
        persisted(&wrong),
        json!({ "persistedQuery": { "version": 2, "sha256Hash": hash("{ hello }") } }),
        json!({ "persistedQuery": 7 }),
    ] {
        let body = json!({ "query": "{ hello }", "extensions": extensions });
        assert_eq!(post(server.address, GRAPHQL, &body).await.code(), "BAD_USER_INPUT", "{extensions}");
    }
    let named = post(server.address, GRAPHQL, &json!({ "extensions": persisted(&wrong) })).await;
    assert_eq!(named.code(), "PERSISTED_QUERY_NOT_FOUND");
    let invalid = "{ hello ";
    let body = json!({ "query": invalid, "extensions": persisted(&hash(invalid)) });
    assert_eq!(post(server.address, GRAPHQL, &body).await.code(), "GRAPHQL_PARSE_FAILED");
    let named = post(server.address, GRAPHQL, &json!({ "extensions": persisted(&hash(invalid)) })).await;
    assert_eq!(named.code(), "PERSISTED_QUERY_NOT_FOUND");
}

async fn with_manifest(manifest: Value, only_trusted: bool) -> ProtocolServer {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    write!(file, "{manifest}").expect("written");
    ProtocolServer::with(|_, settings| {
        settings.trusted_documents = Some(file.path().to_owned());
        settings.only_trusted_documents = only_trusted;
    })
    .await
}

#[tokio::test]
async fn trusted_documents_are_read_from_manifests_of_both_formats() {
    let apollo = json!({
        "format": "apollo-persisted-query-manifest",
        "version": 1,
        "operations": [{ "id": "abc", "name": "Hello", "type": "query", "body": "query Hello { hello }" }],
    });
    for manifest in [json!({ "abc": "query Hello { hello }" }), json!({ "sha256:abc": "{ hello }" }), apollo]
    {
        let server = with_manifest(manifest, false).await;
        for body in [
            json!({ "documentId": "abc" }),
            json!({ "documentId": "sha256:abc" }),
            json!({ "extensions": persisted("abc") }),
        ] {
            assert_eq!(post(server.address, GRAPHQL, &body).await.json()["data"]["hello"], "world", "{body}");
        }
        let got = get(server.address, GRAPHQL, &[("documentId", "abc")]).await;
        assert_eq!(got.json()["data"]["hello"], "world");
        let unknown = post(server.address, GRAPHQL, &json!({ "documentId": "def" })).await;
        assert_eq!(unknown.code(), "PERSISTED_QUERY_NOT_FOUND");
        let both = post(server.address, GRAPHQL, &json!({ "documentId": "abc", "query": "{ hello }" })).await;
        assert_eq!(both.code(), "BAD_USER_INPUT");
        assert_eq!(query(server.address, "{ hello }").await.status, 200);
    }
}

#[tokio::test]
async fn only_trusted_documents_run_when_the_setting_says_so() {
    let server = with_manifest(json!({ "abc": "{ hello }" }), true).await;
    let trusted = post(server.address, GRAPHQL, &json!({ "documentId": "abc" })).await;
    assert_eq!(trusted.json()["data"]["hello"], "world");
    let document = "mutation { bump }";
    for body in [
        json!({ "query": document }),
        json!({ "query": document, "extensions": persisted(&hash(document)) }),
        json!({ "query": "{ hello }", "documentId": "abc" }),
    ] {
        assert_eq!(post(server.address, GRAPHQL, &body).await.code(), "FORBIDDEN", "{body}");
    }
    let mut socket = WsClient::ready(server.address).await;
    socket.subscribe("1", document).await;
    assert_eq!(socket.json().await["payload"][0]["extensions"]["code"], "FORBIDDEN");
}

#[tokio::test]
async fn introspection_can_be_switched_off() {
    let off = ProtocolServer::with(|limits, _| limits.disable_introspection = true).await;
    for document in [
        "{ __schema { types { name } } }",
        "{ ...F } fragment F on Query { x: __type(name: \"Deep\") { name } }",
    ] {
        assert_eq!(query(off.address, document).await.code(), "FORBIDDEN", "{document}");
    }
    assert_eq!(query(off.address, "{ __typename }").await.json()["data"]["__typename"], "Query");
    let on = ProtocolServer::start().await;
    assert_eq!(
        query(on.address, "{ __type(name: \"Deep\") { name } }").await.json()["data"]["__type"]["name"],
        "Deep"
    );
}
