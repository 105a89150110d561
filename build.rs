//! Tells the program what its extraction is made of, and the tests which programs can be had, so that those that need
//! an absent one are shown as ignored.

use std::{
    collections::hash_map::DefaultHasher,
    env, fs,
    hash::{Hash, Hasher},
    io,
    path::{Path, PathBuf},
    process::Command,
};

/// What decides which facts a page yields: the extractors, the rules, and the crates they use.
const EXTRACTION: [&str; 2] = ["src/scanner", "Cargo.lock"];

/// The first version of `PgBouncer` that follows prepared statements from connection to connection.
const PGBOUNCER_WITH_PREPARED_STATEMENTS: (u32, u32) = (1, 21);

fn main() -> io::Result<()> {
    println!("cargo::rustc-env=EXTRACTION_HASH={:016x}", extraction_hash()?);
    for variable in ["TEST_POSTGRES_URL", "REQUIRE_POSTGRES", "REQUIRE_NODE", "PGBOUNCER", "PATH"] {
        println!("cargo::rerun-if-env-changed={variable}");
    }
    let required = env::var_os("REQUIRE_POSTGRES").is_some();
    declare("postgres", required || env::var_os("TEST_POSTGRES_URL").is_some() || has_initdb());
    declare("npm_clients", has_clients() || env::var_os("REQUIRE_NODE").is_some());
    let pooler = pgbouncer_version();
    declare("pgbouncer", required || pooler.is_some());
    declare(
        "pgbouncer_transactions",
        pooler.is_some_and(|version| version >= PGBOUNCER_WITH_PREPARED_STATEMENTS),
    );
    Ok(())
}

/// Equal for equal sources on every machine.
fn extraction_hash() -> io::Result<u64> {
    let mut files = Vec::new();
    for path in EXTRACTION {
        println!("cargo::rerun-if-changed={path}");
        add_files(Path::new(path), &mut files)?;
    }
    files.sort();
    let mut hasher = DefaultHasher::new();
    for file in files {
        fs::read(&file)?.hash(&mut hasher);
    }
    Ok(hasher.finish())
}

fn add_files(path: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    fs::read_dir(path)?.try_for_each(|entry| add_files(&entry?.path(), files))
}

fn declare(name: &str, is_set: bool) {
    println!("cargo::rustc-check-cfg=cfg({name})");
    if is_set {
        println!("cargo::rustc-cfg={name}");
    }
}

/// Cargo takes a path that is missing for one that changes all the time, and would build everything again each time;
/// so until the packages are installed their folder is watched, and then what npm writes last.
fn has_clients() -> bool {
    let (folder, installed) = ("tests/clients", "tests/clients/node_modules/.package-lock.json");
    let has_clients = Path::new(installed).exists();
    println!("cargo::rerun-if-changed={}", if has_clients { installed } else { folder });
    has_clients
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
