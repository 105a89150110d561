//! The published schema.

use scrapersky::graphql;
use serde_json::{Value as Json, json};

use crate::support::{api::TestApi, app::TestApp, database::TestDatabase, http_client};

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

/// The reference to a type as the introspection of `graphql-js` asks for it: nine levels.
fn type_reference() -> String {
    format!("{} kind name {}", "kind name ofType { ".repeat(9), "}".repeat(9))
}

/// What GraphiQL asks to know the schema, after `getIntrospectionQuery` of graphql-js 16.
fn introspection() -> String {
    format!(
        "query IntrospectionQuery {{ __schema {{ description queryType {{ name kind }} mutationType {{ name kind }} \
           subscriptionType {{ name kind }} types {{ ...FullType }} \
           directives {{ name description isRepeatable locations args(includeDeprecated: true) {{ ...InputValue }} }} }} }} \
         fragment FullType on __Type {{ kind name description specifiedByURL isOneOf \
           fields(includeDeprecated: true) {{ name description args(includeDeprecated: true) {{ ...InputValue }} \
             type {{ ...TypeRef }} isDeprecated deprecationReason }} \
           inputFields(includeDeprecated: true) {{ ...InputValue }} interfaces {{ ...TypeRef }} \
           enumValues(includeDeprecated: true) {{ name description isDeprecated deprecationReason }} \
           possibleTypes {{ ...TypeRef }} }} \
         fragment InputValue on __InputValue {{ name description type {{ ...TypeRef }} defaultValue isDeprecated deprecationReason }} \
         fragment TypeRef on __Type {{ {} }}",
        type_reference()
    )
}

#[tokio::test]
async fn the_limits_let_graphiql_know_the_schema() {
    let database = TestDatabase::sqlite();
    let app = TestApp::start(&database).await;
    let data = app.ask(&introspection(), json!({})).await;
    let types = data["__schema"]["types"].as_array().unwrap();
    assert!(types.iter().any(|ty| ty["name"] == "BatchJob") && types.len() > 50, "{} types", types.len());
    app.stop().await;
}

#[tokio::test]
async fn a_query_for_more_than_is_allowed_is_refused_with_both_figures() {
    let database = TestDatabase::sqlite();
    let app = TestApp::start(&database).await;
    let nested = "domains(first: 500) { nodes { jobs(first: 500) { nodes { id } } } }";
    let ids = "nodes(ids: [\"a\" \"b\"]) { ... on Domain { jobs(first: 500) { nodes { domain { jobs(first: 500) { nodes { id } } } } } } }";
    let deep = format!(
        "domains(first: 1) {{ nodes {{ {} id {} }} }}",
        "latestJob { domain { ".repeat(7),
        "} }".repeat(7)
    );
    for (query, code, asked) in [
        // A field of each domain and job, their lists and themselves.
        (nested.to_owned(), "QUERY_TOO_COMPLEX", 1 + 500 * (1 + 1 + 500 * 2)),
        ("domains { nodes { id } } ".to_owned() + nested, "QUERY_TOO_COMPLEX", 101 + 501_001),
        (ids.to_owned(), "QUERY_TOO_COMPLEX", 1 + 2 * (1 + 500 * (1 + 1 + 1 + 500 * 2))),
        (deep, "QUERY_TOO_DEEP", 17),
    ] {
        let answer = query_of(&app, &query).await;
        let extensions = &answer["errors"][0]["extensions"];
        let allowed = if code == "QUERY_TOO_DEEP" { 15 } else { 100_000 };
        assert_eq!(
            extensions,
            &json!({ "code": code, "asked": asked, "allowed": allowed }),
            "{query}: {answer}"
        );
    }
    let fine =
        query_of(&app, "domains(first: 50) { nodes { jobs(first: 5) { nodes { id } } batchJob { id } } }")
            .await;
    assert_eq!(fine, json!({ "data": { "domains": { "nodes": [] } } }));
    app.stop().await;
}

async fn query_of(app: &TestApp, query: &str) -> Json {
    http_client::query(app.address(), &format!("{{ {query} }}")).await.json()
}

#[tokio::test]
async fn a_failed_field_that_cannot_be_null_is_its_parents_null() {
    let database = TestDatabase::sqlite();
    let app = TestApp::start(&database).await;
    app.ask("mutation { scanDomain(input: { name: \"a.example\" }) { reused } }", json!({})).await;
    let query = "domain(by: { name: \"a.example\" }) { name jobs(first: -1) { totalCount } } viewer { role }";
    let answer = query_of(&app, query).await;
    assert_eq!(answer["data"], json!({ "domain": null, "viewer": { "role": "OWNER" } }), "{answer}");
    assert_eq!(answer["errors"][0]["path"], json!(["domain", "jobs"]));
    assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
    app.stop().await;
}
