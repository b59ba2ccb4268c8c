//! Programs whose output is read while they run.

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};

use super::{Error, command, tied};

/// Reads both pipes of a program at once, because one that fills a pipe waits for its reader. `take`
/// gets its stdout, and its value is returned; `see` gets each line of its stderr, with its end.
pub(super) fn read<T: Send>(
    child: &mut Child,
    take: impl FnOnce(Option<ChildStdout>) -> T + Send,
    see: &mut dyn FnMut(&[u8]),
) -> T {
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    std::thread::scope(|scope| {
        let output = scope.spawn(|| take(stdout));
        let (mut lines, mut line) = (stderr.map(BufReader::new), Vec::new());
        while let Some(Ok(1..)) = lines.as_mut().map(|lines| lines.read_until(b'\n', &mut line)) {
            see(&line);
            line.clear();
        }
        output.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// All of a program's stdout.
pub(super) fn all(stdout: Option<ChildStdout>) -> std::io::Result<Vec<u8>> {
    let mut output = Vec::new();
    stdout.map(|mut stdout| stdout.read_to_end(&mut output)).transpose().map(|_| output)
}

/// The output of a program that has ended.
#[derive(Debug)]
pub struct Captured {
    status: ExitStatus,
    /// Its stdout.
    pub stdout: Vec<u8>,
    stderr: Vec<u8>,
}

impl Captured {
    /// Whether its exit code is 0.
    pub fn succeeded(&self) -> bool {
        self.status.success()
    }

    /// Its stdout as text.
    pub fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// Its stderr as text.
    pub fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }
}

/// Runs a program without input to its end, and returns its output. `see` gets each line of its stderr as it
/// comes. The program never outlives this process, as with [`run`](super::run).
///
/// # Errors
/// It does not start.
pub fn capture(
    line: &[OsString],
    prepare: &mut dyn FnMut(&mut Command),
    see: &mut dyn FnMut(&str),
) -> Result<Captured, Error> {
    let (stdout, captured) = pipe(line, prepare, all, see)?;
    let program = line[0].to_string_lossy().into_owned();
    let stdout = stdout.map_err(|source| Error::Start { program, source })?;
    Ok(Captured { stdout, ..captured })
}

/// Runs a program as [`capture`] does, but gives its stdout to `take` as it comes. If `take` stops before the
/// end, the closed pipe ends the program.
///
/// # Errors
/// It does not start.
pub fn pipe<T: Send>(
    line: &[OsString],
    prepare: &mut dyn FnMut(&mut Command),
    take: impl FnOnce(Option<ChildStdout>) -> T + Send,
    see: &mut dyn FnMut(&str),
) -> Result<(T, Captured), Error> {
    // The step that ties it to this process would hide that it is missing.
    let (_, program) = command(line);
    if !is_in_path(&program) {
        return Err(Error::Start { program, source: std::io::ErrorKind::NotFound.into() });
    }
    let (mut command, program) = tied(line)?;
    let start_error = |source| Error::Start { program: program.clone(), source };
    prepare(&mut command);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    let mut child = command.spawn().map_err(start_error)?;
    let mut stderr = Vec::new();
    let output = read(&mut child, take, &mut |line| {
        see(String::from_utf8_lossy(line).trim_end());
        stderr.extend_from_slice(line);
    });
    let status = child.wait().map_err(start_error)?;
    Ok((output, Captured { status, stdout: Vec::new(), stderr }))
}

/// Runs a program without input to its end. `see` gets each line of its stdout and of its stderr as it comes,
/// from two threads. The program never outlives this process, as with [`run`](super::run).
///
/// # Errors
/// It does not start.
pub fn follow(line: &[OsString], see: &(dyn Fn(&str) + Sync)) -> Result<(), Error> {
    let (mut command, program) = tied(line)?;
    let start_error = |source| Error::Start { program: program.clone(), source };
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    let mut child = command.spawn().map_err(start_error)?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    std::thread::scope(|scope| {
        if let Some(stdout) = stdout {
            scope.spawn(|| each_line(stdout, see));
        }
        if let Some(stderr) = stderr {
            each_line(stderr, see);
        }
    });
    child.wait().map(|_| ()).map_err(start_error)
}

fn each_line(pipe: impl std::io::Read, see: &(dyn Fn(&str) + Sync)) {
    let (mut lines, mut line) = (BufReader::new(pipe), Vec::new());
    while let Ok(1..) = lines.read_until(b'\n', &mut line) {
        see(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']));
        line.clear();
    }
}

/// Whether a name without a slash is a program in `PATH`.
fn is_in_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    program.contains('/') || std::env::split_paths(&path).any(|dir| dir.join(program).is_file())
}
