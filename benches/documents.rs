//! How long the server is busy with documents that are as large as its limits let them be, or larger: each is sent to a
//! server process twenty times, and the time to the whole answer is shown. Nobody may keep it busy for long.
//!
//! `cargo bench --bench documents`

#![expect(
    clippy::panic,
    clippy::print_stdout,
    reason = "a program that measures prints, and ends when it cannot"
)]

mod support;

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use serde_json::json;
use support::ServerProcess;

const TIMES: usize = 20;

fn repeated(count: usize, part: impl Fn(usize) -> String) -> String {
    (0..count).map(part).collect()
}

/// A name for each document, the document, and how it is to be answered.
fn documents() -> Vec<(&'static str, String)> {
    let fan_out = repeated(24, |n| format!("fragment F{n} on Domain {{ ...F{0} ...F{0} }} ", n + 1));
    let chain = repeated(2_000, |n| format!("fragment F{n} on Domain {{ ...F{} }} ", n + 1));
    let unused = repeated(1_500, |n| format!("fragment F{n} on Domain {{ name }} "));
    let one = "{ domain(by: { name: \"a.example\" })";
    vec![
        ("9,900 times the same field", format!("{one} {{ {} }} }}", "name ".repeat(9_900))),
        ("4,900 unknown fields", format!("{one} {{ {} }} }}", repeated(4_900, |n| format!("unknown{n} ")))),
        ("4,900 times the same object", format!("{one} {{ {} }} }}", "latestJob { id } ".repeat(4_900))),
        ("4,000 inline fragments", format!("{one} {{ {} }} }}", "... { name } ".repeat(4_000))),
        (
            "2,000 unknown arguments",
            format!("{{ jobs({}) {{ totalCount }} }}", repeated(2_000, |n| format!("a{n}: [{n}, {n}] "))),
        ),
        (
            "3,000 unused variables",
            format!("query ({}) {{ __typename }}", repeated(3_000, |n| format!("$v{n}: Int "))),
        ),
        ("1,500 unused fragments", format!("{{ __typename }} {unused}")),
        ("19,000 items of a list", format!("{{ nodes(ids: [{}]) {{ id }} }}", "1 ".repeat(19_000))),
        (
            "fragments that double 24 times",
            format!("{one} {{ ...F0 }} }} {fan_out} fragment F24 on Domain {{ name }}"),
        ),
        (
            "a chain of 2,000 fragments",
            format!("{one} {{ ...F0 }} }} {chain} fragment F2000 on Domain {{ name }}"),
        ),
        ("250 kB of brackets", "[".repeat(250 << 10)),
        ("250 kB of comments", format!("{{ __typename }} {}", "# [ \n".repeat(50_000))),
    ]
}

/// Sends a document and answers the status.
fn post(server: SocketAddr, document: &str) -> u16 {
    let body = json!({ "query": document }).to_string();
    let request = format!(
        "POST /graphql HTTP/1.1\r\nhost: {server}\r\nconnection: close\r\ncontent-type: application/json\r\n\
         accept: application/graphql-response+json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut answer = Vec::new();
    let exchanged = TcpStream::connect(server).and_then(|mut stream| {
        stream.write_all(request.as_bytes())?;
        stream.read_to_end(&mut answer)
    });
    exchanged.unwrap_or_else(|error| panic!("the server is gone: {error}"));
    let status = String::from_utf8_lossy(&answer).split(' ').nth(1).and_then(|status| status.parse().ok());
    status.unwrap_or_else(|| panic!("no status"))
}

fn main() {
    let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("a folder: {error}"));
    let server = ServerProcess::start(folder.path(), SocketAddr::from(([127, 0, 0, 1], 9)), "1");
    println!("{:<40} {:>8} {:>7} {:>10} {:>10}", "document", "bytes", "status", "median ms", "longest ms");
    for (name, document) in documents() {
        let (mut times, mut status): (Vec<Duration>, u16) = (Vec::new(), 0);
        for _ in 0..TIMES {
            let began = Instant::now();
            status = post(server.address, &document);
            times.push(began.elapsed());
        }
        times.sort();
        let ms = |time: Option<&Duration>| time.map_or(f64::NAN, |time| time.as_secs_f64() * 1e3);
        let (median, longest) = (ms(times.get(TIMES / 2)), ms(times.last()));
        println!("{name:<40} {:>8} {status:>7} {median:>10.1} {longest:>10.1}", document.len());
    }
    println!("highest memory of the server: {:.1} MB", server.memory("VmHWM:") / 1e3);
}
