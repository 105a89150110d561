//! The GraphiQL page: from a CDN, or, with the feature `embedded-graphiql`, from files within the program.
//!
//! The files are built by `npm ci && npm run build` in `src/http/graphiql`, before the program.

#[cfg(not(feature = "embedded-graphiql"))]
mod cdn;
#[cfg(feature = "embedded-graphiql")]
mod embedded;

use axum::{
    Router,
    extract::State,
    http::header,
    response::{Html, IntoResponse, Response},
    routing::get,
};
use serde::Serialize;

#[cfg(not(feature = "embedded-graphiql"))]
use self::cdn as source;
#[cfg(feature = "embedded-graphiql")]
use self::embedded as source;
use super::HttpState;

/// An operation that GraphiQL shows in a tab of its own when it is opened for the first time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExampleTab {
    /// The document; the name of its operation becomes the tab's title.
    pub query: String,
    /// JSON, shown as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variables: Option<String>,
}

/// `/graphiql` and what it loads.
pub(super) fn routes() -> Router<HttpState> {
    source::files().route("/graphiql", get(page))
}

async fn page(State(state): State<HttpState>) -> Response {
    let (page, policy) = source::page();
    let page = page.replace("{examples}", &examples(&state.examples));
    let headers = [(header::CONTENT_SECURITY_POLICY, policy), (header::CACHE_CONTROL, "no-store".to_owned())];
    (headers, Html(page)).into_response()
}

/// JSON that cannot end the element it stands in.
fn examples(tabs: &[ExampleTab]) -> String {
    serde_json::to_string(tabs).unwrap_or_else(|_| "[]".to_owned()).replace('<', "\\u003c")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_example_cannot_break_out_of_the_page() {
        let tab = ExampleTab { query: "# </script><script>alert(1)</script>".to_owned(), variables: None };
        assert!(!examples(&[tab]).contains('<'));
    }
}
