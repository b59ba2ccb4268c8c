//! Other programs.

use std::ffi::OsString;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitStatus};

use super::signal;

/// A program could not do its part.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be started.
    #[error("{program}: {source}")]
    Start {
        /// The program.
        program: String,
        /// Why.
        source: std::io::Error,
    },
    /// It failed.
    #[error("{program} {}", ending(*.status))]
    Failed {
        /// The program.
        program: String,
        /// How it ended.
        status: ExitStatus,
    },
}

fn ending(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("ended with exit code {code}"),
        (None, signal) => format!("was ended by signal {}", signal.unwrap_or_default()),
    }
}

impl Error {
    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Start { source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
                Some("the program must be in the image, by its path or in PATH")
            }
            Self::Start { .. } => None,
            Self::Failed { .. } => Some("its own messages are above"),
        }
    }
}

/// The program and its arguments; `line` is not empty.
fn command(line: &[OsString]) -> (Command, String) {
    let mut command = Command::new(&line[0]);
    command.args(&line[1..]);
    (command, line[0].to_string_lossy().into_owned())
}

/// Runs a program to its end. A signal that ends this program ends that one too.
///
/// # Errors
/// It cannot be started, or fails.
pub fn run(line: &[OsString]) -> Result<(), Error> {
    let (mut command, program) = command(line);
    let started = |source| Error::Start { program: program.clone(), source };
    let mut child = command.spawn().map_err(started)?;
    signal::set_child(Some(child.id()));
    let status = child.wait();
    signal::set_child(None);
    let status = status.map_err(|source| Error::Start { program: program.clone(), source })?;
    if status.success() { Ok(()) } else { Err(Error::Failed { program, status }) }
}

/// Becomes another program: returns only if that fails.
pub fn exec(line: &[OsString]) -> Error {
    let (mut command, program) = command(line);
    Error::Start { program, source: command.exec() }
}
