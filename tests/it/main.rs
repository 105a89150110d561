//! The server seen from outside.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unused_async,
    unreachable_pub,
    reason = "a test fails by panicking; resolvers are async whatever they do; all here is the test's own"
)]

mod support;

mod graphiql;
mod graphql_documents;
mod graphql_errors;
mod graphql_hostile;
mod graphql_http;
mod graphql_limits;
mod graphql_sockets;
mod graphql_sse;
mod graphql_websocket;
mod npm_clients;
