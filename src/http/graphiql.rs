//! The GraphiQL page.

use axum::{
    extract::State,
    http::header,
    response::{Html, IntoResponse, Response},
};
use serde::Serialize;

use super::HttpState;

const PAGE: &str = include_str!("graphiql.html");

/// An operation that GraphiQL shows in a tab of its own when it is opened for the first time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExampleTab {
    /// The document; the name of its operation becomes the tab's title.
    pub query: String,
    /// JSON, shown as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variables: Option<String>,
}

/// `GET /graphiql`.
pub(super) async fn page(State(state): State<HttpState>) -> Response {
    let nonce = format!("{:032x}", rand::random::<u128>());
    let page = PAGE.replace("{nonce}", &nonce).replace("{examples}", &examples(&state.examples));
    let headers =
        [(header::CONTENT_SECURITY_POLICY, policy(&nonce)), (header::CACHE_CONTROL, "no-store".to_owned())];
    (headers, Html(page)).into_response()
}

/// JSON that cannot end the element it stands in.
fn examples(tabs: &[ExampleTab]) -> String {
    serde_json::to_string(tabs).unwrap_or_else(|_| "[]".to_owned()).replace('<', "\\u003c")
}

/// Scripts only from the CDN and those of the page itself; the editor makes its styles and workers as it runs.
fn policy(nonce: &str) -> String {
    [
        "default-src 'none'",
        &format!("script-src 'nonce-{nonce}' https://esm.sh data:"),
        "style-src 'unsafe-inline' https://esm.sh",
        "font-src https://esm.sh data:",
        "img-src 'self' data:",
        "connect-src 'self' https://esm.sh",
        "worker-src blob:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
    .join("; ")
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
