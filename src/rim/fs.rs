//! Reading files, with the path in every error.

use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Read, Seek, SeekFrom};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::open;
use crate::snapshot::Input;

/// Nothing that is read whole is larger than this: configs, lists of validators, keystores.
const MAX_WHOLE: u64 = 256 << 20;

/// No line of a file that is read by lines is longer: a keystore has less than 2 KiB.
const MAX_LINE: u64 = 1 << 20;

/// A line that no file of ours has.
#[derive(Debug, thiserror::Error)]
#[error("line {0} is longer than {MAX_LINE} bytes")]
struct LongLine(u64);

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
        if open::is_no_file(&self.source) {
            return Some(
                "put a copy of the data in its place: reading anything else may never end",
            );
        }
        if self.source.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<LongLine>)
        {
            return Some("the file is damaged: make it again");
        }
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

/// What is held in memory of a file that is read in pieces.
const PIECE: usize = 1 << 20;

fn at(path: &Path) -> impl FnOnce(std::io::Error) -> Error + '_ {
    |source| Error { path: path.to_owned(), source }
}

fn open_file(path: &Path) -> Result<File, Error> {
    open::file(path).map_err(at(path))
}

/// Whether something is at `path`. What may not be looked for is not missing: reading it says why.
pub fn exists(path: &Path) -> bool {
    match path.metadata() {
        Ok(_) => true,
        Err(error) => error.kind() == std::io::ErrorKind::PermissionDenied,
    }
}

/// The absolute path of a file or directory, without links.
///
/// # Errors
/// It is not there.
pub fn canonical(path: &Path) -> Result<PathBuf, Error> {
    path.canonicalize().map_err(at(path))
}

/// Whether everybody may read an input, which is no secret then.
pub fn is_public(input: &Input) -> bool {
    match input {
        Input::Embedded(..) => true,
        Input::Made(..) => false,
        Input::File(path) => {
            std::fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o004 != 0)
        }
    }
}

/// Whether `path` is a directory.
///
/// # Errors
/// It is there, or leads somewhere, and cannot be seen.
pub fn is_directory(path: &Path) -> Result<bool, Error> {
    match path.metadata() {
        Ok(meta) => Ok(meta.is_dir()),
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(at(path)(error)),
        Err(error) if path.is_symlink() => {
            let target = std::fs::read_link(path).unwrap_or_default();
            let what = format!("it is a symbolic link to {}: {error}", target.display());
            Err(at(path)(std::io::Error::new(error.kind(), what)))
        }
        Err(_) => Ok(false),
    }
}

/// Opens an input for reading from its start.
///
/// # Errors
/// The file cannot be opened, or is no regular file.
pub fn open(input: &Input) -> Result<Box<dyn Read + Send>, Error> {
    match input {
        Input::Embedded(_, bytes) => Ok(Box::new(*bytes)),
        Input::Made(_, bytes) => Ok(Box::new(Cursor::new(bytes.clone()))),
        Input::File(path) => Ok(Box::new(open_file(path)?)),
    }
}

/// Reads a range of an input.
///
/// # Errors
/// The file cannot be read.
pub fn open_range(
    input: &Input,
    range: std::ops::Range<u64>,
) -> Result<Box<dyn Read + Send>, Error> {
    let length = range.end - range.start;
    match input {
        Input::Embedded(_, bytes) => {
            let start = usize::try_from(range.start).unwrap_or(usize::MAX).min(bytes.len());
            Ok(Box::new(bytes[start..].take(length)))
        }
        Input::Made(_, bytes) => {
            let mut cursor = Cursor::new(bytes.clone());
            cursor.set_position(range.start);
            Ok(Box::new(cursor.take(length)))
        }
        Input::File(path) => {
            let mut file = open_file(path)?;
            file.seek(SeekFrom::Start(range.start)).map_err(at(path))?;
            Ok(Box::new(file.take(length)))
        }
    }
}

/// Appends a range of an input to `out`.
///
/// # Errors
/// The file cannot be read.
pub fn read_range(
    input: &Input,
    range: std::ops::Range<u64>,
    out: &mut Vec<u8>,
) -> Result<(), Error> {
    let label = PathBuf::from(input.label());
    open_range(input, range)?.read_to_end(out).map_err(at(&label))?;
    Ok(())
}

