//! A GraphQL document as a request brings it: measured first, and parsed only when the measure is within the limits.

#![no_main]

use libfuzzer_sys::fuzz_target;
use scrapersky::config::GraphqlLimits;

// The server keeps this to itself.
#[path = "../../src/http/graphql/lexical.rs"]
mod lexical;

fuzz_target!(|document: &str| {
    let limits = GraphqlLimits::default();
    if document.len() > limits.max_document_bytes {
        return;
    }
    let Ok(measure) = lexical::measure(document.as_bytes()) else { return };
    if measure.nesting <= limits.max_nesting && measure.tokens <= limits.max_tokens {
        let _ = async_graphql::parser::parse_query(document);
    }
});
