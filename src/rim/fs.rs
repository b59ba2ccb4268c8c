//! Reading files, with the path in every error.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::snapshot::Input;

/// Nothing that is read whole is larger than this: configs, lists of validators, keystores.
const MAX_WHOLE: u64 = 256 << 20;

/// A file could not be read.
#[derive(Debug, thiserror::Error)]
#[error("{}: {source}", path.display())]
pub struct Error {
    /// The file.
    pub path: PathBuf,
    /// Why.
    pub source: std::io::Error,
}

impl Error {
    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self.source.kind() {
            std::io::ErrorKind::NotFound => Some("check the path; in a container, check the mount"),
            std::io::ErrorKind::IsADirectory => Some(
                "a bind mount whose source is missing becomes a directory: mount the directory above it",
            ),
            std::io::ErrorKind::PermissionDenied => {
                Some("check the file's owner and mode against the user that runs regenesis")
            }
            _ => None,
        }
    }
}

fn at(path: &Path) -> impl FnOnce(std::io::Error) -> Error + '_ {
    |source| Error { path: path.to_owned(), source }
}

/// Whether `path` is a file or directory that can be seen.
pub fn exists(path: &Path) -> bool {
    path.exists()
}

/// Whether `path` is a directory.
pub fn is_directory(path: &Path) -> bool {
    path.is_dir()
}

/// Opens an input for reading from its start.
///
/// # Errors
/// The file cannot be opened, or is a directory.
pub fn open(input: &Input) -> Result<Box<dyn Read>, Error> {
    match input {
        Input::Embedded(_, bytes) => Ok(Box::new(*bytes)),
        Input::File(path) => Ok(Box::new(open_file(path)?)),
    }
}

fn open_file(path: &Path) -> Result<File, Error> {
    let file = File::open(path).map_err(at(path))?;
    if file.metadata().map_err(at(path))?.is_dir() {
        return Err(at(path)(std::io::ErrorKind::IsADirectory.into()));
    }
    Ok(file)
}

/// Reads a range of an input.
///
/// # Errors
/// The file cannot be read.
pub fn open_range(input: &Input, range: std::ops::Range<u64>) -> Result<Box<dyn Read>, Error> {
    let length = range.end - range.start;
    match input {
        Input::Embedded(_, bytes) => {
            let start = usize::try_from(range.start).unwrap_or(usize::MAX).min(bytes.len());
            Ok(Box::new(bytes[start..].take(length)))
        }
        Input::File(path) => {
            let mut file = open_file(path)?;
            file.seek(SeekFrom::Start(range.start)).map_err(at(path))?;
            Ok(Box::new(file.take(length)))
        }
    }
}

/// Length of an input in bytes.
///
/// # Errors
/// The file cannot be seen.
pub fn length(input: &Input) -> Result<u64, Error> {
    match input {
        Input::Embedded(_, bytes) => Ok(bytes.len() as u64),
        Input::File(path) => Ok(std::fs::metadata(path).map_err(at(path))?.len()),
    }
}

/// Reads an input whole.
///
/// # Errors
/// The file cannot be read, or is larger than any such file.
pub fn read(input: &Input) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let label = PathBuf::from(input.label());
    let read = open(input)?.take(MAX_WHOLE + 1).read_to_end(&mut bytes).map_err(at(&label))?;
    if read as u64 > MAX_WHOLE {
        return Err(at(&label)(std::io::ErrorKind::FileTooLarge.into()));
    }
    Ok(bytes)
}

/// Reads a file whole.
///
/// # Errors
/// As [`read`].
pub fn read_file(path: &Path) -> Result<Vec<u8>, Error> {
    read(&Input::File(path.to_owned()))
}

/// The line, from 1, of byte `offset` of an input.
///
/// # Errors
/// The file cannot be read.
pub fn line_of(input: &Input, offset: u64) -> Result<u64, Error> {
    let mut reader = open_range(input, 0..offset)?;
    let mut piece = vec![0; 1 << 20];
    let mut line = 1;
    loop {
        let read = reader.read(&mut piece).map_err(at(Path::new(&input.label())))?;
        if read == 0 {
            return Ok(line);
        }
        line += memchr::memchr_iter(b'\n', &piece[..read]).count() as u64;
    }
}
