//! Tells the tests whether a PostgreSQL can be had, so that those that need one are shown as ignored where there is none.

use std::{env, path::Path};

fn main() {
    println!("cargo::rustc-check-cfg=cfg(postgres)");
    for variable in ["TEST_POSTGRES_URL", "REQUIRE_POSTGRES", "PATH"] {
        println!("cargo::rerun-if-env-changed={variable}");
    }
    if env::var_os("TEST_POSTGRES_URL").is_some() || env::var_os("REQUIRE_POSTGRES").is_some() || has_initdb()
    {
        println!("cargo::rustc-cfg=postgres");
    }
}

/// In the search path, or where Debian keeps it.
fn has_initdb() -> bool {
    let in_path = env::var_os("PATH")
        .is_some_and(|path| env::split_paths(&path).any(|folder| folder.join("initdb").is_file()));
    let debian = Path::new("/usr/lib/postgresql").read_dir().into_iter().flatten().flatten();
    in_path || debian.into_iter().any(|version| version.path().join("bin/initdb").is_file())
}
