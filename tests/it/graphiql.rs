//! The GraphiQL page.

use crate::support::{http_client::send, protocol_server::ProtocolServer};

#[tokio::test]
async fn the_root_leads_to_the_page_with_its_examples_under_a_strict_policy() {
    let server = ProtocolServer::start().await;
    let root = send(server.address, "GET /", &[], "").await;
    assert_eq!((root.status, root.header("location")), (307, "/graphiql"));
    let page = send(server.address, "GET /graphiql", &[], "").await;
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    assert!(page.text().contains("query Hello { hello }"));
    let policy = page.header("content-security-policy");
    assert!(
        policy.starts_with("default-src 'none'; ") && policy.contains("frame-ancestors 'none'"),
        "{policy}"
    );
    assert!(!policy.contains("unsafe-eval") && !policy.contains("script-src 'unsafe-inline'"), "{policy}");
}

#[cfg(not(feature = "embedded-graphiql"))]
#[tokio::test]
async fn the_scripts_of_the_page_are_allowed_by_a_number_used_once() {
    let server = ProtocolServer::start().await;
    let page = send(server.address, "GET /graphiql", &[], "").await;
    let policy = page.header("content-security-policy");
    let nonce = policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).expect("a nonce");
    assert_eq!(page.text().matches(&format!("nonce=\"{nonce}\"")).count(), 2);
    let again = send(server.address, "GET /graphiql", &[], "").await;
    assert_ne!(policy, again.header("content-security-policy"));
}

#[cfg(feature = "embedded-graphiql")]
#[tokio::test]
async fn the_page_and_all_it_loads_come_from_the_server() {
    let server = ProtocolServer::start().await;
    let page = send(server.address, "GET /graphiql", &[], "").await.text();
    assert!(!page.contains("https://"), "{page}");
    for file in
        ["main.js", "main.css", "codicon.ttf", "editor.worker.js", "graphql.worker.js", "json.worker.js"]
    {
        let answer = send(server.address, &format!("GET /graphiql/{file}"), &[], "").await;
        assert_eq!((answer.status, answer.header("content-encoding")), (200, "gzip"), "{file}");
    }
}
