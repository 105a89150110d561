//! ScraperSky scans website domains and answers questions about them over GraphQL.

pub mod app;
pub mod clock;
pub mod commands;
pub mod config;
pub mod demo;
pub mod graphql;
pub mod http;
pub mod model;
pub mod progress;
pub mod queue;
pub mod scanner;
pub mod server;
pub mod service;
pub mod store;
pub mod telemetry;
pub mod worker;
