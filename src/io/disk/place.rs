//! Checks of the entry at a path, and names that are free.

use std::fs::Metadata;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::{Error, at};
use crate::io::platform;
use crate::io::random;

/// The part of a temporary name before its random digits.
const INFIX: &str = ".regenesis-";
/// Hex digits of 64 random bits.
const DIGITS: usize = 16;

/// A free name beside `path`: it ends in 64 random bits. The caller creates its entry exclusively.
///
/// # Errors
/// The system has no randomness.
pub(crate) fn beside(path: &Path) -> Result<PathBuf, Error> {
    let random = random::draw().map_err(at(path))?;
    let name = path.file_name().unwrap_or_default();
    let hidden = name.as_encoded_bytes().starts_with(b".");
    let mut temporary = std::ffi::OsString::from(if hidden { "" } else { "." });
    temporary.push(name);
    temporary.push(format!("{INFIX}{}", hex::encode(&random[..DIGITS / 2])));
    Ok(path.with_file_name(temporary))
}

/// What a name that [`beside`] chooses has before its random end: a dot, and the name of the place.
pub(crate) fn temporary_stem(name: &[u8]) -> Option<&[u8]> {
    let (rest, digits) = name.split_at_checked(name.len().checked_sub(DIGITS)?)?;
    let stem = rest.strip_suffix(INFIX.as_bytes())?;
    (stem.starts_with(b".") && digits.iter().all(u8::is_ascii_hexdigit)).then_some(stem)
}

/// Renames `from` to `to`, which must not exist.
///
/// # Errors
/// `to` exists, or the rename fails.
pub(crate) fn rename_new(from: &Path, to: &Path) -> Result<(), Error> {
    use rustix::fs::CWD;
    use rustix::io::Errno;
    match platform::rename_new(CWD, from, CWD, to) {
        Ok(()) => Ok(()),
        Err(Errno::EXIST) => Err(Error::Exists(to.to_owned())),
        Err(error) => Err(at(to)(error.into())),
    }
}

/// Checks that `path` is a regular file, or does not exist.
///
/// # Errors
/// It is something else, or cannot be inspected.
pub fn check_file(path: &Path) -> Result<(), Error> {
    match path.symlink_metadata() {
        Ok(meta) if meta.is_file() => Ok(()),
        Ok(meta) => {
            Err(Error::Kind { path: path.to_owned(), is: kind(&meta), belongs: "a regular file" })
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(at(path)(error)),
    }
}

/// Checks that `path` is a directory, not a link to one, or does not exist. Returns whether it exists.
///
/// # Errors
/// It is something else, or cannot be inspected.
pub fn check_directory(path: &Path) -> Result<bool, Error> {
    match path.symlink_metadata() {
        Ok(meta) if meta.is_dir() => Ok(true),
        Ok(meta) => {
            Err(Error::Kind { path: path.to_owned(), is: kind(&meta), belongs: "a directory" })
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(at(path)(error)),
    }
}

/// Removes a regular file, if it exists.
///
/// # Errors
/// It cannot be removed, or is not a regular file.
pub fn remove_file(path: &Path) -> Result<(), Error> {
    check_file(path)?;
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(at(path)(error)),
        _ => Ok(()),
    }
}

/// The kind of a directory entry, in words.
fn kind(meta: &Metadata) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    let kind = meta.file_type();
    match () {
        () if kind.is_symlink() => "a symbolic link",
        () if kind.is_dir() => "a directory",
        () if kind.is_fifo() => "a FIFO",
        () if kind.is_socket() => "a socket",
        () if kind.is_file() => "a file",
        () => "a device",
    }
}
