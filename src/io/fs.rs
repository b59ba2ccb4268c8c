//! Reading files: every error names the path.

mod pieces;

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::file::{Input, InputReader as _, LongLine};
use crate::io::open;
use crate::placeholder;

pub use self::pieces::{
    Files, copy_range, each_lines, each_piece, length, line_of, open, open_range, read_range,
    sha256,
};
pub(crate) use crate::io::platform::start_writeback;

/// Bytes that are read of a log.
const MAX_LOG: u64 = 256 << 20;

/// How many bytes are written before writeback starts.
pub(crate) const STRIDE: u64 = 32 << 20;

/// A file could not be read.
#[derive(Debug, thiserror::Error)]
#[error("{}: {source}", path.display())]
pub struct Error {
    /// The file.
    pub path: PathBuf,
    /// The cause.
    pub source: std::io::Error,
}

impl Error {
    /// The remedy.
    pub fn hint(&self) -> Option<&'static str> {
        if open::is_no_file(&self.source) {
            return Some("replace it with a regular file that contains the data");
        }
        if self.source.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<LongLine>)
        {
            return Some("the file is damaged: generate it again");
        }
        match self.source.kind() {
            std::io::ErrorKind::NotFound => placeholder::variable(&self.path.to_string_lossy())
                .or(Some("check the path; in a container, check the mount")),
            std::io::ErrorKind::IsADirectory => Some(
                "if the source of a bind mount is missing, Docker creates a directory: mount the \
                 directory above it",
            ),
            std::io::ErrorKind::PermissionDenied => {
                Some("check owner and mode: the user that runs regenesis must be able to read it")
            }
            _ => None,
        }
    }
}

pub(crate) fn at(path: &Path) -> impl FnOnce(std::io::Error) -> Error + '_ {
    |source| Error { path: path.to_owned(), source }
}

fn open_file(path: &Path) -> Result<File, Error> {
    open::file(path).map_err(at(path))
}

/// Whether `path` exists. A path that may not be looked up counts as existing: reading it returns
/// the reason.
pub fn exists(path: &Path) -> bool {
    match path.metadata() {
        Ok(_) => true,
        Err(error) => error.kind() == std::io::ErrorKind::PermissionDenied,
    }
}

/// The absolute path of a file or directory, with symbolic links resolved.
///
/// # Errors
/// It does not exist.
pub fn canonical(path: &Path) -> Result<PathBuf, Error> {
    path.canonicalize().map_err(at(path))
}

/// The permission bits of a file.
///
/// # Errors
/// It does not exist.
#[cfg(feature = "host")]
pub fn mode(path: &Path) -> Result<u32, Error> {
    use std::os::unix::fs::MetadataExt as _;
    Ok(path.metadata().map_err(at(path))?.mode() & 0o7777)
}

/// Whether `path` is a directory.
///
/// # Errors
/// It exists, or is a symbolic link, and cannot be inspected.
pub fn is_directory(path: &Path) -> Result<bool, Error> {
    match path.metadata() {
        Ok(meta) => Ok(meta.is_dir()),
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(at(path)(error)),
        Err(error) if path.is_symlink() => {
            let target = std::fs::read_link(path).unwrap_or_default();
            let message = format!("it is a symbolic link to {}: {error}", target.display());
            Err(at(path)(std::io::Error::new(error.kind(), message)))
        }
        Err(_) => Ok(false),
    }
}

/// Reads an input into memory.
///
/// # Errors
/// The file cannot be read, or is larger than 256 MiB.
pub fn read(input: &Input) -> Result<Vec<u8>, Error> {
    Ok(Files.read(input)?)
}

/// Whether any user may execute the file at a path.
#[cfg(feature = "host")]
pub fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata().is_ok_and(|found| found.permissions().mode() & 0o111 != 0)
}

/// Where a symbolic link leads; empty for anything else.
#[cfg(feature = "host")]
pub fn link_target(path: &Path) -> PathBuf {
    std::fs::read_link(path).unwrap_or_default()
}

/// Reads a file into memory.
///
/// # Errors
/// As [`read`].
pub fn read_file(path: &Path) -> Result<Vec<u8>, Error> {
    read(&Input::file(path.to_owned()))
}

/// Reads the last 256 MiB of a log, or stdin for `-`.
///
/// # Errors
/// It cannot be read.
pub fn read_log(path: &Path) -> Result<Vec<u8>, Error> {
    let mut log = Vec::new();
    let stream: Box<dyn Read> = if path == Path::new("-") {
        Box::new(std::io::stdin())
    } else {
        let mut file = open_file(path)?;
        let meta = file.metadata().map_err(at(path))?;
        if meta.is_file() {
            let start = meta.len().saturating_sub(MAX_LOG);
            file.seek(SeekFrom::Start(start)).map_err(at(path))?;
        }
        Box::new(file)
    };
    stream.take(MAX_LOG).read_to_end(&mut log).map_err(at(path))?;
    Ok(log)
}
