//! What the program is made of: every crate's licence is one that we may ship, and every crate comes from the registry.

use std::{collections::BTreeSet, process::Command};

use serde_json::Value;

/// Licences that ask for no more than a notice.
const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "OpenSSL",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Whether an SPDX expression can be met by allowed licences alone. `/` is an old spelling of `OR`.
fn is_allowed(expression: &str) -> bool {
    let expression = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let mut words = expression.split_whitespace().peekable();
    let allowed = any_of(&mut words);
    allowed && words.next().is_none()
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn any_of(words: &mut Words<'_>) -> bool {
    let mut allowed = all_of(words);
    while words.next_if_eq(&"OR").is_some() {
        allowed |= all_of(words);
    }
    allowed
}

fn all_of(words: &mut Words<'_>) -> bool {
    let mut allowed = one(words);
    while words.next_if_eq(&"AND").is_some() {
        allowed &= one(words);
    }
    allowed
}

fn one(words: &mut Words<'_>) -> bool {
    if words.next_if_eq(&"(").is_some() {
        let allowed = any_of(words);
        return words.next() == Some(")") && allowed;
    }
    let licence = words.next().unwrap_or_default();
    match words.next_if_eq(&"WITH").and_then(|_| words.next()) {
        Some(exception) => ALLOWED.contains(&format!("{licence} WITH {exception}").as_str()),
        None => ALLOWED.contains(&licence),
    }
}

fn packages() -> Vec<Value> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

#[test]
fn every_crate_is_from_the_registry_under_a_licence_that_we_may_ship() {
    let own = BTreeSet::from(["scrapersky", "migrations"]);
    let packages = packages();
    assert!(packages.len() > 200, "the metadata was read");
    let faults: Vec<String> = packages
        .iter()
        .filter_map(|package| {
            let name = package["name"].as_str().unwrap();
            let licence = package["license"].as_str().unwrap_or("none");
            let from_registry =
                package["source"].as_str().is_some_and(|source| source.starts_with("registry+"));
            let is_good = is_allowed(licence) && (from_registry || own.contains(name));
            (!is_good).then(|| format!("{name}: licence {licence}, source {}", package["source"]))
        })
        .collect();
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn licence_expressions_are_read_as_spdx_says() {
    for good in [
        "MIT",
        "MIT OR GPL-3.0",
        "MIT/Apache-2.0",
        "(MIT OR GPL-3.0) AND Zlib",
        "Apache-2.0 WITH LLVM-exception",
    ] {
        assert!(is_allowed(good), "{good}");
    }
    for bad in
        ["GPL-3.0", "MIT AND GPL-3.0", "GPL-3.0 OR (MIT AND AGPL-3.0)", "none", "MIT WITH odd-exception", ""]
    {
        assert!(!is_allowed(bad), "{bad}");
    }
}
