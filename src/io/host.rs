//! This machine, for the verbs that operate stacks: ports, locks, places.

use std::fs::{File, Metadata};
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::disk::{self, at, make_directories};
use super::fs;
use super::lock::POLL;
use crate::io::clock::pause;
use crate::io::console::Console;

/// Whether a program can listen on the port. An address that is not this machine's counts as free: Docker
/// reports the error.
pub fn is_free(address: &str, port: u16) -> bool {
    match TcpListener::bind((address, port)) {
        Ok(_) => true,
        Err(error) => error.kind() != std::io::ErrorKind::AddrInUse,
    }
}

/// Whether the daemon runs on this machine: then its ports are this machine's.
pub fn daemon_is_local() -> bool {
    let is_local = |host: String| host.is_empty() || host.starts_with("unix:");
    std::env::var("DOCKER_HOST").map_or(true, is_local)
}

/// Where this program keeps the files of a stack that belong in no snapshot:
/// `$XDG_STATE_HOME/regenesis/NAME`, by default below `~/.local/state`. `None` without a home directory.
pub fn state_directory(name: &str) -> Option<PathBuf> {
    directory("XDG_STATE_HOME", ".local/state", name)
}

/// Where files are kept that can be obtained again: `$XDG_CACHE_HOME/regenesis/NAME`, by default below
/// `~/.cache`. `None` without a home directory.
pub fn cache_directory(name: &str) -> Option<PathBuf> {
    directory("XDG_CACHE_HOME", ".cache", name)
}

fn directory(variable: &str, default: &str, name: &str) -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = || Some(set("HOME")?.join(default));
    let base = set(variable).filter(|path| path.is_absolute()).or_else(home)?;
    Some(base.join("regenesis").join(name))
}

/// Creates a directory and those above it, for this user only.
///
/// # Errors
/// It cannot be created.
pub fn make_directory(path: &Path) -> Result<(), disk::Error> {
    make_directories(path, 0o700)
}

/// Removes a directory of [`state_directory`], which has only these files; another file stays, and the
/// directory with it.
///
/// # Errors
/// A file cannot be removed.
pub fn remove_state(directory: &Path, files: &[&str]) -> Result<(), disk::Error> {
    for file in files {
        let path = directory.join(file);
        if fs::exists(&path) {
            disk::remove(&path)?;
        }
    }
    let _ = std::fs::remove_dir(directory);
    Ok(())
}

/// The checkout of this repository that this program was built in.
pub fn checkout() -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?;
    let is_ours = |directory: &&Path| {
        let manifest = std::fs::read_to_string(directory.join("Cargo.toml")).unwrap_or_default();
        manifest.contains("\nname = \"regenesis\"\n") && directory.join("docker/build.sh").is_file()
    };
    program.ancestors().find(is_ours).map(Path::to_owned)
}

/// A lock, until it is dropped.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Locks a file, as `flock` in up.sh does, and waits while another process holds it. The lock ends with the
/// returned value.
///
/// # Errors
/// The file cannot be opened or locked.
pub fn lock(path: &Path, console: &Console) -> Result<Lock, disk::Error> {
    let inode = |meta: std::io::Result<Metadata>| meta.ok().map(|meta| (meta.dev(), meta.ino()));
    let mut file = open_lock(path).map_err(at(path))?;
    let mut is_announced = false;
    loop {
        match file.try_lock() {
            Ok(()) if inode(file.metadata()) == inode(path.metadata()) => break,
            // The process that held the lock has removed the file, as purge does.
            Ok(()) => {
                if let Some(parent) = path.parent() {
                    make_directory(parent)?;
                }
                file = open_lock(path).map_err(at(path))?;
                continue;
            }
            Err(std::fs::TryLockError::WouldBlock) if !is_announced => {
                console.note("another command starts or stops this stack: waiting for it");
                is_announced = true;
            }
            Err(std::fs::TryLockError::WouldBlock) => {}
            Err(std::fs::TryLockError::Error(error)) => return Err(at(path)(error)),
        }
        pause(POLL);
    }
    // Programs that this one starts inherit the lock. Compose, as a plugin of Docker, outlives a killed
    // parent: the next command must wait until it has ended.
    rustix::io::fcntl_setfd(&file, rustix::io::FdFlags::empty())
        .map_err(|error| at(path)(error.into()))?;
    Ok(Lock { _file: file })
}

/// NFS locks only a file that is open for writing; a compose file may be read-only.
fn open_lock(path: &Path) -> std::io::Result<File> {
    let file = File::options().append(true).create(true).mode(0o600).open(path);
    file.or_else(|_| File::open(path))
}

/// Free bytes of the file system at a path, for this user.
pub fn free_disk(path: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(path).ok()?;
    disk.f_bavail.checked_mul(disk.f_frsize)
}

/// Free bytes of memory, as Linux estimates them.
pub fn free_memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    kilobytes.checked_mul(1024)
}

/// The process that listens on a TCP port, if `ss` is there and may name it.
pub fn listener(port: u16) -> Option<String> {
    let line = ["ss", "-Hltnp", &format!("sport = :{port}")].map(std::ffi::OsString::from);
    let shown = super::process::capture(&line, &mut |_| (), &mut |_| ()).ok()?.stdout();
    // users:(("geth",pid=1234,fd=7))
    let (_, rest) = shown.split_once("users:((\"")?;
    let (name, rest) = rest.split_once('"')?;
    let id: String = rest.strip_prefix(",pid=")?.chars().take_while(char::is_ascii_digit).collect();
    Some(format!("{name}, process {id}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_of_the_file_that_has_the_name() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("lock");
        let console = Console::new();
        let first = lock(&path, &console).unwrap();
        std::thread::scope(|scope| {
            let second = scope.spawn(|| lock(&path, &Console::new()).unwrap());
            pause(POLL);
            // As purge does.
            std::fs::remove_file(&path).unwrap();
            drop(first);
            let second = second.join().unwrap();
            assert!(open_lock(&path).unwrap().try_lock().is_err());
            drop(second);
        });
    }
}
