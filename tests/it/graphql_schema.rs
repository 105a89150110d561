//! The published schema.

use scrapersky::graphql;
use serde_json::Value as Json;

use crate::support::{api::TestApi, database::TestDatabase};

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

/// What introspection tells of every type.
const EVERYTHING: &str = "{ __schema { types { name description specifiedByURL kind \
     fields { name description args { name description } } inputFields { name description } \
     enumValues { name description } } } }";

#[tokio::test]
async fn every_element_of_the_schema_is_described() {
    let database = TestDatabase::sqlite();
    let api = TestApi::start(&database).await;
    let mut data = api.data(EVERYTHING).await;
    let own = |ty: &Json| !matches!(ty["name"].as_str(), Some("Int" | "Float" | "String" | "Boolean" | "ID"));
    let types: Vec<Json> = data["__schema"]["types"].take().as_array().unwrap().clone();
    let types = types.iter().filter(|ty| own(ty) && !ty["name"].as_str().unwrap().starts_with("__"));
    let mut count = 0;
    for ty in types {
        assert!(is_described(ty), "the type {} has no description", ty["name"]);
        assert!(
            ty["kind"] != "SCALAR" || ty["specifiedByURL"].is_string(),
            "{} has no specification",
            ty["name"]
        );
        for kind in ["fields", "inputFields", "enumValues"] {
            for element in ty[kind].as_array().into_iter().flatten() {
                assert!(is_described(element), "{}.{} has no description", ty["name"], element["name"]);
                for argument in element["args"].as_array().into_iter().flatten() {
                    assert!(
                        is_described(argument),
                        "{}.{}({}) has no description",
                        ty["name"],
                        element["name"],
                        argument["name"]
                    );
                }
                count += 1;
            }
        }
    }
    assert!(count > 200, "{count} elements are too few to be all");
}

fn is_described(element: &Json) -> bool {
    element["description"].as_str().is_some_and(|text| text.len() > 3 && text.ends_with('.'))
}
