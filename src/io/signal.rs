//! Clean exits on SIGINT, SIGTERM and SIGHUP.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError, RwLock};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};

use crate::io::clock::{Stopwatch, pause};
use crate::io::disk;

/// The removal that runs when a signal ends the program. The signal thread locks it exclusively and
/// never releases it; code that changes directories holds a shared lock, so that the thread waits.
static LEFTOVER: RwLock<Option<Removal>> = RwLock::new(None);

/// Removes files that no later run can use.
pub type Removal = Box<dyn Fn() + Send + Sync>;

/// Temporary files and directories that are being written; removed on a signal.
static FILES: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// The leader of the process group that must end before a signal ends this program.
static CHILD: Mutex<Option<Pid>> = Mutex::new(None);

/// How long the child may take to end; Docker kills the container after this time.
const GRACE: Duration = Duration::from_secs(10);

/// How often the child is checked.
const POLL: Duration = Duration::from_millis(20);

/// The message when a signal ends the program.
static FAREWELL: Mutex<Option<String>> = Mutex::new(None);

/// Exit code after a signal, as shells report SIGINT.
const INTERRUPTED: i32 = 130;

/// Installs the handler, which removes leftovers and exits.
///
/// # Errors
/// The system refuses the handler.
pub fn install() -> Result<(), ctrlc::Error> {
    ctrlc::set_handler(|| interrupt())
}

/// Removes leftovers and exits.
pub(super) fn interrupt() -> ! {
    let leftover = LEFTOVER.write().unwrap_or_else(PoisonError::into_inner);
    if let Some(remove) = leftover.as_ref() {
        remove();
    }
    // Held until the exit: no other file is created.
    let files = FILES.lock().unwrap_or_else(PoisonError::into_inner);
    for path in files.iter() {
        let _ = disk::remove(path);
    }
    end_child();
    let farewell = FAREWELL.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(text) = farewell.as_ref() {
        let _ = writeln!(std::io::stderr(), "\n{}", crate::visible::line(text));
    }
    #[expect(clippy::exit, reason = "there is no main thread to return to")]
    std::process::exit(INTERRUPTED);
}

/// Sends SIGTERM to the child, waits, and sends SIGKILL if it does not end.
fn end_child() {
    for signal in [Signal::TERM, Signal::KILL] {
        let watch = Stopwatch::start();
        let mut sent = false;
        while watch.elapsed() < GRACE {
            // While this is locked the child is not reaped, so its process id is not reused.
            let child = CHILD.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(id) = *child else { return };
            if !sent {
                let _ = kill_process_group(id, signal);
                sent = true;
            }
            drop(child);
            pause(POLL);
        }
    }
}

/// Sets the directory to remove, with its contents, on a signal.
pub fn set_leftover(path: Option<PathBuf>) {
    set_removal(path.map(|path| -> Removal {
        Box::new(move || {
            let _ = std::fs::remove_dir_all(&path);
        })
    }));
}

/// Sets the removal to run on a signal. It must not call [`uninterrupted`], which would deadlock.
pub fn set_removal(removal: Option<Removal>) {
    *LEFTOVER.write().unwrap_or_else(PoisonError::into_inner) = removal;
}

/// Adds a file or a directory to remove on a signal.
pub fn begin_file(path: &Path) {
    FILES.lock().unwrap_or_else(PoisonError::into_inner).push(path.to_owned());
}

/// Forgets it: it was renamed to its final name, or removed.
pub fn end_file(path: &Path) {
    FILES.lock().unwrap_or_else(PoisonError::into_inner).retain(|known| known != path);
}

/// Sets the leader of the process group to end on a signal.
pub fn set_child(id: Option<u32>) {
    let id = id.and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    *CHILD.lock().unwrap_or_else(PoisonError::into_inner) = id;
}

/// Sets the message on a signal.
pub fn set_farewell(text: Option<String>) {
    *FAREWELL.lock().unwrap_or_else(PoisonError::into_inner) = text;
}

/// Runs `work` so that a signal takes effect before or after it. Must not be nested.
pub fn uninterrupted<T>(work: impl FnOnce() -> T) -> T {
    let _shared = LEFTOVER.read().unwrap_or_else(PoisonError::into_inner);
    work()
}
