//! Marks: regenesis recognises its own directories by these files.
//!
//! A mark names its directory by inode and time of creation, which no copy shares. A directory without
//! a valid mark is not ours, whatever its name.

use std::io::{ErrorKind, Read};
use std::path::Path;

use rustix::fs::CWD;

use crate::identity::DirectoryIdentity;
use crate::io::atomic_file;
use crate::io::disk::{Error, at, check_file};
use crate::io::platform;

/// Marks are shorter.
const MAX: u64 = 4096;

/// Writes the file `mark`, which marks `directory` for `purpose`.
///
/// # Errors
/// The directory cannot be inspected, or the mark cannot be written.
pub(crate) fn set(mark: &Path, purpose: &str, directory: &Path) -> Result<(), Error> {
    atomic_file::replace(mark, text(purpose, directory)?.as_bytes(), 0o644)
}

/// Whether the file `mark` marks `directory` for `purpose`.
///
/// # Errors
/// The mark exists and cannot be read.
pub(crate) fn is_set(mark: &Path, purpose: &str, directory: &Path) -> Result<bool, Error> {
    check_file(mark)?;
    let mut found = String::new();
    let read = std::fs::File::open(mark).and_then(|file| file.take(MAX).read_to_string(&mut found));
    match read {
        Ok(_) => Ok(found == text(purpose, directory)?),
        Err(error) if [ErrorKind::NotFound, ErrorKind::InvalidData].contains(&error.kind()) => {
            Ok(false)
        }
        Err(error) => Err(at(mark)(error)),
    }
}

fn text(purpose: &str, directory: &Path) -> Result<String, Error> {
    let found = platform::identity(CWD, directory).map_err(|error| at(directory)(error.into()))?;
    let DirectoryIdentity { inode, birth, device } = found;
    let birth = birth.map(|(seconds, nanoseconds)| format!(", born {seconds}.{nanoseconds:09}"));
    let device = device.map(|(major, minor)| format!(", device {major}:{minor}"));
    let created = birth.or(device).unwrap_or_default();
    Ok(format!("regenesis mark 1: {purpose}, inode {inode}{created}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_valid_only_in_its_directory() {
        let place = tempfile::tempdir().unwrap();
        let (own, other) = (place.path().join("own"), place.path().join("other"));
        std::fs::create_dir(&own).unwrap();
        std::fs::create_dir(&other).unwrap();
        let is_set = |directory: &Path| is_set(&directory.join("mark"), "test", directory);
        assert!(!is_set(&own).unwrap());
        set(&own.join("mark"), "test", &own).unwrap();
        assert!(is_set(&own).unwrap());
        // Copies are invalid, and so is a mark for another purpose.
        std::fs::copy(own.join("mark"), other.join("mark")).unwrap();
        assert!(!is_set(&other).unwrap());
        set(&other.join("mark"), "another test", &other).unwrap();
        assert!(!is_set(&other).unwrap());
        // A file that is not UTF-8 is no mark; anything but a file is an error.
        std::fs::write(other.join("mark"), b"\xff").unwrap();
        assert!(!is_set(&other).unwrap());
        std::fs::remove_file(other.join("mark")).unwrap();
        std::os::unix::fs::symlink(own.join("mark"), other.join("mark")).unwrap();
        assert!(matches!(is_set(&other), Err(Error::Kind { .. })));
        // A renamed directory keeps its mark.
        let moved = place.path().join("moved");
        std::fs::rename(&own, &moved).unwrap();
        assert!(is_set(&moved).unwrap());
    }
}
