//! GraphQL over WebSocket, frame by frame.

use std::{sync::atomic::Ordering, time::Duration};

use serde_json::json;
use tokio_tungstenite::tungstenite::{
    Error, Message,
    protocol::{CloseFrame, frame::coding::CloseCode},
};

use crate::support::{http_client::send, protocol_server::ProtocolServer, ws_client::WsClient};

fn init() -> serde_json::Value {
    json!({ "type": "connection_init" })
}

#[tokio::test]
async fn queries_mutations_and_subscriptions_run_to_their_end() {
    let server = ProtocolServer::start().await;
    let mut client = WsClient::ready(server.address).await;
    client.subscribe("q", "{ hello }").await;
    let next = json!({ "type": "next", "id": "q", "payload": { "data": { "hello": "world" } } });
    assert_eq!(client.json().await, next);
    assert_eq!(client.json().await, json!({ "type": "complete", "id": "q" }));
    client.subscribe("m", "mutation { bump }").await;
    assert_eq!(client.json().await["payload"]["data"]["bump"], 1);
    assert_eq!(client.json().await["type"], "complete");
    client.subscribe("s", "subscription { count(to: 3) { number } }").await;
    for number in 0..3 {
        assert_eq!(client.json().await["payload"]["data"]["count"]["number"], number);
    }
    assert_eq!(client.json().await, json!({ "type": "complete", "id": "s" }));
}

#[tokio::test]
async fn pings_are_answered_before_and_after_the_init() {
    let server = ProtocolServer::start().await;
    let mut client = WsClient::open(server.address).await;
    client.send(json!({ "type": "ping" })).await;
    assert_eq!(client.json().await, json!({ "type": "pong" }));
    client.send(init()).await;
    assert_eq!(client.json().await, json!({ "type": "connection_ack" }));
    client.send(json!({ "type": "pong" })).await;
    client.send(json!({ "type": "ping", "payload": { "n": 1 } })).await;
    assert_eq!(client.json().await, json!({ "type": "pong", "payload": { "n": 1 } }));
}

#[tokio::test]
async fn a_message_out_of_the_protocol_closes_with_4400() {
    let server = ProtocolServer::start().await;
    let subscribe =
        |payload: serde_json::Value| json!({ "type": "subscribe", "id": "1", "payload": payload });
    for message in [
        json!("text"),
        json!([]),
        json!(["ping"]),
        json!(["subscribe", "1", { "query": "{ hello }" }]),
        json!(null),
        json!({}),
        json!({ "type": "nonsense" }),
        json!({ "type": 7 }),
        json!({ "type": "connection_init", "payload": "text" }),
        json!({ "type": "ping", "payload": 7 }),
        json!({ "type": "subscribe", "payload": { "query": "{ hello }" } }),
        json!({ "type": "subscribe", "id": "", "payload": { "query": "{ hello }" } }),
        json!({ "type": "subscribe", "id": 7, "payload": { "query": "{ hello }" } }),
        json!({ "type": "subscribe", "id": "1" }),
        subscribe(json!({})),
        subscribe(json!(["{ hello }"])),
        subscribe(json!({ "query": 7 })),
        subscribe(json!({ "query": "{ hello }", "variables": "text" })),
        subscribe(json!({ "query": "{ hello }", "operationName": 7 })),
        subscribe(json!({ "query": "{ hello }", "extensions": "text" })),
        json!({ "type": "complete" }),
        json!({ "type": "next", "id": "1", "payload": {} }),
    ] {
        let mut client = WsClient::open(server.address).await;
        client.send(message.clone()).await;
        let (code, reason) = client.closed().await;
        assert_eq!(code, 4400, "{message}: {reason}");
        assert!(reason.starts_with("Invalid message: ") && reason.len() <= 123, "{reason}");
    }
    for frame in [Message::text("{ not JSON"), Message::binary(vec![1, 2, 3])] {
        let mut client = WsClient::open(server.address).await;
        client.send_frame(frame).await;
        assert_eq!(client.closed().await.0, 4400);
    }
}

