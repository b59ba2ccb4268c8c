//! Inputs in ranges, pieces and lines, without holding a whole file in memory.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::{Error, STRIDE, at, open_file, start_writeback};
use crate::file::{self, InMemory, Input, InputReader, ReadError};
use crate::io::open;

/// Reads inputs that are files, and those in memory.
#[derive(Debug, Clone, Copy, Default)]
pub struct Files;

impl InputReader for Files {
    fn open(&self, input: &Input) -> Result<Box<dyn Read + Send>, ReadError> {
        let Input::File(path) = input else { return InMemory.open(input) };
        Ok(Box::new(open::file(path.as_ref()).map_err(ReadError::of(input))?))
    }

    fn open_range(
        &self,
        input: &Input,
        range: Range<u64>,
    ) -> Result<Box<dyn Read + Send>, ReadError> {
        let Input::File(path) = input else { return InMemory.open_range(input, range) };
        let mut file = open::file(path.as_ref()).map_err(ReadError::of(input))?;
        file.seek(SeekFrom::Start(range.start)).map_err(ReadError::of(input))?;
        Ok(Box::new(file.take(range.end.saturating_sub(range.start))))
    }

    fn length(&self, input: &Input) -> Result<u64, ReadError> {
        let Input::File(path) = input else { return InMemory.length(input) };
        Ok(std::fs::metadata(path).map_err(ReadError::of(input))?.len())
    }

    fn is_public(&self, input: &Input) -> bool {
        let Input::File(path) = input else { return InMemory.is_public(input) };
        std::fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o004 != 0)
    }
}

impl From<ReadError> for Error {
    fn from(error: ReadError) -> Self {
        let path = match error.input {
            Input::File(path) => path.into(),
            input => input.label().into(),
        };
        Self { path, source: error.source }
    }
}

/// Opens an input at its start.
///
/// # Errors
/// The file cannot be opened, or is not a regular file.
pub fn open(input: &Input) -> Result<Box<dyn Read + Send>, Error> {
    Ok(Files.open(input)?)
}

/// Opens a range of an input.
///
/// # Errors
/// The file cannot be read.
pub fn open_range(input: &Input, range: Range<u64>) -> Result<Box<dyn Read + Send>, Error> {
    Ok(Files.open_range(input, range)?)
}

/// Appends a range of an input to `out`.
///
/// # Errors
/// The file cannot be read.
pub fn read_range(input: &Input, range: Range<u64>, out: &mut Vec<u8>) -> Result<(), Error> {
    open_range(input, range)?.read_to_end(out).map_err(ReadError::of(input))?;
    Ok(())
}

/// Calls `take` with the bytes of a range of an input, piece by piece.
///
/// # Errors
/// The file cannot be read, or `take` fails.
pub fn each_piece<E: From<Error>>(
    input: &Input,
    range: Range<u64>,
    take: impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<(), E> {
    let failed = |source| Error::from(ReadError::of(input)(source)).into();
    file::each_chunk(open_range(input, range)?, failed, take)
}

/// Calls `take` with complete lines of an input, at most `count` at a time and at most a few MiB.
///
/// # Errors
/// The file cannot be read, has a line of more than 1 MiB, or `take` fails.
pub fn each_lines<E: From<Error>>(
    input: &Input,
    count: usize,
    take: impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<(), E> {
    let failed = |source| Error::from(ReadError::of(input)(source)).into();
    file::each_lines(open(input)?, count, failed, take)
}

/// SHA-256 of an input.
///
/// # Errors
/// The file cannot be read.
pub fn sha256(input: &Input) -> Result<[u8; 32], Error> {
    Ok(Files.sha256(input)?)
}

/// Copies a range of an input to the current position of `out`, inside the kernel where possible.
/// Returns the number of bytes.
///
/// # Errors
/// The input cannot be read, or `out` cannot be written: the error does not distinguish them.
pub fn copy_range(input: &Input, range: Range<u64>, mut out: &File) -> Result<u64, Error> {
    let label = PathBuf::from(input.label());
    match input {
        Input::Embedded(..) | Input::Made(..) => {
            std::io::copy(&mut open_range(input, range)?, &mut out)
        }
        Input::File(path) => {
            let path = Path::new(path);
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

/// Length of an input in bytes.
///
/// # Errors
/// The file cannot be inspected.
pub fn length(input: &Input) -> Result<u64, Error> {
    Ok(Files.length(input)?)
}

/// The line number, counted from 1, of byte `offset` of an input.
///
/// # Errors
/// The file cannot be read.
pub fn line_of(input: &Input, offset: u64) -> Result<u64, Error> {
    Ok(Files.line_of(input, offset)?)
}
