//! Sockets as a resource: who may hold one, how many, for how long, and how much is kept for each.

use std::{sync::atomic::Ordering, time::Duration};

use serde_json::json;
use tokio_tungstenite::tungstenite::Error;

use crate::support::{
    eventually,
    http_client::query,
    protocol_server::ProtocolServer,
    ws_client::{Received, WsClient},
};

#[tokio::test]
async fn a_slow_operation_holds_up_no_other() {
    let server = ProtocolServer::start().await;
    let mut client = WsClient::ready(server.address).await;
    client.subscribe("slow", "{ slow(ms: 1000) }").await;
    client.subscribe("fast", "{ hello }").await;
    assert_eq!(client.json().await["id"], "fast");
    assert_eq!(client.json().await, json!({ "type": "complete", "id": "fast" }));
    assert_eq!(client.json().await["id"], "slow");
}

#[tokio::test]
async fn complete_and_a_lost_connection_end_the_subscription() {
    let server = ProtocolServer::start().await;
    let mut client = WsClient::ready(server.address).await;
    for id in ["1", "2"] {
        client.subscribe(id, "subscription { latest { number } }").await;
    }
    eventually("both run", || server.probe.alive.load(Ordering::SeqCst) == 2).await;
    client.send(json!({ "type": "complete", "id": "1" })).await;
    client.send(json!({ "type": "complete", "id": "unknown" })).await;
    eventually("one runs", || server.probe.alive.load(Ordering::SeqCst) == 1).await;
    drop(client);
    eventually("none runs", || server.probe.alive.load(Ordering::SeqCst) == 0).await;
}

#[tokio::test]
async fn the_server_pings_and_closes_who_does_not_answer() {
    let server =
        ProtocolServer::with(|_, settings| settings.ping_interval = Duration::from_millis(100)).await;
    let mut client = WsClient::ready(server.address).await;
    for _ in 0..8 {
        assert_eq!(client.receive().await, Received::Ping);
    }
    let mut silent = WsClient::ready(server.address).await;
    silent.subscribe("1", "subscription { latest { number } }").await;
    eventually("it runs", || server.probe.alive.load(Ordering::SeqCst) == 1).await;
    // Not reading, it answers no ping either.
    eventually("it was given up", || server.probe.alive.load(Ordering::SeqCst) == 0).await;
}

#[tokio::test]
async fn a_slow_reader_is_not_buffered_for_and_then_gets_the_newest_state() {
    let server = ProtocolServer::start().await;
    let mut client = WsClient::ready(server.address).await;
    client.subscribe("1", "subscription { latest { number padding(bytes: 1000000) } }").await;
    eventually("it runs", || server.probe.polls.load(Ordering::SeqCst) == 1).await;
    let states = 500;
    for state in 1..=states {
        server.probe.state.send_replace(state);
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let polls = server.probe.polls.load(Ordering::SeqCst);
    assert!(polls < 40, "{polls} states of 1 MB were taken for a client that does not read");
    let mut received = 0;
    loop {
        received += 1;
        if client.json().await["payload"]["data"]["latest"]["number"] == states {
            break;
        }
    }
    assert!(received < 40, "{received} states came");
}

#[tokio::test]
async fn the_operations_of_a_socket_are_capped() {
    let server = ProtocolServer::with(|_, settings| settings.max_socket_operations = 2).await;
    let mut client = WsClient::ready(server.address).await;
    for id in ["1", "2"] {
        client.subscribe(id, "subscription { latest { number } }").await;
    }
    client.subscribe("3", "{ hello }").await;
    let refused = client.json().await;
    assert_eq!((&refused["type"], &refused["id"]), (&json!("error"), &json!("3")));
    let extensions = &refused["payload"][0]["extensions"];
    assert_eq!(extensions["code"], "RATE_LIMITED");
    assert_eq!((&extensions["asked"], &extensions["allowed"]), (&json!(3), &json!(2)));
    client.send(json!({ "type": "complete", "id": "1" })).await;
    client.subscribe("3", "{ hello }").await;
    assert_eq!(client.json().await["type"], "next");
}

#[tokio::test]
async fn the_sockets_are_capped() {
    let server = ProtocolServer::with(|_, settings| settings.max_streams = 1).await;
    let first = WsClient::ready(server.address).await;
    let protocol = [("sec-websocket-protocol", "graphql-transport-ws")];
    let Err(Error::Http(refused)) = WsClient::open_with(server.address, &protocol).await else {
        panic!("the second socket is refused")
    };
    assert_eq!(refused.status(), 503);
    drop(first);
    loop {
        if WsClient::open_with(server.address, &protocol).await.is_ok() {
            return;
        }
    }
}

#[tokio::test]
async fn pages_of_other_origins_may_not_open_a_socket() {
    let server = ProtocolServer::start().await;
    let own = format!("http://{}", server.address);
    for (origin, is_let_in) in [
        (own.as_str(), true),
        ("http://localhost:3000", true),
        ("https://evil.example", false),
        ("null", false),
    ] {
        let headers = [("sec-websocket-protocol", "graphql-transport-ws"), ("origin", origin)];
        assert_eq!(WsClient::open_with(server.address, &headers).await.is_ok(), is_let_in, "{origin}");
    }
}

#[tokio::test]
async fn sockets_are_closed_in_good_order_when_the_server_stops() {
    let server = ProtocolServer::start().await;
    let mut ready = WsClient::ready(server.address).await;
    ready.subscribe("1", "subscription { latest { number } }").await;
    let mut idle = WsClient::open(server.address).await;
    query(server.address, "{ hello }").await;
    server.stop();
    for client in [&mut ready, &mut idle] {
        assert_eq!(client.closed().await, (1001, "The server is stopping".to_owned()));
    }
    server.stopped().await.expect("nothing had to be cut");
}