#[tokio::test]
async fn an_operation_before_the_ack_closes_with_4401() {
    let server = ProtocolServer::start().await;
    let mut client = WsClient::open(server.address).await;
    client.subscribe("1", "{ hello }").await;
    assert_eq!(client.closed().await, (4401, "Unauthorized".to_owned()));
    let mut client = WsClient::open(server.address).await;
    client.send(json!({ "type": "connection_init", "payload": { "wait": true } })).await;
    client.subscribe("1", "mutation { bump }").await;
    assert_eq!(client.closed().await.0, 4401);
    assert_eq!(server.probe.bumps.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn who_is_not_let_in_is_closed_with_4403() {
    let server = ProtocolServer::start().await;
    let mut client = WsClient::open(server.address).await;
    client.send(json!({ "type": "connection_init", "payload": { "nobody": true } })).await;
    assert_eq!(client.closed().await, (4403, "You are nobody.".to_owned()));
}

#[tokio::test]
async fn another_subprotocol_is_closed_with_4406() {
    let server = ProtocolServer::start().await;
    let mut client = WsClient::open_with(server.address, &[]).await.expect("a socket");
    assert_eq!(client.closed().await.0, 4406);
    // A client that asked for another protocol refuses the handshake itself, as ours is not among its own.
    let legacy = WsClient::open_with(server.address, &[("sec-websocket-protocol", "graphql-ws")]).await;
    assert!(matches!(legacy, Err(Error::Protocol(_))));
}

#[tokio::test]
async fn a_socket_without_init_is_closed_with_4408() {
    let server =
        ProtocolServer::with(|_, settings| settings.connection_init_timeout = Duration::from_millis(100))
            .await;
    let mut idle = WsClient::open(server.address).await;
    let mut waiting = WsClient::open(server.address).await;
    waiting.send(json!({ "type": "connection_init", "payload": { "wait": true } })).await;
    assert_eq!(idle.closed().await, (4408, "Connection initialisation timeout".to_owned()));
    // Its init has come in time; that it takes long to look at is not the client's fault.
    server.probe.gate.notify_one();
    assert_eq!(waiting.json().await, json!({ "type": "connection_ack" }));
}

#[tokio::test]
async fn an_id_in_use_closes_with_4409_and_a_free_one_may_be_used_again() {
    let server = ProtocolServer::start().await;
    let mut client = WsClient::ready(server.address).await;
    for _ in 0..50 {
        client.subscribe("1", "{ hello }").await;
        assert_eq!(client.json().await["type"], "next");
        assert_eq!(client.json().await["type"], "complete");
    }
    client.subscribe("1", "subscription { latest { number } }").await;
    client.send(json!({ "type": "complete", "id": "1" })).await;
    client.subscribe("1", "subscription { latest { number } }").await;
    client.subscribe("1", "{ hello }").await;
    assert_eq!(client.closed().await, (4409, "Subscriber for 1 already exists".to_owned()));
}

#[tokio::test]
async fn a_second_init_closes_with_4429() {
    let server = ProtocolServer::start().await;
    for first in [init(), json!({ "type": "connection_init", "payload": { "wait": true } })] {
        let mut client = WsClient::open(server.address).await;
        client.send(first).await;
        client.send(init()).await;
        assert_eq!(client.closed().await, (4429, "Too many initialisation requests".to_owned()));
    }
}

#[tokio::test]
async fn a_pending_init_does_not_stall_the_socket() {
    let server = ProtocolServer::start().await;
    let mut client = WsClient::open(server.address).await;
    client.send(json!({ "type": "connection_init", "payload": { "wait": true } })).await;
    client.send(json!({ "type": "ping" })).await;
    assert_eq!(client.json().await, json!({ "type": "pong" }));
    server.probe.gate.notify_one();
    assert_eq!(client.json().await, json!({ "type": "connection_ack" }));
}

#[tokio::test]
async fn what_is_refused_comes_as_an_error_and_the_socket_goes_on() {
    let server = ProtocolServer::start().await;
    let mut client = WsClient::ready(server.address).await;
    for (query, code) in [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { count(to: \"x\") { number } }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { count { number } latest { number } }", "GRAPHQL_VALIDATION_FAILED"),
        ("query A { hello } query B { hello }", "BAD_USER_INPUT"),
        ("subscription { boomAtOnce }", "INTERNAL"),
    ] {
        client.subscribe("1", query).await;
        let message = client.json().await;
        assert_eq!((&message["type"], &message["id"]), (&json!("error"), &json!("1")), "{query}");
        assert_eq!(message["payload"][0]["extensions"]["code"], code, "{query}");
        assert!(!message.to_string().contains("secret"));
    }
    client.subscribe("1", "{ hello refuse }").await;
    assert_eq!(client.json().await["payload"]["errors"][0]["message"], "This is refused.");
    assert_eq!(client.json().await["type"], "complete");
}

#[tokio::test]
async fn a_field_that_panics_fails_alone_and_its_subscription_goes_on() {
    let server = ProtocolServer::start().await;
    let mut client = WsClient::ready(server.address).await;
    client.subscribe("1", "subscription { count(to: 3) { number boom } }").await;
    assert_eq!(client.json().await["payload"]["data"]["count"], json!({ "number": 0, "boom": 0 }));
    for _ in 1..3 {
        let event = client.json().await;
        assert_eq!((&event["type"], &event["payload"]["data"]), (&json!("next"), &json!(null)), "{event}");
        let error = &event["payload"]["errors"][0];
        assert_eq!(
            (&error["path"], &error["extensions"]["code"]),
            (&json!(["count", "boom"]), &json!("INTERNAL"))
        );
        assert!(
            error["extensions"]["requestId"].is_string() && !event.to_string().contains("secret"),
            "{event}"
        );
    }
    assert_eq!(client.json().await["type"], "complete");
}

#[tokio::test]
async fn a_stream_that_panics_ends_its_operation_and_no_other() {
    let server = ProtocolServer::start().await;
    let mut client = WsClient::ready(server.address).await;
    client.subscribe("good", "subscription { latest { number } }").await;
    client.subscribe("bad", "subscription { boomAtOnce }").await;
    let error = client.json().await;
    assert_eq!((&error["type"], &error["id"]), (&json!("error"), &json!("bad")));
    assert!(error["payload"][0]["extensions"]["requestId"].is_string(), "{error}");
    server.probe.state.send_replace(7);
    let next = client.json().await;
    assert_eq!((&next["id"], &next["payload"]["data"]["latest"]["number"]), (&json!("good"), &json!(7)));
}

#[tokio::test]
async fn each_event_has_loaders_of_its_own() {
    let server = ProtocolServer::start().await;
    let mut client = WsClient::ready(server.address).await;
    client.subscribe("1", "subscription { count(to: 2) { a: loaders b: loaders } }").await;
    let first = client.json().await["payload"]["data"]["count"].clone();
    let second = client.json().await["payload"]["data"]["count"].clone();
    assert_eq!(first["a"], first["b"]);
    assert_ne!(first["a"], second["a"]);
}

#[tokio::test]
async fn the_close_of_a_client_is_answered() {
    let server = ProtocolServer::start().await;
    let mut client = WsClient::ready(server.address).await;
    client.subscribe("1", "subscription { latest { number } }").await;
    let frame = CloseFrame { code: CloseCode::Normal, reason: "enough".into() };
    client.send_frame(Message::Close(Some(frame))).await;
    assert_eq!(client.closed().await.0, 1000);
}

#[tokio::test]
async fn the_address_of_the_socket_says_what_it_is_for() {
    let server = ProtocolServer::start().await;
    let answer = send(server.address, "GET /graphql/ws", &[], "").await;
    assert_eq!((answer.status, answer.header("upgrade")), (426, "websocket"));
    assert_eq!(answer.code(), "BAD_USER_INPUT");
}
