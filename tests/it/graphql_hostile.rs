//! Documents that nobody means well with: whatever comes, there is an answer, soon, and the server goes on.

use std::time::{Duration, Instant};

use proptest::{collection::vec, prelude::*, sample::select, test_runner::Config};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::support::{
    http_client::{post, query},
    protocol_server::ProtocolServer,
};

/// Pieces of documents, good and bad.
const PIECES: [&str; 46] = [
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    ":",
    "!",
    "=",
    "|",
    "&",
    "...",
    "..",
    ",",
    " ",
    "\n",
    "\r\n",
    "\u{feff}",
    "\0",
    "🏃",
    "query",
    "mutation",
    "subscription",
    "fragment F on Deep",
    "on Deep",
    "...F",
    "F",
    "$v",
    "($v: [[Int!]!] = [1])",
    "@skip(if: $v)",
    "@include(if: true)",
    "@unknown",
    "hello",
    "deep",
    "value",
    "deeps",
    "page(first: 3)",
    "a: deep",
    "echo(text: \"x\")",
    "sum(numbers: [1, 2])",
    "__typename",
    "\"text\"",
    "\"\"\"block\"\"\"",
    "\"",
    "# comment",
    "-1.5e10",
];

fn soup() -> impl Strategy<Value = String> {
    vec(select(&PIECES[..]), 0..60).prop_map(|pieces| pieces.concat())
}

/// Selections that validate, or nearly: of fragments that use each other in any way.
fn selections(depth: u32) -> BoxedStrategy<String> {
    let leaf = prop_oneof![
        3 => Just("value".to_owned()),
        1 => Just("refuse".to_owned()),
        1 => Just("x: value @include(if: true)".to_owned()),
        3 => (0_u8..6).prop_map(|number| format!("...F{number}")),
    ];
    let selection = leaf.prop_recursive(depth, 64, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 1..6).prop_map(|inner| format!("deep {{ {} }}", inner.join(" "))),
            (1_u32..1_000, vec(inner.clone(), 1..6))
                .prop_map(|(first, inner)| format!("page(first: {first}) {{ {} }}", inner.join(" "))),
            vec(inner, 1..6).prop_map(|inner| format!("... on Deep {{ {} }}", inner.join(" "))),
        ]
    });
    vec(selection, 1..6).prop_map(|selections| selections.join(" ")).boxed()
}

