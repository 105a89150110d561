//! The GraphQL schema over an engine, without the protocols.

use async_graphql::{Request, Variables};
use futures_util::{StreamExt, stream::BoxStream};
use scrapersky::{
    config::GraphqlLimits,
    graphql::{Schema, build_schema},
    model::Scope,
};
use serde_json::{Value as Json, json};

use super::{database::TestDatabase, engine::TestEngine};

/// The schema, with what it works on.
pub struct TestApi {
    pub engine: TestEngine,
    pub schema: Schema,
}

impl TestApi {
    /// On a fresh database.
    pub async fn start(database: &TestDatabase) -> Self {
        let engine = TestEngine::start(database).await;
        let schema = build_schema(engine.service.clone(), &GraphqlLimits::default());
        Self { engine, schema }
    }

    /// The whole answer to an operation of the default tenant.
    pub async fn answer(&self, query: &str) -> Json {
        self.answer_to(&self.engine.scope, query, json!({})).await
    }

    /// The whole answer to an operation.
    pub async fn answer_to(&self, scope: &Scope, query: &str, variables: Json) -> Json {
        let response = self.schema.execute(request(scope, query, variables)).await;
        serde_json::to_value(response).unwrap()
    }

    /// The data that an operation of the default tenant answers; it must succeed.
    pub async fn data(&self, query: &str) -> Json {
        self.data_with(query, json!({})).await
    }

    pub async fn data_with(&self, query: &str, variables: Json) -> Json {
        let mut answer = self.answer_to(&self.engine.scope, query, variables).await;
        assert_eq!(answer.get("errors"), None, "{query}");
        answer["data"].take()
    }

    /// The code and message of the only error that an operation of the default tenant answers.
    pub async fn error(&self, query: &str) -> (String, String) {
        error_of(&self.answer(query).await)
    }

    /// The answers to a subscription.
    pub fn watch(&self, scope: &Scope, query: &str) -> BoxStream<'static, Json> {
        let responses = self.schema.execute_stream(request(scope, query, json!({})));
        responses.map(|response| serde_json::to_value(response).unwrap()).boxed()
    }

    /// How many statements an operation takes, and its data.
    pub async fn counted(&self, query: &str) -> (u64, Json) {
        let before = self.engine.db.statements();
        let data = self.data(query).await;
        (self.engine.db.statements() - before, data)
    }
}

fn request(scope: &Scope, query: &str, variables: Json) -> Request {
    Request::new(query).variables(Variables::from_json(variables)).data(scope.clone())
}

/// The code and message of the only error in an answer.
pub fn error_of(answer: &Json) -> (String, String) {
    let errors = answer["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    assert_eq!(errors.len(), 1, "one error is expected: {answer}");
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    (text(&errors[0]["extensions"]["code"]), text(&errors[0]["message"]))
}

/// The texts at a path of each element of a list.
pub fn texts(list: &Json, pointer: &str) -> Vec<String> {
    let text = |item: &Json| item.pointer(pointer).and_then(Json::as_str).unwrap_or_default().to_owned();
    list.as_array().unwrap_or_else(|| panic!("a list is expected: {list}")).iter().map(text).collect()
}
