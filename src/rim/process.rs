//! Other programs.

use std::ffi::OsString;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, getppid, kill_process_group, waitid};

use super::{platform, signal};

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

/// The hidden verb by which [`run`] starts a program.
pub const STEP: &str = "run-step";

/// Runs a program to its end. Whatever ends this program ends that one too; a signal only after that
/// one has ended, and then this does not return.
///
/// The program starts by way of this one, which has itself killed with its parent first. It leads a
/// process group, so that what it started itself ends with it.
///
/// # Errors
/// It cannot be started, or fails.
pub fn run(line: &[OsString]) -> Result<(), Error> {
    let (_, program) = command(line);
    let cannot = |source| Error::Start { program: program.clone(), source };
    let mut command = Command::new(platform::own_program().map_err(cannot)?);
    command.arg(STEP).arg(std::process::id().to_string()).arg("--").args(line);
    // In a group of its own it could not read the terminal, but only be stopped by it.
    command.stdin(Stdio::null()).process_group(0);
    let mut child = signal::uninterrupted(|| {
        let child = command.spawn().map_err(cannot)?;
        signal::set_child(Some(child.id()));
        Ok(child)
    })?;
    let ended = wait(&mut child);
    // Waits for ever if a signal is ending this program.
    signal::uninterrupted(|| ());
    let status = ended.map_err(cannot)?;
    if status.success() { Ok(()) } else { Err(Error::Failed { program, status }) }
}

/// Waits for a step; if it fails, kills what it left behind.
fn wait(child: &mut Child) -> std::io::Result<ExitStatus> {
    let id = Pid::from_child(child);
    // Its number is not given to another process until it is reaped.
    let peek = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    let ended = rustix::io::retry_on_intr(|| waitid(WaitId::Pid(id), peek))?;
    if ended.and_then(|ended| ended.exit_status()) != Some(0) {
        let _ = kill_process_group(id, Signal::KILL);
    }
    signal::set_child(None);
    child.wait()
}

/// Becomes the program of a step of process `parent`, to be killed with it: returns only if that
/// fails.
pub fn become_step(parent: u32, line: &[OsString]) -> Error {
    let (_, program) = command(line);
    if let Err(source) = platform::die_with_parent() {
        return Error::Start { program, source };
    }
    // It may have ended before that.
    let now = getppid().map(Pid::as_raw_nonzero).map(std::num::NonZero::get);
    if now != i32::try_from(parent).ok() {
        return Error::Start { program, source: std::io::ErrorKind::Interrupted.into() };
    }
    exec(line)
}

/// Becomes another program: returns only if that fails.
pub fn exec(line: &[OsString]) -> Error {
    let (mut command, program) = command(line);
    Error::Start { program, source: command.exec() }
}
