//! GraphiQL from files within the program.

use axum::{
    Router,
    http::header,
    response::{IntoResponse, Response},
    routing::get,
};

use crate::http::HttpState;

const PAGE: &str = include_str!("embedded.html");
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self' data:; \
     img-src 'self' data:; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'";

/// The address, the type and the compressed content of each file.
const FILES: [(&str, &str, &[u8]); 6] = [
    ("/graphiql/main.js", "text/javascript", include_bytes!("dist/main.js.gz")),
    ("/graphiql/main.css", "text/css", include_bytes!("dist/main.css.gz")),
    ("/graphiql/codicon.ttf", "font/ttf", include_bytes!("dist/codicon.ttf.gz")),
    ("/graphiql/editor.worker.js", "text/javascript", include_bytes!("dist/editor.worker.js.gz")),
    ("/graphiql/graphql.worker.js", "text/javascript", include_bytes!("dist/graphql.worker.js.gz")),
    ("/graphiql/json.worker.js", "text/javascript", include_bytes!("dist/json.worker.js.gz")),
];

/// Every browser reads gzip.
pub(super) fn files() -> Router<HttpState> {
    FILES.into_iter().fold(Router::new(), |router, (path, kind, content)| {
        router.route(path, get(move || async move { file(kind, content) }))
    })
}

fn file(kind: &'static str, content: &'static [u8]) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_ENCODING, "gzip"),
        (header::CACHE_CONTROL, "public, max-age=3600"),
    ];
    (headers, content).into_response()
}

/// The page and its policy.
pub(super) fn page() -> (String, String) {
    (PAGE.to_owned(), POLICY.to_owned())
}
