//! Waiting for a lock that another process holds: with a time limit, and naming the holder.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::io::clock::{Stopwatch, pause};
use crate::io::console::Console;
#[cfg(feature = "host")]
use crate::io::disk;

/// How often a lock, or a file that another process will write, is checked.
pub const POLL: Duration = Duration::from_millis(100);

/// How long a wait stays silent.
const SILENT: Duration = Duration::from_secs(1);

/// Another process did not release a lock within the limit.
#[derive(Debug, thiserror::Error)]
#[error("{path:?}: {holder} has held the lock for more than {} s", .limit.as_secs())]
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
    announced: bool,
}

impl Wait {
    /// Starts a wait of at most `limit`.
    pub fn new(limit: Duration) -> Self {
        Self { watch: Stopwatch::start(), limit, announced: false }
    }

    /// Sleeps for [`POLL`] while another process locks `file`, which is at `path`. Names that process
    /// on the console after a second.
    ///
    /// # Errors
    /// The limit is reached.
    pub fn pause(&mut self, file: &File, path: &Path, console: &Console) -> Result<(), Held> {
        let waited = self.watch.elapsed();
        if waited >= self.limit {
            let (path, holder) = (path.to_owned(), holder(file));
            return Err(Held { path, holder, limit: self.limit });
        }
        if !self.announced && waited >= SILENT {
            let (holder, path) = (holder(file), path.display());
            console.title(&format!("waiting for {holder}, which holds the lock on {path}"));
            self.announced = true;
        }
        pause(POLL);
        Ok(())
    }
}

/// Opens a file that is only locked, and creates it if it is missing.
///
/// # Errors
/// It cannot be opened.
#[cfg(feature = "host")]
pub fn open(path: &Path) -> Result<File, disk::Error> {
    File::options().append(true).create(true).open(path).map_err(disk::at(path))
}

/// The process that has locked a file, if it is visible: processes of other containers are not.
pub(crate) fn holder(file: &File) -> String {
    let unknown = || "another process".to_owned();
    let Ok(stat) = rustix::fs::fstat(file) else { return unknown() };
    let (major, minor) = (rustix::fs::major(stat.st_dev), rustix::fs::minor(stat.st_dev));
    let place = format!("{major:02x}:{minor:02x}:{}", stat.st_ino);
    let locks = std::fs::read_to_string("/proc/locks").unwrap_or_default();
    let Some(id) = locks.lines().find_map(|line| owner(line, &place)) else { return unknown() };
    match std::fs::read_to_string(format!("/proc/{id}/comm")) {
        Ok(name) => format!("process {id} ({})", name.trim().escape_debug()),
        // It has exited, and a child has inherited the lock.
        Err(_) => unknown(),
    }
}

/// The process id in a line of `/proc/locks`, if the line is a held `flock` of the file at `place`.
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
    fn the_owner_of_a_lock_is_the_holder_and_not_a_waiting_process() {
        let held = "1: FLOCK  ADVISORY  WRITE 1234 fe:00:77 0 EOF";
        assert_eq!(owner(held, "fe:00:77"), Some(1234));
        assert_eq!(owner(held, "fe:00:78"), None);
        assert_eq!(owner("1: -> FLOCK  ADVISORY  WRITE 99 fe:00:77 0 EOF", "fe:00:77"), None);
        assert_eq!(owner("1: POSIX  ADVISORY  WRITE 99 fe:00:77 0 EOF", "fe:00:77"), None);
        assert_eq!(owner("1: FLOCK  ADVISORY  WRITE -1 fe:00:77 0 EOF", "fe:00:77"), None);
    }

    #[test]
    fn a_wait_ends_and_names_the_holder() {
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
        let holder = format!(": process {} (", std::process::id());
        assert!(held.contains(&path) && held.contains(&holder), "{held}");
        assert!(held.ends_with(" has held the lock for more than 0 s"), "{held}");
    }
}
