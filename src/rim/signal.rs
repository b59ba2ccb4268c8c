//! Clean ends by SIGINT, SIGTERM and SIGHUP.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError, RwLock};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};

use super::clock::{Stopwatch, pause};

/// What is removed when a signal ends the program. The signal's thread takes it for itself and
/// never gives it back: whoever changes a directory shares it meanwhile, and is waited for.
static LEFTOVER: RwLock<Option<Removal>> = RwLock::new(None);

/// Removes what is of no use to a later run.
pub type Removal = Box<dyn Fn() + Send + Sync>;

/// Files that are being written under names of their own, and are removed, too.
static FILES: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// The leader of a process group that is ended before a signal ends this program.
static CHILD: Mutex<Option<Pid>> = Mutex::new(None);

/// How long the child may take to end; Docker kills everything after this time.
const GRACE: Duration = Duration::from_secs(10);

/// How often the child is looked for.
const POLL: Duration = Duration::from_millis(20);

/// What is said when a signal ends the program.
static FAREWELL: Mutex<Option<String>> = Mutex::new(None);

/// Exit code after a signal, as a shell reports SIGINT.
const INTERRUPTED: i32 = 130;

/// Removes the leftover and exits when a signal comes.
///
/// # Errors
/// The system refuses the handler.
pub fn install() -> Result<(), ctrlc::Error> {
    ctrlc::set_handler(|| {
        let leftover = LEFTOVER.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(remove) = leftover.as_ref() {
            remove();
        }
        // Held until the end: no further file begins.
        let files = FILES.lock().unwrap_or_else(PoisonError::into_inner);
        for path in files.iter() {
            let _ = std::fs::remove_file(path);
        }
        end_child();
        let farewell = FAREWELL.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(text) = farewell.as_ref() {
            let _ = writeln!(std::io::stderr(), "\n{}", crate::visible::line(text));
        }
        #[expect(clippy::exit, reason = "there is no main thread to return to")]
        std::process::exit(INTERRUPTED);
    })
}

/// Asks the child to end, waits until it has, and kills it if it does not.
fn end_child() {
    for signal in [Signal::TERM, Signal::KILL] {
        let watch = Stopwatch::start();
        let mut sent = false;
        while watch.elapsed() < GRACE {
            // While this is locked, the child is not reaped, and its number is its own.
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

/// Names the directory to remove on a signal with all that is in it, or that there is none.
pub fn set_leftover(path: Option<PathBuf>) {
    set_removal(path.map(|path| -> Removal {
        Box::new(move || {
            let _ = std::fs::remove_dir_all(&path);
        })
    }));
}

/// Sets what a signal removes. It must not call [`uninterrupted`], which waits for the signal's end.
pub fn set_removal(removal: Option<Removal>) {
    *LEFTOVER.write().unwrap_or_else(PoisonError::into_inner) = removal;
}

/// Names a file to remove on a signal.
pub fn begin_file(path: &Path) {
    FILES.lock().unwrap_or_else(PoisonError::into_inner).push(path.to_owned());
}

/// Forgets a file: it has its place, or is removed.
pub fn end_file(path: &Path) {
    FILES.lock().unwrap_or_else(PoisonError::into_inner).retain(|known| known != path);
}

/// Names the leader of the process group to end on a signal, or that there is none.
pub fn set_child(id: Option<u32>) {
    let id = id.and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    *CHILD.lock().unwrap_or_else(PoisonError::into_inner) = id;
}

/// Sets what is said on a signal, or that nothing is.
pub fn set_farewell(text: Option<String>) {
    *FAREWELL.lock().unwrap_or_else(PoisonError::into_inner) = text;
}

/// Runs `work` so that a signal takes effect before it or after it. Not to be nested.
pub fn uninterrupted<T>(work: impl FnOnce() -> T) -> T {
    let _shared = LEFTOVER.read().unwrap_or_else(PoisonError::into_inner);
    work()
}
