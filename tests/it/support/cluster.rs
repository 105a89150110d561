//! A PostgreSQL server for the run: the one that `TEST_POSTGRES_URL` names, or a temporary cluster of an installed
//! `initdb`, which ends with the test process, however that ends.

use std::{
    fs,
    io::{BufRead, BufReader},
    net::TcpListener,
    os::unix::fs::{PermissionsExt, chown},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::LazyLock,
};

static SERVER: LazyLock<String> = LazyLock::new(|| {
    std::env::var("TEST_POSTGRES_URL").unwrap_or_else(|_| {
        let cluster = Cluster::start();
        let url = cluster.url.clone();
        // Its pipe stays open until the process ends.
        std::mem::forget(cluster);
        url
    })
});

/// The URL of a database of the server, from which others can be created.
pub fn server_url() -> &'static str {
    &SERVER
}

/// A temporary server. It ends when this is dropped, or with the process.
pub struct Cluster {
    url: String,
    data: PathBuf,
    shell: Child,
}

impl Cluster {
    /// Makes a cluster and waits until its server answers.
    pub fn start() -> Self {
        let bin = bin_folder()
            .expect("initdb was there when the tests were built; set TEST_POSTGRES_URL or install it");
        let data = tempfile::Builder::new().prefix("scrapersky-postgres-").tempdir().unwrap().keep();
        let owner = unprivileged_user();
        if let Some((uid, gid)) = owner {
            chown(&data, Some(uid), Some(gid)).unwrap();
            fs::set_permissions(&data, fs::Permissions::from_mode(0o700)).unwrap();
        }
        write_certificate(&data, owner);
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new("sh");
        command.arg("-c").arg(script(&bin, &data, port)).stdin(Stdio::piped()).stdout(Stdio::piped());
        if let Some((uid, gid)) = owner {
            use std::os::unix::process::CommandExt;
            command.uid(uid).gid(gid);
        }
        let mut shell = command.process_group_of_its_own().spawn().unwrap();
        let mut line = String::new();
        BufReader::new(shell.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line.trim(), "ready", "the temporary PostgreSQL did not start");
        Self { url: format!("postgres://postgres@127.0.0.1:{port}/postgres"), data, shell }
    }

    /// Its database `postgres`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Stops the server at once, as an operator in a hurry does; the shell starts it again.
    pub fn restart(&self) {
        let id = fs::read_to_string(self.data.join("data/postmaster.pid")).unwrap();
        let id = id.lines().next().unwrap().to_owned();
        assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        let _status = self.shell.wait();
    }
}

/// The shell starts the server again whenever it ends, and ends it and removes its files when its own standard input
/// closes, which the end of this process does.
fn script(bin: &Path, data: &Path, port: u16) -> String {
    format!(
        r#"cd "{data}" && "{bin}/initdb" -D data -U postgres -A trust -E UTF8 --locale=C --no-sync >log 2>&1 || {{ cat log; exit 1; }}
           while ! [ -e stop ]; do
             "{bin}/postgres" -D data -p {port} -k "" -h 127.0.0.1 -c fsync=off -c synchronous_commit=off \
               -c full_page_writes=off -c max_connections=500 -c shared_buffers=128MB -c ssl=on \
               -c ssl_cert_file="{data}/server.crt" -c ssl_key_file="{data}/server.key" >>log 2>&1 </dev/null
             sleep 0.2
           done &
           server=$!
           for i in $(seq 300); do "{bin}/pg_isready" -q -h 127.0.0.1 -p {port} && break; sleep 0.1; done
           echo ready
           cat >/dev/null
           touch stop; kill -INT $(head -n 1 data/postmaster.pid); wait $server; rm -rf "{data}""#,
        data = data.display(),
        bin = bin.display(),
    )
}

/// For TLS; the server refuses a key that others can read.
fn write_certificate(folder: &Path, owner: Option<(u32, u32)>) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    for (name, text) in [("server.crt", made.cert.pem()), ("server.key", made.signing_key.serialize_pem())] {
        let path = folder.join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        if let Some((uid, gid)) = owner {
            chown(&path, Some(uid), Some(gid)).unwrap();
        }
    }
}

trait ProcessGroup {
    fn process_group_of_its_own(&mut self) -> &mut Self;
}

impl ProcessGroup for Command {
    /// So that an interrupt at the terminal reaches the tests alone, and the shell can clean up after them.
    fn process_group_of_its_own(&mut self) -> &mut Self {
        use std::os::unix::process::CommandExt;
        self.process_group(0)
    }
}

fn bin_folder() -> Option<PathBuf> {
    let debian = Path::new("/usr/lib/postgresql").read_dir().into_iter().flatten().flatten();
    let debian = debian.map(|version| version.path().join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders = debian.chain(std::env::split_paths(&path).collect::<Vec<_>>());
    folders.find(|folder| folder.join("initdb").is_file() && folder.join("postgres").is_file())
}

/// PostgreSQL refuses to run as root: then it runs as `postgres`, else as `nobody`.
pub fn unprivileged_user() -> Option<(u32, u32)> {
    let id = |args: &[&str]| -> Option<u32> {
        let output = Command::new("id").args(args).output().ok()?;
        String::from_utf8(output.stdout).ok()?.trim().parse().ok()
    };
    if id(&["-u"]) != Some(0) {
        return None;
    }
    ["postgres", "nobody"].iter().find_map(|name| Some((id(&["-u", name])?, id(&["-g", name])?)))
}
