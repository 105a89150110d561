//! What the program logs, for all tests together.

use std::{
    io,
    sync::{LazyLock, Mutex},
};

static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static CAPTURED: LazyLock<()> = LazyLock::new(|| {
    tracing_subscriber::fmt().with_ansi(false).with_writer(|| Log).init();
});

/// Begins to keep what is logged; called by whatever starts a server.
pub fn capture() {
    LazyLock::force(&CAPTURED);
}

/// All lines so far.
pub fn lines() -> Vec<String> {
    String::from_utf8_lossy(&LOG.lock().expect("the log")).lines().map(str::to_owned).collect()
}

struct Log;

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOG.lock().expect("the log").extend_from_slice(bytes);
        let line = String::from_utf8_lossy(bytes);
        if line.contains(" WARN ") || line.contains(" ERROR ") {
            // Part of the output of a test that fails.
            print!("{line}");
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
