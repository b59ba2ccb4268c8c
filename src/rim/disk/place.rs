//! What is at a path, and names that nothing has yet.

use std::fs::Metadata;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::{Error, at};
use crate::rim::entropy;

/// A name beside `path` that nobody else has: it ends in 64 random bits, and whatever is made there
/// must be made exclusively.
///
/// # Errors
/// The system has no randomness.
pub(in crate::rim) fn beside(path: &Path) -> Result<PathBuf, Error> {
    let random = entropy::draw().map_err(at(path))?;
    let name = path.file_name().unwrap_or_default();
    let hidden = name.as_encoded_bytes().starts_with(b".");
    let mut temporary = std::ffi::OsString::from(if hidden { "" } else { "." });
    temporary.push(name);
    temporary.push(format!(".regenesis-{}", hex::encode(&random[..8])));
    Ok(path.with_file_name(temporary))
}

/// Renames `from` to `to`, where nothing may be.
///
/// # Errors
/// Something is there, or the rename fails.
pub(in crate::rim) fn rename_new(from: &Path, to: &Path) -> Result<(), Error> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    use rustix::io::Errno;
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        Ok(()) => Ok(()),
        Err(Errno::EXIST) => Err(Error::Exists(to.to_owned())),
        // Some file systems cannot promise it.
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
            if to.symlink_metadata().is_ok() {
                return Err(Error::Exists(to.to_owned()));
            }
            std::fs::rename(from, to).map_err(at(to))
        }
        Err(error) => Err(at(to)(error.into())),
    }
}

/// Checks that a regular file is at `path`, or nothing.
///
/// # Errors
/// Something else is there, or cannot be seen.
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

/// Checks that a real directory is at `path`, or nothing; says whether it is there.
///
/// # Errors
/// Something else is there, or cannot be seen.
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

/// Removes a regular file, if it is there.
///
/// # Errors
/// It cannot be removed, or something else is there.
pub fn remove_file(path: &Path) -> Result<(), Error> {
    check_file(path)?;
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(at(path)(error)),
        _ => Ok(()),
    }
}

/// What an entry of a directory is, in words.
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
