//! The program as people start it, and what it says when it cannot.

use std::{fs, net::TcpListener, os::unix::fs::PermissionsExt, process::Command};

use serde_json::json;

use crate::support::{
    child::{Serving, program, refused, run},
    eventually_async,
    http_client::{get, post, send},
};

#[tokio::test]
async fn serve_needs_nothing_but_an_empty_folder() {
    let folder = tempfile::tempdir().unwrap();
    let mut serving = Serving::start(folder.path(), &[]);
    for part in ["/graphiql", "/graphql\n", "/graphql/ws", "scrapersky.db"] {
        assert!(serving.announcement.contains(part), "{}", serving.announcement);
    }
    let query = json!({ "query": "{ viewer { tenant { name } role } }" });
    let answer = post(serving.address, "application/json", &query).await.json();
    let viewer = json!({ "tenant": { "name": "default" }, "role": "OWNER" });
    assert_eq!(answer["data"]["viewer"], viewer);
    assert_eq!(get(serving.address, "application/json", &[("query", "{ __typename }")]).await.status, 200);
    assert!(folder.path().join("scrapersky.db").is_file());
    assert!(serving.terminate().success());
}

#[tokio::test]
async fn a_closed_standard_output_does_not_end_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut command = program(folder.path(), &["serve", "--listen", &address.to_string()]);
    let mut child =
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::null()).spawn().unwrap();
    drop(child.stdout.take());
    eventually_async("it listens", || async { tokio::net::TcpStream::connect(address).await.is_ok() }).await;
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    assert_eq!(get(address, "application/json", &[("query", "{ __typename }")]).await.status, 200);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_port_in_use_is_said_before_anything_is_touched() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let says = refused(folder.path(), &["serve", "--listen", &address]);
    assert!(says.contains(&address) && says.contains("--listen"), "{says}");
    assert_eq!(folder.path().read_dir().unwrap().count(), 0, "no file was made");
}

#[test]
fn what_cannot_be_used_is_refused_with_its_name_and_what_is_allowed() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, says) in [
        (&["serve", "--no-such-option"][..], &["--no-such-option"][..]),
        (&["serve", "--concurrency", "0"], &["0", "--concurrency", "1..=10000"]),
        (&["serve", "--concurrency", "many"], &["many", "--concurrency"]),
        (&["serve", "--lease", "1"], &["--lease", "at least 3 seconds"]),
        (&["serve", "--listen", "nowhere"], &["nowhere", "--listen"]),
        (&["serve", "--connect-to", "localhost"], &["localhost", "--connect-to"]),
        (&["serve", "--log", "a=b=c"], &["a=b=c", "info"]),
        (&["serve", "--listen", "127.0.0.1:0", "--database-url", "mysql://x/y"], &["mysql", "postgres://"]),
        (&["worker"], &["PostgreSQL", "--database-url"]),
        (&["migrate", "down", "0"], &["0"]),
        (&["no-such-command"], &["no-such-command"]),
        (&["completions", "klingon"], &["klingon", "bash"]),
    ] {
        let refusal = refused(folder.path(), arguments);
        assert!(says.iter().all(|part| refusal.contains(part)), "{arguments:?}: {refusal}");
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let url = if is_root() {
        // Permissions do not bind root: a file system that nobody can write to does.
        "/proc/scrapersky.db".to_owned()
    } else {
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o555)).unwrap();
        folder.path().join("scrapersky.db").display().to_string()
    };
    let refusal = refused(folder.path(), &["serve", "--listen", "127.0.0.1:0", "--database-url", &url]);
    assert!(refusal.contains(&url), "{refusal}");
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n")
}

#[test]
fn a_second_server_on_one_file_is_refused_and_admin_commands_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start(folder.path(), &[]);
    let refusal = refused(folder.path(), &["serve", "--listen", "127.0.0.1:0"]);
    assert!(
        refusal.contains("scrapersky.db") && refusal.contains(&serving.child.id().to_string()),
        "{refusal}"
    );
    let status = run(folder.path(), &["migrate", "status"]);
    let listed = String::from_utf8(status.stdout).unwrap();
    assert!(status.status.success() && listed.lines().all(|line| line.starts_with("applied ")), "{listed}");
}

#[test]
fn migrations_are_shown_applied_and_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let lines = |arguments: &[&str]| {
        let output = run(folder.path(), arguments);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect::<Vec<_>>()
    };
    assert!(lines(&["migrate", "status"]).iter().all(|line| line.starts_with("pending ")));
    assert!(lines(&["migrate", "up"]).iter().all(|line| line.starts_with("applied ")));
    let after = lines(&["migrate", "down", "2"]);
    assert_eq!(after.iter().filter(|line| line.starts_with("pending ")).count(), 2);
}

#[test]
fn settings_come_from_the_environment_and_options_win() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = program(folder.path(), &["migrate", "up"]);
    assert!(command.env("SCRAPERSKY_DATABASE_URL", "from-env.db").output().unwrap().status.success());
    assert!(folder.path().join("from-env.db").is_file());
    let mut command = program(folder.path(), &["migrate", "up", "--database-url", "from-option.db"]);
    assert!(command.env("SCRAPERSKY_DATABASE_URL", "unused.db").output().unwrap().status.success());
    assert!(folder.path().join("from-option.db").is_file() && !folder.path().join("unused.db").exists());
}

#[test]
fn passwords_are_not_shown_in_help() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = program(folder.path(), &["serve", "--help"]);
    let output = command.env("SCRAPERSKY_DATABASE_URL", "postgres://me:secret@host/db").output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    assert!(help.contains("SCRAPERSKY_DATABASE_URL") && !help.contains("secret"), "{help}");
}

#[cfg(not(feature = "otlp"))]
#[test]
fn a_collector_of_traces_is_refused_by_a_build_without_them() {
    let folder = tempfile::tempdir().unwrap();
    let says = refused(folder.path(), &["schema", "--otlp-endpoint", "http://127.0.0.1:4318"]);
    assert!(says.contains("--otlp-endpoint") && says.contains("--features otlp"), "{says}");
}

#[test]
fn completions_are_written_for_each_shell() {
    let folder = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish"] {
        let script = run(folder.path(), &["completions", shell]).stdout;
        assert!(String::from_utf8(script).unwrap().contains("database-url"), "{shell}");
    }
}

#[tokio::test]
async fn the_demonstration_scans_its_own_sites_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let mut serving = Serving::start(folder.path(), &["--demo"]);
    assert!(serving.announcement.contains("30 fake sites"), "{}", serving.announcement);
    let database = serving.announcement.rsplit(' ').next().unwrap().trim().to_owned();
    let query = json!({ "query": "{ batchJobs { nodes { totalDomains completedDomains } } }" });
    let address = serving.address;
    eventually_async("some of its sites are scanned", || async {
        let answer = post(address, "application/json", &query).await.json();
        let batch = &answer["data"]["batchJobs"]["nodes"][0];
        assert_eq!(batch["totalDomains"], 30);
        batch["completedDomains"].as_i64().unwrap() >= 3
    })
    .await;
    let page = send(address, "GET /graphiql", &[], "").await.text();
    assert!(page.contains("batchId") && page.contains("batch_0"), "the tour is about the batch that runs");
    assert!(serving.terminate().success());
    assert!(!std::path::Path::new(&database).exists(), "{database}");
    assert_eq!(folder.path().read_dir().unwrap().count(), 0);
}
