//! ScraperSky scans website domains and answers questions about them over GraphQL.

pub mod clock;
pub mod config;
pub mod demo;
pub mod http;
pub mod model;
pub mod progress;
pub mod queue;
pub mod scanner;
pub mod service;
pub mod store;
pub mod worker;