/// Calls `take` with the bytes of a range of an input, a piece at a time.
///
/// # Errors
/// The file cannot be read; what `take` says.
pub fn each_piece<E: From<Error>>(
    input: &Input,
    range: std::ops::Range<u64>,
    mut take: impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<(), E> {
    let label = PathBuf::from(input.label());
    let mut reader = open_range(input, range)?;
    let mut buffer = vec![0; PIECE];
    loop {
        match reader.read(&mut buffer).map_err(at(&label))? {
            0 => return Ok(()),
            read => take(&buffer[..read])?,
        }
    }
}

/// Calls `take` with whole lines of an input, at most `count` at a time and no more than fit into a
/// few MiB.
///
/// # Errors
/// The file cannot be read, or has an endless line; what `take` says.
pub fn each_lines<E: From<Error>>(
    input: &Input,
    count: usize,
    mut take: impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<(), E> {
    let label = PathBuf::from(input.label());
    let mut reader = BufReader::with_capacity(PIECE, open(input)?);
    let mut lines = Vec::new();
    let mut number = 0;
    loop {
        lines.clear();
        for _ in 0..count {
            if lines.len() as u64 > MAX_LINE {
                break;
            }
            number += 1;
            let mut line = (&mut reader).take(MAX_LINE + 1);
            let length = line.read_until(b'\n', &mut lines).map_err(at(&label))?;
            if length as u64 > MAX_LINE {
                return Err(at(&label)(std::io::Error::other(LongLine(number))).into());
            }
        }
        if lines.is_empty() {
            return Ok(());
        }
        take(&lines)?;
    }
}

/// SHA-256 of an input.
///
/// # Errors
/// The file cannot be read.
pub fn sha256(input: &Input) -> Result<[u8; 32], Error> {
    let mut hasher = Sha256::new();
    each_piece(input, 0..length(input)?, |bytes| {
        hasher.update(bytes);
        Ok::<_, Error>(())
    })?;
    Ok(hasher.finalize().into())
}

/// Copies a range of an input to the position of `out`, within the kernel where it can.
///
/// # Errors
/// The input cannot be read, or `out` not written: the error does not tell which.
pub fn copy_range(
    input: &Input,
    range: std::ops::Range<u64>,
    mut out: &File,
) -> Result<u64, Error> {
    let label = PathBuf::from(input.label());
    match input {
        Input::Embedded(..) | Input::Made(..) => {
            std::io::copy(&mut open_range(input, range)?, &mut out)
        }
        Input::File(path) => {
            let mut file = open_file(path)?;
            file.seek(SeekFrom::Start(range.start)).map_err(at(path))?;
            let length = range.end - range.start;
            let mut copied = 0;
            loop {
                let stride = STRIDE.min(length - copied);
                let more = std::io::copy(&mut (&mut file).take(stride), &mut out);
                let more = more.map_err(at(&label))?;
                start_writeback(out, copied, more);
                copied += more;
                if more < stride || copied == length {
                    return Ok(copied);
                }
            }
        }
    }
    .map_err(at(&label))
}

/// Has the disk begin with what is written, instead of waiting for the sync at the end.
pub(super) fn start_writeback(out: &File, offset: u64, length: u64) {
    super::platform::start_writeback(out, offset, length);
}

/// How much is written until the disk begins with it.
pub(super) const STRIDE: u64 = 32 << 20;

/// Length of an input in bytes.
///
/// # Errors
/// The file cannot be seen.
pub fn length(input: &Input) -> Result<u64, Error> {
    match input {
        Input::Embedded(_, bytes) => Ok(bytes.len() as u64),
        Input::Made(_, bytes) => Ok(bytes.len() as u64),
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

/// Reads the end of a log, or of stdin for `-`: what went wrong last is there.
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
            let start = meta.len().saturating_sub(MAX_WHOLE);
            file.seek(SeekFrom::Start(start)).map_err(at(path))?;
        }
        Box::new(file)
    };
    stream.take(MAX_WHOLE).read_to_end(&mut log).map_err(at(path))?;
    Ok(log)
}

/// The line, from 1, of byte `offset` of an input.
///
/// # Errors
/// The file cannot be read.
pub fn line_of(input: &Input, offset: u64) -> Result<u64, Error> {
    let mut line = 1;
    each_piece(input, 0..offset, |bytes| {
        line += memchr::memchr_iter(b'\n', bytes).count() as u64;
        Ok::<_, Error>(())
    })?;
    Ok(line)
}
