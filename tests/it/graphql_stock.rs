//! Beside the stock service of `async-graphql-axum`: where that one follows the specification, ours answers the same.

use std::net::SocketAddr;

use async_graphql_axum::GraphQL;
use axum::{Router, routing::post_service};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::support::{
    http_client::post,
    protocol_schema::{Probe, schema},
    protocol_server::ProtocolServer,
};

async fn stock() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = GraphQL::new(schema(&Probe::default()).into_schema());
    tokio::spawn(async move {
        axum::serve(listener, Router::new().route("/graphql", post_service(service))).await.unwrap();
    });
    address
}

async fn data(server: SocketAddr, request: &Value) -> Value {
    let answer = post(server, "application/json", request).await.json();
    assert_eq!(answer.get("errors"), None, "{request}");
    answer["data"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_without_faults_are_answered_like_the_stock_service_does() {
    let (ours, stock) = (ProtocolServer::start().await, stock().await);
    for request in [
        json!({ "query": "{ hello }" }),
        json!({ "query": "query ($t: String!) { echo(text: $t) }", "variables": { "t": "\u{1f427} \"quoted\"" } }),
        json!({ "query": "{ a: sum(numbers: [1, 2]) b: sum(numbers: []) }" }),
        json!({ "query": "{ deep { value deep { ...D } } } fragment D on Deep { value __typename }" }),
        json!({ "query": "{ none { value } maybe { value } deeps { value } }" }),
        json!({ "query": "query A { hello } query B { deep { value } }", "operationName": "B" }),
        json!({ "query": "query ($no: Boolean!) { hello @skip(if: $no) deep { value } }", "variables": { "no": true } }),
        json!({ "query": "mutation { take(first: 1, numbers: [2, 3]) }" }),
        json!({ "query": "{ __schema { queryType { name fields { name type { name kind } } } } }" }),
    ] {
        assert_eq!(data(ours.address, &request).await, data(stock, &request).await, "{request}");
    }
}
