//! A devnet before it starts.

use std::ffi::{OsStr, OsString};
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::devnet::{Devnet, Stack};
use crate::program::{Error, Program};

/// The settings of the ports of every stack.
const PORTS: [&str; 3] = ["EL_HTTP_PORT", "EL_WS_PORT", "CL_HTTP_PORT"];
/// The parts of the names of an L2's ports, such as `L2_OP_HTTP_PORT`.
const PORTS_OF_L2: [&str; 3] = ["HTTP", "WS", "NODE"];
/// Attempts before a port in use is an error: another program may take a port that was free.
const STARTS: usize = 3;
/// The limit for the first block: a CI runner may run several chains.
const WAIT: Duration = Duration::from_mins(3);

#[derive(Debug, Clone)]
pub(crate) enum Source {
    Sample(&'static str),
    Directory(PathBuf),
    Reference(String),
}

/// A devnet before it starts: [`Devnet::sample`], [`Devnet::snapshot`] and [`Devnet::reference`] make one.
#[derive(Debug, Clone)]
#[must_use = "start starts it"]
pub struct Builder {
    source: Source,
    program: Program,
    wait: Duration,
}

impl Builder {
    pub(crate) fn new(source: Source) -> Self {
        let program = Program { path: "regenesis".into(), settings: Vec::new() };
        Self { source, program, wait: WAIT }
    }

    /// The path of the program; by default `regenesis` in `PATH`.
    pub fn program(mut self, path: impl Into<PathBuf>) -> Self {
        self.program.path = path.into();
        self
    }

    /// A setting of the stack, such as `GETH_IMAGE`; the variables of this process are settings, too. A port
    /// that is set is not replaced by a free one.
    pub fn setting(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.program.settings.push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// The limit for the first block, in whole seconds; three minutes by default.
    pub fn wait(mut self, limit: Duration) -> Self {
        self.wait = limit;
        self
    }

    /// Starts the chain, and returns when each of its networks has a new block.
    ///
    /// # Errors
    /// The program or Docker is missing, the snapshot is not valid, or no block comes in time. No container,
    /// volume or network stays.
    pub fn start(self) -> Result<Devnet, Error> {
        let mut start = 1;
        loop {
            match self.start_once() {
                Err(error) if error.is_port_in_use() && start < STARTS => start += 1,
                started => return started,
            }
        }
    }

    fn start_once(&self) -> Result<Devnet, Error> {
        let mut program = self.program.clone();
        let (target, names) = match &self.source {
            Source::Sample(name) => {
                (OsString::from(name), if *name == "op" { vec!["OP".to_owned()] } else { vec![] })
            }
            Source::Directory(path) => {
                // A name without a directory could be that of a stack.
                let host = |source| Error::Host { what: path.display().to_string(), source };
                let path = std::path::absolute(path).map_err(host)?;
                (path.clone().into(), names_of_l2s(&path).map_err(host)?)
            }
            Source::Reference(reference) => (reference.into(), vec![]),
        };
        for (name, port) in free_ports(&names)? {
            if self.program.settings.iter().all(|(set, _)| *set != *name) {
                program.settings.push((name.into(), port.to_string().into()));
            }
        }
        let stack = Stack { name: name(), program };
        let wait = self.wait.as_secs().to_string();
        let arguments =
            [target, "--name".into(), (&stack.name).into(), "--wait".into(), wait.into()];
        let endpoints = stack.program.up(&arguments)?;
        Ok(Devnet { endpoints, stack })
    }
}

/// The L2s of a snapshot, as their settings name them.
fn names_of_l2s(snapshot: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    let entries = match std::fs::read_dir(snapshot.join("l2")) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(names),
        entries => entries?,
    };
    for entry in entries {
        let name = entry?.file_name();
        names.push(name.to_string_lossy().to_uppercase().replace('-', "_"));
    }
    Ok(names)
}

/// The settings of all ports, each with a port that is free at this moment.
fn free_ports(l2s: &[String]) -> Result<Vec<(String, u16)>, Error> {
    let of_l2 = |l2: &String| PORTS_OF_L2.map(|port| format!("L2_{l2}_{port}_PORT"));
    let names = PORTS.into_iter().map(str::to_owned).chain(l2s.iter().flat_map(of_l2));
    // All are bound at once, so that no port is found twice.
    let bind = |name: String| -> io::Result<_> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        Ok((name, port, listener))
    };
    let bound: io::Result<Vec<(String, u16, TcpListener)>> = names.map(bind).collect();
    let bound = bound.map_err(|source| Error::Host { what: "no free port".to_owned(), source })?;
    Ok(bound.into_iter().map(|(name, port, _)| (name, port)).collect())
}

/// A name that no other stack of this machine has.
fn name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    // Test programs in containers may share a daemon and have the same process ID.
    let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    format!("regenesis-test-{}-{time:x}-{next}", std::process::id())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_port_and_every_name_is_another() {
        let ports = free_ports(&["OP".to_owned(), "MY_OP".to_owned()]).unwrap();
        assert_eq!(ports.len(), 9);
        assert!(ports.iter().any(|(name, _)| name == "L2_MY_OP_NODE_PORT"), "{ports:?}");
        let mut numbers: Vec<_> = ports.iter().map(|(_, port)| port).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), 9, "{ports:?}");
        assert_ne!(name(), name());
    }

    #[test]
    fn a_missing_program_is_named_with_the_remedy() {
        let error = Devnet::sample().program("/nothere/regenesis").start().unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with("/nothere/regenesis: "), "{text}");
        assert!(text.contains("Builder::program"), "{text}");
    }
}
