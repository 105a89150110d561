//! The behaviour of the whole product, through its real doors. One binary, so that it links once.

#![cfg(test)]
#![expect(unreachable_pub, reason = "a test binary has no outside")]

mod engine_batches;
mod graphql_http;
mod graphql_limits;
mod graphql_lists;
mod graphql_operations;
mod graphql_relations;
mod graphql_schema;
mod graphql_sse;
mod graphql_websocket;
mod npm_clients;
mod scanner_commands;
mod scanner_failures;
mod scanner_hostile;
mod scanner_pages;
mod scanner_robots;
mod scanner_sitemaps;
mod scanner_tls;
mod store_migrations;
mod support;
