//! ScraperSky finds out what websites are, what they are built with, who runs them and how to reach them.
//!
//! # The house
//!
//! | room | what it is for | may import, beside [`model`], [`config`], [`clock`], [`metrics`] and [`spans`] |
//! |---|---|---|
//! | [`commands`] | the command line, one file for each command | all |
//! | [`server`] | one serving process from start to stop | all but `commands` |
//! | [`http`] | GraphQL over HTTP, WebSocket and server-sent events; `GraphiQL`; who asks | `graphql`, `service`, `app` |
//! | [`graphql`] | the schema, its loaders and errors | `service`, `progress`, `store` |
//! | [`app`] | what the parts of a process share | `service`, `queue`, `progress`, `store` |
//! | [`service`] | the use cases | `store`, `queue`, `progress` |
//! | [`worker`] | claims jobs, runs scans, records results | `scanner`, `store`, `queue`, `progress` |
//! | [`queue`] | when to claim, renew, retry and reap | `store` |
//! | [`store`] | the only room that knows SQL | – |
//! | [`scanner`] | a domain name in, a report out | – |
//! | [`progress`] | pokes for those who watch | – |
//! | [`demo`] | the fake sites of `serve --demo` | – |
//! | [`telemetry`] | logs, and traces for OpenTelemetry | – |
//! | [`spans`] | what traces tell | – |
//! | [`metrics`] | what a process counts, for Prometheus | – |
//! | [`model`] | plain types without I/O | – |
//!
//! `tests/it/architecture.rs` holds these doors shut. The README walks through the rooms.

pub mod app;
pub mod clock;
pub mod commands;
pub mod config;
pub mod demo;
pub mod graphql;
pub mod http;
pub mod metrics;
pub mod model;
pub mod progress;
pub mod queue;
pub mod scanner;
pub mod server;
pub mod service;
pub mod spans;
pub mod store;
pub mod telemetry;
pub mod worker;
