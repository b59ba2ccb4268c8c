//! A mark by which regenesis knows a directory again as its own.
//!
//! The mark names the directory that it is bound to by inode and time of birth, which no copy has.
//! Directories without a valid mark are somebody else's, whatever their names.

use std::io::{ErrorKind, Read};
use std::path::Path;

use rustix::fs::CWD;

use super::disk::{Error, at, check_file};
use super::{atomic_file, platform};
use crate::lease::mark::Identity;

/// No mark is longer.
const MAX: u64 = 4096;

/// Marks `directory` by the file `mark`: `what` says what the directory is for.
///
/// # Errors
/// The directory cannot be seen, or the mark not written.
pub(super) fn set(mark: &Path, what: &str, directory: &Path) -> Result<(), Error> {
    atomic_file::replace(mark, text(what, directory)?.as_bytes(), 0o644)
}

/// Whether the file `mark` marks `directory` for `what`.
///
/// # Errors
/// The mark is there, and cannot be read.
pub(super) fn is_set(mark: &Path, what: &str, directory: &Path) -> Result<bool, Error> {
    check_file(mark)?;
    let mut found = String::new();
    let read = std::fs::File::open(mark).and_then(|file| file.take(MAX).read_to_string(&mut found));
    match read {
        Ok(_) => Ok(found == text(what, directory)?),
        Err(error) if [ErrorKind::NotFound, ErrorKind::InvalidData].contains(&error.kind()) => {
            Ok(false)
        }
        Err(error) => Err(at(mark)(error)),
    }
}

fn text(what: &str, directory: &Path) -> Result<String, Error> {
    let found = platform::identity(CWD, directory).map_err(|error| at(directory)(error.into()))?;
    let Identity { inode, birth, device } = found;
    let birth = birth.map(|(seconds, nanoseconds)| format!(", born {seconds}.{nanoseconds:09}"));
    let device = device.map(|(major, minor)| format!(", device {major}:{minor}"));
    let made = birth.or(device).unwrap_or_default();
    Ok(format!("regenesis mark 1: {what}, inode {inode}{made}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_of_its_directory_alone() {
        let place = tempfile::tempdir().unwrap();
        let (own, other) = (place.path().join("own"), place.path().join("other"));
        std::fs::create_dir(&own).unwrap();
        std::fs::create_dir(&other).unwrap();
        let is_set = |directory: &Path| is_set(&directory.join("mark"), "test", directory);
        assert!(!is_set(&own).unwrap());
        set(&own.join("mark"), "test", &own).unwrap();
        assert!(is_set(&own).unwrap());
        // A copy is none, nor is a mark for another purpose.
        std::fs::copy(own.join("mark"), other.join("mark")).unwrap();
        assert!(!is_set(&other).unwrap());
        set(&other.join("mark"), "another test", &other).unwrap();
        assert!(!is_set(&other).unwrap());
        // What is no text is no mark; what is no file is a fault.
        std::fs::write(other.join("mark"), b"\xff").unwrap();
        assert!(!is_set(&other).unwrap());
        std::fs::remove_file(other.join("mark")).unwrap();
        std::os::unix::fs::symlink(own.join("mark"), other.join("mark")).unwrap();
        assert!(matches!(is_set(&other), Err(Error::Kind { .. })));
        // The directory keeps its mark under another name.
        let moved = place.path().join("moved");
        std::fs::rename(&own, &moved).unwrap();
        assert!(is_set(&moved).unwrap());
    }
}
