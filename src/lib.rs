//! ScraperSky scans website domains and answers questions about them over GraphQL.

pub mod clock;
pub mod commands;
pub mod config;
pub mod graphql;
pub mod model;
pub mod progress;
pub mod service;
pub mod store;
