//! Child processes that end with their test.

use std::ffi::OsStr;
use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

/// A running program. Dropping it kills it, and prints the end of its log if the test is failing.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Process {
    pub fn start(name: impl Into<String>, command: &mut Command, logs: &Path) -> Self {
        let name = name.into();
        let log = logs.join(format!("{name}.log"));
        let file = File::create(&log).unwrap();
        command.stdin(Stdio::null()).stdout(file.try_clone().unwrap()).stderr(file);
        let child = command.spawn().unwrap_or_else(|error| panic!("{name}: {error}"));
        Self { name, child, log }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for its end, after a signal.
    pub fn ends(mut self) {
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{} ended: {status}", self.name);
    }

    pub fn assert_alive(&mut self) {
        if let Some(status) = self.child.try_wait().unwrap() {
            panic!("{} ended: {status}", self.name);
        }
    }

    /// Ends it as Docker does: SIGTERM, and SIGKILL after half a minute.
    pub fn stop(mut self) {
        let id = self.id().to_string();
        let _ = Command::new("kill").args(["-TERM", &id]).status();
        let end = Instant::now() + Duration::from_secs(30);
        while !self.has_ended() && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // SIGKILL: on SIGTERM Lodestar waits for geth, and its data is temporary.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            let log = std::fs::read(&self.log).unwrap_or_default();
            let log = String::from_utf8_lossy(&log);
            let lines: Vec<&str> = log.lines().collect();
            let last = &lines[lines.len().saturating_sub(30)..];
            eprintln!("-- the last lines of {}:\n{}", self.name, last.join("\n"));
        }
    }
}

/// Free ports, which no other call returns. They are below the ephemeral range, so that no connection takes
/// one while its program is down.
pub fn free_ports<const N: usize>() -> [u16; N] {
    static NEXT: AtomicU16 = AtomicU16::new(1);
    // Test programs that run at the same time hold one port each, and use the ports that follow it.
    static MINE: LazyLock<TcpListener> = LazyLock::new(|| {
        let mut blocks = (21_000..31_000).step_by(1000);
        blocks.find_map(|first| TcpListener::bind(("127.0.0.1", first)).ok()).unwrap()
    });
    let first = MINE.local_addr().unwrap().port();
    std::array::from_fn(|_| {
        loop {
            let port = first + NEXT.fetch_add(1, Ordering::Relaxed);
            if TcpListener::bind(("127.0.0.1", port)).is_ok() {
                return port;
            }
        }
    })
}

/// Asserts that a program is installed.
pub fn assert_installed(program: impl AsRef<OsStr>, argument: &str, how: &str) {
    let program = program.as_ref();
    let found = Command::new(program).arg(argument).output().is_ok_and(|out| out.status.success());
    assert!(found, "{} is missing: {how}", program.display());
}