fn document() -> impl Strategy<Value = String> {
    let fragments = vec(selections(3), 6).prop_map(|fragments| {
        let fragment = |(number, inner)| format!("fragment F{number} on Deep {{ {inner} }}");
        fragments.into_iter().enumerate().map(fragment).collect::<Vec<_>>().join(" ")
    });
    (selections(4), fragments).prop_map(|(inner, fragments)| format!("{{ deep {{ {inner} }} }} {fragments}"))
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::hash_map("[a-z]{1,3}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

#[test]
fn any_document_is_answered_soon() {
    let runtime = Runtime::new().expect("a runtime");
    let server = runtime.block_on(ProtocolServer::start());
    let documents = prop_oneof![soup(), document()];
    let config = Config { cases: 300, failure_persistence: None, ..Config::default() };
    proptest!(config, |(query in documents, variables in json_value())| {
        let began = Instant::now();
        let body = json!({ "query": query, "variables": { "v": variables } });
        let answer = runtime.block_on(post(server.address, "application/graphql-response+json", &body));
        prop_assert!(matches!(answer.status, 200 | 400 | 406), "{answer:?}");
        let response = answer.json();
        prop_assert!(response["errors"].is_array() || response["data"].is_object(), "{response}");
        for error in response["errors"].as_array().into_iter().flatten() {
            prop_assert!(error["extensions"]["code"].is_string(), "{error}");
        }
        prop_assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    });
}

#[test]
fn any_body_is_answered() {
    let runtime = Runtime::new().expect("a runtime");
    let server = runtime.block_on(ProtocolServer::start());
    let config = Config { cases: 200, failure_persistence: None, ..Config::default() };
    proptest!(config, |(body in json_value())| {
        let answer = runtime.block_on(post(server.address, "application/json", &body));
        let is_batch = body.as_array().is_some_and(|batch| (1..=10).contains(&batch.len()) && answer.status == 200);
        let refused = if is_batch { answer.json()[0].clone() } else { answer.json() };
        prop_assert!(is_batch || answer.status == 400, "{answer:?}");
        prop_assert_eq!(&refused["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
    });
}

#[tokio::test]
async fn hostile_documents_are_refused_at_once() {
    let server = ProtocolServer::start().await;
    let fan_out = |uses: usize, last: &str| {
        let fragments = (0..24)
            .map(|n| format!("fragment F{n} on Deep {{ {} }} ", format!("...F{} ", n + 1).repeat(uses)))
            .collect::<Vec<_>>()
            .concat();
        format!("{fragments} fragment F24 on Deep {{ {last} }}")
    };
    let chain = (0..2_000)
        .map(|n| format!("fragment F{n} on Deep {{ ...F{} }} ", n + 1))
        .collect::<Vec<_>>()
        .concat();
    let introspection =
        format!("{{ __schema {{ types {{ {} name {} }} }} }}", "fields { type { ".repeat(4), "} }".repeat(4));
    for (document, code) in [
        (format!("{{ deep {{ ...F0 }} }} {}", fan_out(2, "value")), "QUERY_TOO_COMPLEX"),
        (
            format!("{{ hello }} query B {{ deep {{ ...F0 }} }} {}", fan_out(2, "value")),
            "GRAPHQL_PARSE_FAILED",
        ),
        (
            format!("query A {{ hello }} query B {{ deep {{ ...F0 }} }} {}", fan_out(2, "value")),
            "QUERY_TOO_COMPLEX",
        ),
        (format!("{{ deep {{ ...F0 }} }} {}", fan_out(2, "...F0")), "GRAPHQL_VALIDATION_FAILED"),
        ("{ deep { ...A } } fragment A on Deep { ...A }".to_owned(), "GRAPHQL_VALIDATION_FAILED"),
        (format!("{{ deep {{ ...F0 }} }} {chain} fragment F2000 on Deep {{ value }}"), "QUERY_TOO_DEEP"),
        (format!("{{ hello }} {chain} fragment F2000 on Deep {{ value }}"), "QUERY_TOO_DEEP"),
        (introspection, "QUERY_TOO_COMPLEX"),
        (format!("{{ {} }}", "hello ".repeat(10_000)), "QUERY_TOO_COMPLEX"),
        (format!("{{ hello {} }}", "@skip(if: false) ".repeat(200)), "QUERY_TOO_COMPLEX"),
        ("{ hello ".to_owned() + &"# [ \n".repeat(50_000), "GRAPHQL_PARSE_FAILED"),
        ("{ hello ".to_owned() + &"# [ \n".repeat(60_000), "QUERY_TOO_COMPLEX"),
    ] {
        let began = Instant::now();
        let answer = query(server.address, &document).await;
        let shown: String = document.chars().take(120).collect();
        assert_eq!(answer.code(), code, "{shown}: {}", answer.text());
        assert!(began.elapsed() < Duration::from_secs(10), "{shown} took {:?}", began.elapsed());
    }
}

#[tokio::test]
async fn documents_at_their_limits_are_answered_soon() {
    let server = ProtocolServer::start().await;
    let unknown = (0..4_900).map(|n| format!("unknown{n} ")).collect::<Vec<_>>().concat();
    let arguments = (0..2_000).map(|n| format!("a{n}: [{n}, {n}] ")).collect::<Vec<_>>().concat();
    let variables = (0..3_000).map(|n| format!("$v{n}: Int ")).collect::<Vec<_>>().concat();
    let fragments =
        (0..1_500).map(|n| format!("fragment F{n} on Deep {{ value }} ")).collect::<Vec<_>>().concat();
    for document in [
        format!("{{ deep {{ {} }} }}", "value ".repeat(9_900)),
        format!("{{ deep {{ {} }} }}", "deep { value } ".repeat(4_900)),
        format!("{{ deep {{ {unknown} }} }}"),
        format!("{{ echo({arguments}) }}"),
        format!("query ({variables}) {{ hello }}"),
        format!("{{ hello }} {fragments}"),
        format!("{{ sum(numbers: [{}]) }}", "1 ".repeat(19_000)),
        format!("{{ deep {{ {} }} }}", "... { value } ".repeat(4_000)),
        format!("{{ deep {{ {} }} }}", "refuse ".repeat(9_000)),
        format!("{{ deep {{ {} }} }}", "deep { refuse } ".repeat(4_900)),
    ] {
        let began = Instant::now();
        let answer = query(server.address, &document).await;
        let shown: String = document.chars().take(60).collect();
        println!("{:?} {} bytes of answer: {shown}", began.elapsed(), answer.body.len());
        assert!(began.elapsed() < Duration::from_secs(10), "{shown} took {:?}", began.elapsed());
        assert!(answer.body.len() < 100_000, "{shown}: {} bytes", answer.body.len());
    }
}
