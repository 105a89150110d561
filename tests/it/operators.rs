//! What operators and their machines ask.

use serde_json::json;

use crate::{
    on_each_database,
    support::{
        app::TestApp,
        eventually_async,
        fake_site::Answer,
        http_client::{Answer as Reply, send},
        nodes::Nodes,
        ws_client::WsClient,
    },
};

async fn get(server: std::net::SocketAddr, path: &str) -> Reply {
    send(server, &format!("GET {path}"), &[], "").await
}

/// The value of a line of the metrics.
async fn metric(server: std::net::SocketAddr, name: &str) -> f64 {
    let text = get(server, "/metrics").await.text();
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("{name} in {text}")).parse().unwrap()
}

on_each_database! {
    async fn a_server_that_works_says_so_and_counts(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        app.web.site("a.test").page("/", "<title>A</title>");
        app.web.site("gone.test").answer("/", Answer::status(404));
        for path in ["/health", "/health/live", "/health/ready"] {
            assert_eq!(get(app.address(), path).await.status, 200, "{path}");
        }
        let socket = WsClient::ready(app.address()).await;
        let submitted = app.ask("mutation { scanDomains(input: { names: [\"a.test\", \"gone.test\"] }) { batchJob { id } } }", json!({})).await;
        let batch = &submitted["scanDomains"]["batchJob"]["id"];
        app.events("subscription ($id: ID!) { batchProgress(batchId: $id) { status } }", json!({ "id": batch })).await;

        let metrics = get(app.address(), "/metrics").await;
        assert!(metrics.header("content-type").starts_with("application/openmetrics-text"), "{metrics:?}");
        for (name, expected) in [
            ("scrapersky_jobs_claimed_total", 2.0),
            ("scrapersky_scans_total{outcome=\"complete\",code=\"\"}", 1.0),
            ("scrapersky_scan_duration_seconds_count", 2.0),
            ("scrapersky_jobs{state=\"claimable_batch\"}", 0.0),
            ("scrapersky_jobs{state=\"running\"}", 0.0),
            ("scrapersky_http_requests_total{path=\"/health/ready\",status=\"200\"}", 1.0),
        ] {
            assert!((metric(app.address(), name).await - expected).abs() < 1e-9, "{name}: {}", metrics.text());
        }
        assert!(metrics.text().contains("outcome=\"failed\""), "{}", metrics.text());
        assert!(metrics.text().contains("scrapersky_database_connections{pool="), "{}", metrics.text());
        assert!(metric(app.address(), "scrapersky_streams").await >= 1.0);
        drop(socket);
        let address = app.address();
        eventually_async("no stream is open", || async { metric(address, "scrapersky_streams").await < 1.0 }).await;
        eventually_async("no subscription runs", || async { metric(address, "scrapersky_subscriptions").await < 1.0 }).await;
        app.stop().await;
    }
}

#[cfg_attr(not(postgres), ignore = "needs PostgreSQL")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_without_its_database_lives_and_is_not_ready() {
    let cluster = crate::support::cluster::Cluster::start();
    let nodes = Nodes::over(cluster.url()).await;
    let api = nodes.api(&["--no-worker", "--database-acquire-timeout", "1"]);
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let _worker =
        nodes.worker("worker-0", &["--metrics-listen", &free.to_string(), "--database-acquire-timeout", "1"]);
    eventually_async("the worker answers", || async { tokio::net::TcpStream::connect(free).await.is_ok() })
        .await;
    for server in [api.address, free] {
        eventually_async("it is ready", || async { get(server, "/health/ready").await.status == 200 }).await;
    }
    drop(cluster);
    for server in [api.address, free] {
        let unready = get(server, "/health/ready").await;
        assert_eq!(unready.status, 503, "{unready:?}");
        assert!(unready.text().contains("database"), "{unready:?}");
        assert_eq!(get(server, "/health/live").await.status, 200);
        assert_eq!(get(server, "/metrics").await.status, 200, "what is known is told");
    }
}
