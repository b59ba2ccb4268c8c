//! Clean ends by SIGINT, SIGTERM and SIGHUP.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError, RwLock};

/// What is removed when a signal ends the program. The signal's thread takes it for itself and
/// never gives it back: whoever changes a directory shares it meanwhile, and is waited for.
static LEFTOVER: RwLock<Option<PathBuf>> = RwLock::new(None);

/// Files that are being written under names of their own, and are removed, too.
static FILES: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// A program that is ended when a signal ends this one.
static CHILD: Mutex<Option<rustix::process::Pid>> = Mutex::new(None);

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
        if let Some(path) = leftover.as_ref() {
            let _ = std::fs::remove_dir_all(path);
        }
        // Held until the end: no further file begins.
        let files = FILES.lock().unwrap_or_else(PoisonError::into_inner);
        for path in files.iter() {
            let _ = std::fs::remove_file(path);
        }
        let child = CHILD.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(child) = *child {
            let _ = rustix::process::kill_process(child, rustix::process::Signal::TERM);
        }
        let farewell = FAREWELL.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(text) = farewell.as_ref() {
            let _ = writeln!(std::io::stderr(), "\n{}", crate::visible::line(text));
        }
        #[expect(clippy::exit, reason = "there is no main thread to return to")]
        std::process::exit(INTERRUPTED);
    })
}

/// Names the directory to remove on a signal, or that there is none.
pub fn set_leftover(path: Option<PathBuf>) {
    *LEFTOVER.write().unwrap_or_else(PoisonError::into_inner) = path;
}

/// Names a file to remove on a signal.
pub fn begin_file(path: &Path) {
    FILES.lock().unwrap_or_else(PoisonError::into_inner).push(path.to_owned());
}

/// Forgets a file: it has its place, or is removed.
pub fn end_file(path: &Path) {
    FILES.lock().unwrap_or_else(PoisonError::into_inner).retain(|known| known != path);
}

/// Names the program to end on a signal, or that there is none.
pub fn set_child(id: Option<u32>) {
    let id = id.and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw);
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
