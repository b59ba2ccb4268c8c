//! Locks that another process may hold: waiting for them, with an end, and saying for whom.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::clock::{Stopwatch, pause};
use super::console::Console;
use crate::lease::POLL;

/// How long a wait stays silent.
const SILENT: Duration = Duration::from_secs(1);

/// A lock that another process does not let go.
#[derive(Debug, thiserror::Error)]
#[error("{path:?} is held by {holder} for longer than {} s", .limit.as_secs())]
pub struct Held {
    path: PathBuf,
    holder: String,
    limit: Duration,
}

/// A wait for a lock.
#[derive(Debug)]
pub struct Wait {
    watch: Stopwatch,
    limit: Duration,
    said: bool,
}

impl Wait {
    /// Begins a wait that ends after `limit`.
    pub fn new(limit: Duration) -> Self {
        Self { watch: Stopwatch::start(), limit, said: false }
    }

    /// Waits a moment for whoever has locked `file`, which is at `path`.
    ///
    /// # Errors
    /// The wait is over.
    pub fn pause(&mut self, file: &File, path: &Path, console: &Console) -> Result<(), Held> {
        let waited = self.watch.elapsed();
        if waited >= self.limit {
            let (path, holder) = (path.to_owned(), holder(file));
            return Err(Held { path, holder, limit: self.limit });
        }
        if !self.said && waited >= SILENT {
            let (holder, path) = (holder(file), path.display());
            console.title(&format!("waiting for {holder}, which holds {path}"));
            self.said = true;
        }
        pause(POLL);
        Ok(())
    }
}

/// Who has locked a file, as far as it can be seen: not from another container.
fn holder(file: &File) -> String {
    let unknown = || "another process".to_owned();
    let Ok(stat) = rustix::fs::fstat(file) else { return unknown() };
    let (major, minor) = (rustix::fs::major(stat.st_dev), rustix::fs::minor(stat.st_dev));
    let place = format!("{major:02x}:{minor:02x}:{}", stat.st_ino);
    let locks = std::fs::read_to_string("/proc/locks").unwrap_or_default();
    let Some(id) = locks.lines().find_map(|line| owner(line, &place)) else { return unknown() };
    match std::fs::read_to_string(format!("/proc/{id}/comm")) {
        Ok(name) => format!("process {id} ({})", name.trim().escape_debug()),
        // Its child has the lock from it.
        Err(_) => unknown(),
    }
}

/// The process of a line of `/proc/locks`, if it holds the `flock` of the file at `place`.
fn owner(line: &str, place: &str) -> Option<u32> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    match fields[..] {
        [_, "FLOCK", _, _, id, locked, ..] if locked == place => id.parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_holder_of_a_lock_is_found_and_who_waits_for_it_is_not() {
        let held = "1: FLOCK  ADVISORY  WRITE 1234 fe:00:77 0 EOF";
        assert_eq!(owner(held, "fe:00:77"), Some(1234));
        assert_eq!(owner(held, "fe:00:78"), None);
        assert_eq!(owner("1: -> FLOCK  ADVISORY  WRITE 99 fe:00:77 0 EOF", "fe:00:77"), None);
        assert_eq!(owner("1: POSIX  ADVISORY  WRITE 99 fe:00:77 0 EOF", "fe:00:77"), None);
        assert_eq!(owner("1: FLOCK  ADVISORY  WRITE -1 fe:00:77 0 EOF", "fe:00:77"), None);
    }

    #[test]
    fn a_wait_ends_and_says_for_whom_it_was() {
        let file = tempfile::NamedTempFile::new().unwrap();
        file.as_file().lock().unwrap();
        let console = Console::new();
        let mut wait = Wait::new(Duration::from_millis(150));
        let mut pauses = 0;
        let held = loop {
            match wait.pause(file.as_file(), file.path(), &console) {
                Ok(()) => pauses += 1,
                Err(held) => break held.to_string(),
            }
        };
        assert!((1..=2).contains(&pauses), "{pauses}");
        let path = file.path().display().to_string();
        let holder = format!("is held by process {} (", std::process::id());
        assert!(held.contains(&path) && held.contains(&holder), "{held}");
    }
}
