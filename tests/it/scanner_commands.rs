//! The commands as people and scripts run them: real processes.

use std::{
    io::Write,
    process::{Command, Output, Stdio},
};

use serde_json::Value;
use tempfile::NamedTempFile;

use crate::support::fake_site::{Answer, FakeSite};

const SHOP: &str = r#"<!doctype html><html lang="en"><head><title>=Shop, "Best"</title></head>
    <body><a href="mailto:sales@fake-shop.com">Mail</a></body></html>"#;

/// Runs the program with an input and without any setting from the environment.
async fn run(arguments: &[&str], input: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scrapersky"));
    command.args(arguments).env_clear().stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let input = input.to_owned();
    let running = tokio::task::spawn_blocking(move || {
        let mut child = command.spawn().expect("the program starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        // A program that does not read its input closes it.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        child.wait_with_output().expect("the program ends")
    });
    running.await.expect("the program was waited for")
}

/// Runs `scan` against the fake web.
async fn scan(web: &FakeSite, arguments: &[&str], input: &str) -> Output {
    let address = web.address().to_string();
    run(&[&["scan", "--connect-to", &address], arguments].concat(), input).await
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("output is text")
}

fn json_lines(output: &Output) -> Vec<Value> {
    text(&output.stdout).lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

async fn web() -> FakeSite {
    let web = FakeSite::start().await;
    web.site("shop.test").page("/", SHOP);
    web.site("broken.test").answer("/", Answer::status(500));
    web
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pipe_gets_a_line_of_json_for_each_name() {
    let web = web().await;
    let output = scan(&web, &["shop.test"], "").await;
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let lines = json_lines(&output);
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["name"], "shop.test");
    assert_eq!(lines[0]["status"], "SCANNED");
    assert_eq!(lines[0]["lastError"], Value::Null);
    assert_eq!(lines[0]["title"], "=Shop, \"Best\"");
    assert_eq!(lines[0]["emailAddresses"][0], "sales@fake-shop.com");
    assert_eq!(lines[0]["url"], "http://shop.test/");
    assert_eq!(text(&output.stderr), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn names_come_from_arguments_a_file_and_the_standard_input() {
    let web = web().await;
    let mut file = NamedTempFile::new().unwrap();
    write!(file, "\u{feff}# names\n\nhttps://www.shop.test/x\r\n  shop.test").unwrap();
    let path = file.path().to_str().unwrap();
    let output = scan(&web, &["shop.test", "--file", path], "").await;
    assert_eq!((output.status.code(), json_lines(&output).len()), (Some(0), 3));
    for arguments in [&["-"][..], &["--file", "-"][..]] {
        let output = scan(&web, arguments, "shop.test\n# no\nshop.test\n").await;
        assert_eq!((output.status.code(), json_lines(&output).len()), (Some(0), 2));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_scan_is_told_and_changes_the_exit_code() {
    let web = web().await;
    let output = scan(&web, &["broken.test", "shop.test"], "").await;
    assert_eq!(output.status.code(), Some(1));
    let lines = json_lines(&output);
    let failed = lines.iter().find(|line| line["status"] == "FAILED").unwrap();
    assert_eq!(failed["name"], "broken.test");
    assert_eq!(failed["lastError"]["code"], "HTTP_SERVER_ERROR");
    assert_eq!(failed["lastError"]["retryable"], true);
    assert!(lines.iter().any(|line| line["status"] == "SCANNED"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_none_is_told_with_its_reason_and_the_rest_go_on() {
    let web = web().await;
    let long = "a".repeat(1 << 20);
    let output = scan(&web, &["-"], &format!("127.0.0.1\n{long}\nbad\u{1b}[31mname.test\nshop.test\n")).await;
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(json_lines(&output).len(), 1);
    let errors = text(&output.stderr);
    assert!(errors.contains("`127.0.0.1` is an IP address"), "{errors}");
    assert!(errors.contains("too long"), "{errors}");
    assert!(!errors.contains('\u{1b}') && errors.lines().count() == 3 && errors.len() < 2_000, "{errors}");
}

#[tokio::test(flavor = "multi_thread")]
async fn json_is_one_array_even_of_nothing() {
    let web = web().await;
    let output = scan(&web, &["--format", "json", "shop.test", "broken.test"], "").await;
    let all: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(all.as_array().unwrap().len(), 2);
    let output = scan(&web, &["--format", "json", "-"], "").await;
    assert_eq!((text(&output.stdout).trim(), output.status.code()), ("[]", Some(0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn csv_has_a_heading_and_no_formulas() {
    let web = web().await;
    let output = scan(&web, &["--format", "csv", "shop.test"], "").await;
    let lines = text(&output.stdout);
    let lines: Vec<&str> = lines.lines().collect();
    assert!(lines[0].starts_with("name,status,errorCode,errorMessage,url,title,"));
    assert!(
        lines[1].starts_with("shop.test,SCANNED,,,http://shop.test/,\"'=Shop, \"\"Best\"\"\","),
        "{}",
        lines[1]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_of_the_environment_is_not_used() {
    let web = web().await;
    let mut command = Command::new(env!("CARGO_BIN_EXE_scrapersky"));
    command.args(["scan", "--connect-to", &web.address().to_string(), "shop.test"]).env_clear();
    for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
        command.env(name, "http://127.0.0.1:9");
    }
    let output =
        tokio::task::spawn_blocking(move || command.output().expect("the program runs")).await.unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_site_says_never_steers_the_terminal() {
    let web = web().await;
    web.site("evil.test")
        .page("/", "<title>a\u{1b}]0;b\u{7}c\u{9b}31md\u{202e}e&#27;&#x9b;f</title><p>\u{7f}");
    for format in ["table", "json", "jsonl", "csv"] {
        let output = scan(&web, &["--format", format, "evil.test"], "").await;
        let unsafe_ones: Vec<char> = text(&output.stdout)
            .chars()
            .filter(|c| (c.is_control() && !"\r\n".contains(*c)) || *c == '\u{202e}')
            .collect();
        assert!(unsafe_ones.is_empty(), "{format}: {unsafe_ones:?}");
        assert!(text(&output.stdout).contains("evil.test"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_cannot_be_understood_ends_with_two() {
    for arguments in [
        &["scan"][..],
        &["scan", "--no-such-option", "shop.test"],
        &["scan", "--max-pages", "21", "shop.test"],
        &["scan", "--concurrency", "0", "shop.test"],
        &["scan", "--format", "xml", "shop.test"],
        &["scan", "--connect-to", "nowhere", "shop.test"],
        &["scan", "--connect-to", "127.0.0.1:9", "--file", "/no/such/file"],
        &["scan", "--connect-to", "127.0.0.1:9", "--ca-file", "/no/such/file", "shop.test"],
        &["extract", "--url", "not a url", "-"],
        &["extract", "--url", "https://127.0.0.1/", "-"],
        &["extract", "-"],
        &["extract", "--url", "https://shop.test/", "/no/such/file"],
    ] {
        let output = run(arguments, "").await;
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", text(&output.stderr));
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{arguments:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_saved_page_has_the_facts_of_its_scan() {
    let web = web().await;
    let scanned = &json_lines(&scan(&web, &["shop.test"], "").await)[0];
    let output = run(
        &["extract", "--url", "http://shop.test/", "--header", "Content-Type: text/html; charset=utf-8", "-"],
        SHOP,
    )
    .await;
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let extracted: Value = serde_json::from_slice(&output.stdout).unwrap();
    for (field, value) in extracted.as_object().unwrap() {
        let mut of_scan = scanned[field].clone();
        if field == "metadata" {
            of_scan.as_object_mut().unwrap().remove("transport");
        }
        assert_eq!(*value, of_scan, "{field}");
    }
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(SHOP.as_bytes()).unwrap();
    let from_file = run(&["extract", "--url", "http://shop.test/", file.path().to_str().unwrap()], "").await;
    assert_eq!(serde_json::from_slice::<Value>(&from_file.stdout).unwrap()["title"], extracted["title"]);
}
