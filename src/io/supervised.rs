//! A child process under supervision: signals reach it, its exit code is kept, and it never outlives this
//! process. This process also reaps orphans, as process 1 of a container must.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::Stdio;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nix::sys::signal::{SigSet, Signal as Received};
use rustix::io::{Errno, retry_on_intr};
use rustix::process::{
    Pid, Signal, WaitOptions, WaitStatus, kill_process, kill_process_group, wait,
};

use crate::io::clock::{Stopwatch, pause};
use crate::io::process::{Error, tied};
use crate::io::{platform, signal};

/// The signals that reach the child.
const FORWARDED: [Received; 6] = [
    Received::SIGHUP,
    Received::SIGINT,
    Received::SIGQUIT,
    Received::SIGTERM,
    Received::SIGUSR1,
    Received::SIGUSR2,
];
/// Those of them that ask this process to end, too.
const ENDING: [Received; 3] = [Received::SIGHUP, Received::SIGINT, Received::SIGTERM];

/// How long a child may take to end after SIGTERM, before SIGKILL; as Docker's default.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// How often the end of a child is checked while it stops.
const POLL: Duration = Duration::from_millis(20);

/// What the signal thread and the main thread share.
struct State {
    /// Whether signals are for the child; otherwise they end this process.
    forwards: bool,
    /// While this is locked the child is not reaped, so its process id is not reused.
    child: Option<Pid>,
    is_stopped: bool,
}

static STATE: Mutex<State> = Mutex::new(State { forwards: false, child: None, is_stopped: false });

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn forwarded() -> SigSet {
    FORWARDED.into_iter().collect()
}

/// Receives signals, instead of [`signal::install`]. Call it before any thread starts: each inherits the
/// mask.
///
/// # Errors
/// The system refuses.
pub fn install() -> std::io::Result<()> {
    forwarded().thread_block()?;
    platform::adopt_orphans()?;
    std::thread::Builder::new().spawn(|| {
        let signals = forwarded();
        loop {
            if let Ok(signal) = signals.wait() {
                receive(signal);
            }
        }
    })?;
    Ok(())
}

/// Restores the signals of a program that is about to be executed: it inherits the mask.
pub(super) fn restore_signals() -> std::io::Result<()> {
    Ok(forwarded().thread_unblock()?)
}

fn receive(received: Received) {
    let ends = ENDING.contains(&received);
    let mut state = state();
    if !state.forwards {
        drop(state);
        if ends {
            signal::interrupt();
        }
        return;
    }
    state.is_stopped |= ends;
    if let (Some(child), Some(signal)) = (state.child, Signal::from_named_raw(received as i32)) {
        let _ = kill_process(child, signal);
    }
}

/// Whether a signal has asked this process to end.
pub fn is_stopped() -> bool {
    state().is_stopped
}

/// Lets signals end this process again. Returns whether none has asked it to end.
pub fn release() -> bool {
    let mut state = state();
    state.forwards = state.is_stopped;
    !state.is_stopped
}

/// The child. It leads a process group and has no stdin: a background process group that reads the
/// terminal is stopped.
#[derive(Debug)]
pub struct Supervised {
    id: Pid,
}

impl Supervised {
    /// Starts a program, with these variables beside those of this process. Call it from the main
    /// thread: the kernel kills the child when the thread that started it ends.
    ///
    /// # Errors
    /// This program cannot be started. A missing child fails as a child: exit code 6.
    pub fn start(line: &[OsString], variables: &[(&str, &str)]) -> Result<Self, Error> {
        let (mut command, program) = tied(line)?;
        command.envs(variables.iter().copied());
        command.stdin(Stdio::null()).process_group(0);
        signal::uninterrupted(|| {
            let mut state = state();
            let child = command.spawn().map_err(|source| Error::Start { program, source })?;
            let id = Pid::from_child(&child);
            (state.forwards, state.child) = (true, Some(id));
            Ok(Self { id })
        })
    }

    /// Reaps every process that has ended. Returns the child's exit code once it has: 128 and the number
    /// of the signal that killed it.
    ///
    /// # Errors
    /// The system refuses.
    pub fn poll(&self) -> std::io::Result<Option<u8>> {
        let mut state = state();
        loop {
            match retry_on_intr(|| wait(WaitOptions::NOHANG)) {
                Ok(Some((id, status))) if id == self.id => {
                    state.child = None;
                    return Ok(Some(code(status)));
                }
                Ok(Some(_)) => {}
                Ok(None) | Err(Errno::CHILD) => return Ok(None),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Ends the child: SIGTERM, and SIGKILL after [`PATIENCE`]. Kills what it leaves in its process
    /// group. Returns its exit code.
    ///
    /// # Errors
    /// The system refuses.
    pub fn stop(&self) -> std::io::Result<u8> {
        self.send(Signal::TERM);
        let watch = Stopwatch::start();
        let mut is_killed = false;
        let code = loop {
            if let Some(code) = self.poll()? {
                break code;
            }
            if !is_killed && watch.elapsed() >= PATIENCE {
                let _ = kill_process_group(self.id, Signal::KILL);
                is_killed = true;
            }
            pause(POLL);
        };
        let _ = kill_process_group(self.id, Signal::KILL);
        Ok(code)
    }

    fn send(&self, signal: Signal) {
        if state().child == Some(self.id) {
            let _ = kill_process(self.id, signal);
        }
    }
}

fn code(status: WaitStatus) -> u8 {
    let code = match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => code,
        (None, signal) => 128 + signal.unwrap_or_default(),
    };
    u8::try_from(code).unwrap_or(u8::MAX)
}
