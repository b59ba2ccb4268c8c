//! The program `regenesis`: its calls and its answers.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::devnet::Endpoints;

/// The exit code of the program if a port is in use.
const PORT: u8 = 9;

/// A devnet does not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The program does not start.
    #[error(
        "{}: {source}\nhint: put regenesis into PATH, or name it with Builder::program",
        .program.display()
    )]
    Program {
        /// Its path or name.
        program: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// There is no free port on this machine, or the snapshot cannot be read.
    #[error("{what}: {source}")]
    Host {
        /// What was tried.
        what: String,
        /// The cause.
        source: io::Error,
    },
    /// The program reports why the chain does not start.
    #[error("{message}{}\n{log}", .hint.as_ref().map_or_else(String::new, |hint| format!("\nhint: {hint}")))]
    Start {
        /// Its exit code, as `regenesis --help` lists them.
        exit: u8,
        /// The cause.
        message: String,
        /// The remedy.
        hint: Option<String>,
        /// What it printed meanwhile, with the known failures in the logs of the clients.
        log: String,
    },
    /// The program ended without an answer: it was killed, or is of another version than this crate.
    #[error("{}: no answer of regenesis {}\n{log}", .program.display(), env!("CARGO_PKG_VERSION"))]
    Answer {
        /// Its path or name.
        program: PathBuf,
        /// What it printed.
        log: String,
    },
}

impl Error {
    /// Whether another program has taken a port that was free.
    pub(crate) fn is_port_in_use(&self) -> bool {
        matches!(self, Self::Start { exit: PORT, .. })
    }
}

/// The program, with the environment of its calls.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    pub(crate) path: PathBuf,
    pub(crate) settings: Vec<(OsString, OsString)>,
}

/// The last line of `regenesis up --json`.
#[derive(Debug, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Event {
    Ready(Endpoints),
    Failed {
        exit: u8,
        message: String,
        hint: Option<String>,
    },
    #[serde(other)]
    Other,
}

impl Program {
    fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        // These choose another stack than the one that the test names.
        for name in ["SNAPSHOT", "COMPOSE_FILE", "COMPOSE_PROJECT_NAME"] {
            command.env_remove(name);
        }
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null());
        command
    }

    /// `regenesis up … --json`.
    pub(crate) fn up(&self, arguments: &[OsString]) -> Result<Endpoints, Error> {
        let mut command = self.command();
        command.arg("up").args(arguments).arg("--json");
        let program = self.path.clone();
        let output = match command.output() {
            Ok(output) => output,
            Err(source) => return Err(Error::Program { program, source }),
        };
        let log = String::from_utf8_lossy(&output.stderr).trim_end().to_owned();
        let stdout = String::from_utf8_lossy(&output.stdout);
        match stdout.lines().last().and_then(|line| serde_json::from_str(line).ok()) {
            Some(Event::Ready(endpoints)) if output.status.success() => Ok(endpoints),
            Some(Event::Failed { exit, message, hint }) => {
                Err(Error::Start { exit, message, hint, log })
            }
            _ => Err(Error::Answer { program, log }),
        }
    }

    /// `regenesis purge`. A stack that does not exist is not an error.
    pub(crate) fn purge(&self, name: &str) {
        let _ = self.command().args(["purge", name, "--yes"]).output();
    }
}
