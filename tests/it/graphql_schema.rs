//! The published schema.

use scrapersky::graphql;
use serde_json::Value as Json;

/// The path of the published schema.
const PUBLISHED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/schema.graphql");

#[test]
fn the_published_schema_is_that_of_the_code() {
    let published = std::fs::read_to_string(PUBLISHED).unwrap_or_default();
    assert!(
        published == graphql::sdl(),
        "schema.graphql is not that of the code; run `cargo run -- schema > schema.graphql` and commit it"
    );
}
