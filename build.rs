//! Tells the tests which programs can be had, so that those that need an absent one are shown as ignored.

use std::{env, path::Path, process::Command};

/// The first version of `PgBouncer` that follows prepared statements from connection to connection.
const PGBOUNCER_WITH_PREPARED_STATEMENTS: (u32, u32) = (1, 21);

fn main() {
    println!("cargo::rerun-if-changed=tests/clients/node_modules");
    for variable in ["TEST_POSTGRES_URL", "REQUIRE_POSTGRES", "REQUIRE_NODE", "PGBOUNCER", "PATH"] {
        println!("cargo::rerun-if-env-changed={variable}");
    }
    let required = env::var_os("REQUIRE_POSTGRES").is_some();
    declare("postgres", required || env::var_os("TEST_POSTGRES_URL").is_some() || has_initdb());
    let has_clients = Path::new("tests/clients/node_modules").exists();
    declare("npm_clients", has_clients || env::var_os("REQUIRE_NODE").is_some());
    let pooler = pgbouncer_version();
    declare("pgbouncer", required || pooler.is_some());
    declare(
        "pgbouncer_transactions",
        pooler.is_some_and(|version| version >= PGBOUNCER_WITH_PREPARED_STATEMENTS),
    );
}

fn declare(name: &str, is_set: bool) {
    println!("cargo::rustc-check-cfg=cfg({name})");
    if is_set {
        println!("cargo::rustc-cfg={name}");
    }
}

/// In the search path, or where Debian keeps it.
fn has_initdb() -> bool {
    let in_path = env::var_os("PATH")
        .is_some_and(|path| env::split_paths(&path).any(|folder| folder.join("initdb").is_file()));
    let debian = Path::new("/usr/lib/postgresql").read_dir().into_iter().flatten().flatten();
    in_path || debian.into_iter().any(|version| version.path().join("bin/initdb").is_file())
}

/// Of the program that `PGBOUNCER` names, else of the one in the search path: `PgBouncer 1.24.1`.
fn pgbouncer_version() -> Option<(u32, u32)> {
    let program = env::var("PGBOUNCER").unwrap_or_else(|_| "pgbouncer".to_owned());
    let output = Command::new(program).arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let mut numbers = text.split_whitespace().nth(1)?.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}
