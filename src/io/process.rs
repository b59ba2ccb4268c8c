//! Starting other programs.

#[cfg(feature = "host")]
mod captured;

use std::ffi::OsString;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, getppid, kill_process_group, waitid};

use crate::io::{platform, signal, supervised};
#[cfg(feature = "host")]
pub use captured::{Captured, capture, follow, pipe};
#[cfg(feature = "host")]
use captured::{all, read};

/// A program did not start, or failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It did not start.
    #[error("{program}: {source}")]
    Start {
        /// The program.
        program: String,
        /// The cause.
        source: std::io::Error,
    },
    /// It failed.
    #[error("{program} {}", ending(*.status))]
    Failed {
        /// The program.
        program: String,
        /// Its exit status.
        status: ExitStatus,
    },
    /// It failed after [`observe`], and this is the last line of its standard error.
    #[cfg(feature = "host")]
    #[error("{program} {}: {last}", ending(*.status))]
    Reported {
        /// The program.
        program: String,
        /// Its exit status.
        status: ExitStatus,
        /// The line.
        last: String,
    },
}

fn ending(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("failed with exit code {code}"),
        (None, signal) => format!("was killed by signal {}", signal.unwrap_or_default()),
    }
}

impl Error {
    /// The remedy.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Start { source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
                Some("check that the image contains the program, at this path or in PATH")
            }
            Self::Start { .. } => None,
            #[cfg(feature = "host")]
            Self::Reported { .. } => None,
            Self::Failed { .. } => Some("see the program's own messages above"),
        }
    }
}

/// The command of a command line, and the program's name; `line` is not empty.
fn command(line: &[OsString]) -> (Command, String) {
    let mut command = Command::new(&line[0]);
    command.args(&line[1..]);
    (command, line[0].to_string_lossy().into_owned())
}

/// The hidden verb through which [`run`] starts a program.
pub const STEP: &str = "run-step";

/// Runs a program to its end. The program never outlives this process; on a signal, this process waits
/// for the program to end and then exits, without returning from here.
///
/// The program starts through [`become_step`], which ties it to the life of this process. It leads a
/// process group, so that its own children end with it.
///
/// # Errors
/// It does not start, or fails.
pub fn run(line: &[OsString]) -> Result<(), Error> {
    let (mut command, program) = tied(line)?;
    let mut child = spawn(&mut command, &program)?;
    let status = end(&mut child, &program)?;
    if status.success() { Ok(()) } else { Err(Error::Failed { program, status }) }
}

/// Runs a program as [`run`] does, and returns its standard output. `on_line` gets every line of its
/// standard error.
///
/// # Errors
/// As [`run`].
#[cfg(feature = "host")]
pub fn observe(line: &[OsString], mut on_line: impl FnMut(&str)) -> Result<Vec<u8>, Error> {
    let (mut command, program) = tied(line)?;
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = spawn(&mut command, &program)?;
    let mut last = String::new();
    let output = read(&mut child, all, &mut |line| {
        let line = String::from_utf8_lossy(line.strip_suffix(b"\n").unwrap_or(line));
        on_line(&line);
        if !line.trim().is_empty() {
            last = line.into_owned();
        }
    });
    let status = end(&mut child, &program)?;
    if !status.success() {
        return Err(Error::Reported { program, status, last });
    }
    output.map_err(|source| Error::Start { program, source })
}

fn spawn(command: &mut Command, program: &str) -> Result<Child, Error> {
    // A background process group that reads the terminal is stopped.
    command.stdin(Stdio::null()).process_group(0);
    signal::uninterrupted(|| {
        let child = command.spawn();
        let child = child.map_err(|source| Error::Start { program: program.to_owned(), source })?;
        signal::set_child(Some(child.id()));
        Ok(child)
    })
}

fn end(child: &mut Child, program: &str) -> Result<ExitStatus, Error> {
    let ended = wait(child);
    // Blocks for good if a signal is ending this process.
    signal::uninterrupted(|| ());
    ended.map_err(|source| Error::Start { program: program.to_owned(), source })
}

/// Runs this program with these arguments, as [`run`] does.
///
/// # Errors
/// As [`run`].
pub fn run_own(arguments: &[OsString]) -> Result<(), Error> {
    let own = platform::own_program()
        .map_err(|source| Error::Start { program: "regenesis".to_owned(), source })?;
    let line: Vec<_> = std::iter::once(own.into()).chain(arguments.iter().cloned()).collect();
    run(&line)
}

/// The command that starts a program through [`become_step`], and the program's name.
pub(super) fn tied(line: &[OsString]) -> Result<(Command, String), Error> {
    let (_, program) = command(line);
    let own = platform::own_program()
        .map_err(|source| Error::Start { program: program.clone(), source })?;
    let mut command = Command::new(own);
    command.arg(STEP).arg(std::process::id().to_string()).arg("--").args(line);
    Ok((command, program))
}

/// Waits for a step; if it fails, kills the processes that it left behind.
fn wait(child: &mut Child) -> std::io::Result<ExitStatus> {
    let id = Pid::from_child(child);
    // The kernel does not reuse its process id until it is reaped.
    let peek = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    let ended = rustix::io::retry_on_intr(|| waitid(WaitId::Pid(id), peek))?;
    if ended.and_then(|ended| ended.exit_status()) != Some(0) {
        let _ = kill_process_group(id, Signal::KILL);
    }
    signal::set_child(None);
    child.wait()
}

/// Replaces this process with the program of a step, which the kernel kills with process `parent`.
/// Returns only on failure.
pub fn become_step(parent: u32, line: &[OsString]) -> Error {
    let (_, program) = command(line);
    if let Err(source) = platform::die_with_parent() {
        return Error::Start { program, source };
    }
    // The parent may have ended before the request.
    let now = getppid().map(Pid::as_raw_nonzero).map(std::num::NonZero::get);
    if now != i32::try_from(parent).ok() {
        return Error::Start { program, source: std::io::ErrorKind::Interrupted.into() };
    }
    if let Err(source) = supervised::restore_signals() {
        return Error::Start { program, source };
    }
    exec(line, &[])
}

/// Replaces this process with another program, with these variables beside those of this process. Returns
/// only on failure.
pub fn exec(line: &[OsString], variables: &[(&str, &str)]) -> Error {
    let (mut command, program) = command(line);
    command.envs(variables.iter().copied());
    Error::Start { program, source: command.exec() }
}
