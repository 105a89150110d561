//! The server as a process of its own.

use std::{
    io::{BufRead, BufReader, Lines},
    net::SocketAddr,
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
};

/// A serving process that reaches every site at one address. It is killed when it is dropped.
pub(crate) struct ServerProcess {
    child: Child,
    /// Kept open: the server may have more to say.
    _out: Lines<BufReader<ChildStdout>>,
    /// Where it listens.
    pub(crate) address: SocketAddr,
}

impl ServerProcess {
    /// Starts it on a fresh database in this folder and waits until it listens.
    pub(crate) fn start(folder: &Path, web: SocketAddr, permits: &str) -> Self {
        let web = web.to_string();
        let arguments = [
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--connect-to",
            &web,
            "--concurrency",
            permits,
            "--log",
            "warn",
        ];
        let mut child = Command::new(env!("CARGO_BIN_EXE_scrapersky"))
            .args(arguments)
            .current_dir(folder)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("the server: {error}"));
        let out = child.stdout.take().unwrap_or_else(|| panic!("the server has no output"));
        let mut out = BufReader::new(out).lines();
        let address = out
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.split("http://").nth(1)?.split('/').next()?.parse().ok());
        let address = address.unwrap_or_else(|| panic!("the server printed no address"));
        Self { child, _out: out, address }
    }

    /// Its process number.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The value of a line of `/proc/<pid>/status`, such as `VmRSS:`, in kB.
    pub(crate) fn memory(&self, line: &str) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id())).unwrap_or_default();
        let found =
            status.lines().find_map(|text| text.strip_prefix(line)?.split_whitespace().next()?.parse().ok());
        found.unwrap_or(f64::NAN)
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}
