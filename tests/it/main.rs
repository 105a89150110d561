//! The behaviour of the whole product, through its real doors. One binary, so that it links once.

#![cfg(test)]
#![expect(unreachable_pub, reason = "a test binary has no outside")]

mod architecture;
mod cancel_and_retry;
mod command_line;
mod crashes;
mod demo_sites;
mod engine_batches;
mod engine_collisions;
mod engine_fairness;
mod engine_pokes;
mod engine_recovery;
mod engine_retention;
mod graphiql;
mod graphql_documents;
mod graphql_errors;
mod graphql_hostile;
mod graphql_http;
mod graphql_limits;
mod graphql_lists;
mod graphql_operations;
mod graphql_relations;
mod graphql_retention;
mod graphql_schema;
mod graphql_selections;
mod graphql_sockets;
mod graphql_sse;
mod graphql_stock;
mod graphql_websocket;
mod licences;
mod nodes_politeness;
mod nodes_progress;
mod npm_clients;
mod operators;
mod pgbouncer;
mod properties;
mod query_plans;
mod scanner_commands;
mod scanner_connections;
mod scanner_failures;
mod scanner_hostile;
mod scanner_labelled;
mod scanner_memory;
mod scanner_pages;
mod scanner_revisits;
mod scanner_robots;
mod scanner_sitemaps;
mod scanner_tls;
mod store_migrations;
mod support;
mod tour;
#[cfg(feature = "otlp")]
mod traces;
mod watching;
