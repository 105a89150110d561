//! The behaviour of the whole product, through its real doors. One binary, so that it links once.

#![expect(unreachable_pub, reason = "a test binary has no outside")]
#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

mod graphql_schema;
mod store_migrations;
