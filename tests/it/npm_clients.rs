//! The clients that others use, from npm. They need Node and `npm ci` in `tests/clients`.

use std::{path::Path, process::Command};

use tokio::task::spawn_blocking;

use crate::support::protocol_server::ProtocolServer;

#[cfg_attr(not(npm_clients), ignore = "run `npm ci` in tests/clients")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_clients_and_audits_of_npm_are_content() {
    let clients = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients");
    assert!(clients.join("node_modules").exists(), "run `npm ci` in tests/clients");
    let server = ProtocolServer::start().await;
    let url = format!("http://{}", server.address);
    let run = spawn_blocking(move || {
        let mut node = Command::new("node");
        node.args(["--test", "--test-reporter=tap"]).current_dir(clients).env("SCRAPERSKY_URL", url).output()
    });
    let run = run.await.expect("the thread ends").expect("node runs");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stdout));
}
