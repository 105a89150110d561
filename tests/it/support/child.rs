//! The program as a child process, as a person starts it.

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Output, Stdio},
};

/// The program with these arguments, in this folder, without settings from the environment.
pub fn program(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scrapersky"));
    command.args(arguments).current_dir(folder).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        if ["SCRAPERSKY_", "OTEL_"].iter().any(|start| name.to_string_lossy().starts_with(start)) {
            command.env_remove(name);
        }
    }
    command
}

/// Runs the program to its end.
pub fn run(folder: &Path, arguments: &[&str]) -> Output {
    program(folder, arguments).output().expect("the program can be started")
}

/// What a run that must fail says.
pub fn refused(folder: &Path, arguments: &[&str]) -> String {
    let output = run(folder, arguments);
    assert!(!output.status.success(), "{arguments:?} should fail");
    assert!(output.status.code().is_some(), "{arguments:?} was ended by a signal");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A serving process. It is killed when it is dropped.
pub struct Serving {
    pub child: Child,
    pub address: SocketAddr,
    /// What it printed when it was ready.
    pub announcement: String,
}

impl Serving {
    /// Starts `scrapersky serve` on a free port and waits until it is ready.
    pub fn start(folder: &Path, arguments: &[&str]) -> Self {
        let arguments = [&["serve", "--listen", "127.0.0.1:0"], arguments].concat();
        Self::run(program(folder, &arguments))
    }

    /// Starts a command that serves, and waits until it is ready.
    pub fn run(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the program can be started");
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let mut announcement = String::new();
        let mut address = None;
        while let Some(Ok(line)) = lines.next() {
            if let Some((_, rest)) = line.split_once("http://") {
                address = rest.split('/').next().and_then(|address| address.parse().ok()).or(address);
            }
            announcement += &line;
            announcement.push('\n');
            if line.contains("Database") {
                break;
            }
        }
        Self {
            child,
            address: address.unwrap_or_else(|| panic!("no address in: {announcement}")),
            announcement,
        }
    }

    /// Asks it to stop, as an operator does, and waits for its end.
    pub fn terminate(&mut self) -> std::process::ExitStatus {
        let status = Command::new("kill").arg(self.child.id().to_string()).status().expect("kill");
        assert!(status.success());
        self.child.wait().expect("its end")
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ended_already = self.child.kill();
        let _status = self.child.wait();
    }
}
