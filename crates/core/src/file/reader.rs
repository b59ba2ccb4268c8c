//! Reading inputs without opening files: the caller says how.

use std::io::{self, BufRead, BufReader, Cursor, ErrorKind, Read};
use std::ops::Range;

use sha2::{Digest, Sha256};

use super::Input;

/// Files that are held in memory are no larger: configs, lists of validators, a bake's registry.
const MAX_WHOLE: u64 = 256 << 20;
/// The longest line of a file that is read by lines: a keystore has less than 2 KiB.
const MAX_LINE: u64 = 1 << 20;
/// Bytes that are held of a file that is read as a stream.
const CHUNK: usize = 1 << 20;

/// An input that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{}: {source}", input.label())]
pub struct ReadError {
    /// The input.
    pub input: Input,
    /// The cause.
    pub source: io::Error,
}

impl ReadError {
    /// The error of a failure to read `input`.
    pub fn of(input: &Input) -> impl Fn(io::Error) -> Self + '_ {
        |source| Self { input: input.clone(), source }
    }
}

/// A line that is longer than any in a keystore file.
#[derive(Debug, thiserror::Error)]
#[error("line {0} is longer than {MAX_LINE} bytes")]
pub struct LongLine(u64);

/// Reads inputs. [`InMemory`] reads those in memory; a program that reads files implements it for
/// them.
pub trait InputReader: Sync {
    /// Opens an input at its start.
    ///
    /// # Errors
    /// It cannot be opened.
    fn open(&self, input: &Input) -> Result<Box<dyn Read + Send>, ReadError>;

    /// Opens a range of an input, in bytes.
    ///
    /// # Errors
    /// It cannot be opened, or not at that offset.
    fn open_range(
        &self,
        input: &Input,
        range: Range<u64>,
    ) -> Result<Box<dyn Read + Send>, ReadError>;

    /// Length of an input in bytes.
    ///
    /// # Errors
    /// The input does not exist.
    fn length(&self, input: &Input) -> Result<u64, ReadError>;

    /// Whether every user of the machine can read the input, so that it holds no secret.
    fn is_public(&self, input: &Input) -> bool {
        matches!(input, Input::Embedded(..))
    }

    /// All bytes of an input.
    ///
    /// # Errors
    /// It cannot be read, or is larger than 256 MiB.
    fn read(&self, input: &Input) -> Result<Vec<u8>, ReadError> {
        read_all(self.open(input)?).map_err(ReadError::of(input))
    }

    /// SHA-256 of an input.
    ///
    /// # Errors
    /// It cannot be read.
    fn sha256(&self, input: &Input) -> Result<[u8; 32], ReadError> {
        let mut hasher = Sha256::new();
        let reader = self.open_range(input, 0..self.length(input)?)?;
        each_chunk(reader, ReadError::of(input), |bytes| {
            hasher.update(bytes);
            Ok(())
        })?;
        Ok(hasher.finalize().into())
    }

    /// The line, from 1, of the byte at `offset`.
    ///
    /// # Errors
    /// The input cannot be read.
    fn line_of(&self, input: &Input, offset: u64) -> Result<u64, ReadError> {
        let mut line = 1;
        each_chunk(self.open_range(input, 0..offset)?, ReadError::of(input), |bytes| {
            line += memchr::memchr_iter(b'\n', bytes).count() as u64;
            Ok(())
        })?;
        Ok(line)
    }
}

/// Reads inputs that are in memory, embedded or generated; a file is an error.
#[derive(Debug, Clone, Copy, Default)]
pub struct InMemory;

impl InMemory {
    /// The bytes of an input in memory.
    ///
    /// # Errors
    /// The input is a file.
    pub fn bytes(input: &Input) -> Result<&[u8], ReadError> {
        match input {
            Input::Embedded(_, bytes) => Ok(bytes),
            Input::Made(_, bytes) => Ok(bytes),
            Input::File(_) => {
                let source = io::Error::new(ErrorKind::Unsupported, "is a file, not in memory");
                Err(ReadError { input: input.clone(), source })
            }
        }
    }
}

impl InputReader for InMemory {
    fn open(&self, input: &Input) -> Result<Box<dyn Read + Send>, ReadError> {
        match input {
            Input::Embedded(_, bytes) => Ok(Box::new(*bytes)),
            Input::Made(_, bytes) => Ok(Box::new(Cursor::new(bytes.clone()))),
            Input::File(_) => Self::bytes(input).map(|_| Box::new(io::empty()) as _),
        }
    }

    fn open_range(
        &self,
        input: &Input,
        range: Range<u64>,
    ) -> Result<Box<dyn Read + Send>, ReadError> {
        let length = range.end.saturating_sub(range.start);
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
            Input::File(_) => self.open(input),
        }
    }

    fn length(&self, input: &Input) -> Result<u64, ReadError> {
        Ok(Self::bytes(input)?.len() as u64)
    }
}

/// Reads a file that is held in memory.
///
/// # Errors
/// Those of `reader`; it has more than 256 MiB.
pub fn read_all(reader: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = reader.take(MAX_WHOLE + 1).read_to_end(&mut bytes)?;
    if read as u64 > MAX_WHOLE { Err(ErrorKind::FileTooLarge.into()) } else { Ok(bytes) }
}

/// Calls `take` with the bytes of `reader`, at most 1 MiB at a time.
///
/// # Errors
/// Those of `reader`, as `failed` turns them; those of `take`.
pub fn each_chunk<E>(
    mut reader: impl Read,
    failed: impl Fn(io::Error) -> E,
    mut take: impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<(), E> {
    let mut buffer = vec![0; CHUNK];
    loop {
        match reader.read(&mut buffer).map_err(&failed)? {
            0 => return Ok(()),
            read => take(&buffer[..read])?,
        }
    }
}

/// Calls `take` with complete lines of `reader`, at most `count` at a time and no more than fit into
/// a few MiB.
///
/// # Errors
/// Those of `reader`, as `failed` turns them, and [`LongLine`] among them; those of `take`.
pub fn each_lines<E>(
    reader: impl Read,
    count: usize,
    failed: impl Fn(io::Error) -> E,
    mut take: impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<(), E> {
    let mut reader = BufReader::with_capacity(CHUNK, reader);
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
            let length = line.read_until(b'\n', &mut lines).map_err(&failed)?;
            if length as u64 > MAX_LINE {
                return Err(failed(io::Error::other(LongLine(number))));
            }
        }
        if lines.is_empty() {
            return Ok(());
        }
        take(&lines)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_complete_and_bounded() {
        let text = b"one\ntwo\nthree";
        let mut batches = Vec::new();
        each_lines(
            &text[..],
            2,
            |error| error,
            |lines| {
                batches.push(lines.to_vec());
                Ok(())
            },
        )
        .unwrap();
        assert_eq!(batches, [&b"one\ntwo\n"[..], b"three"]);
        let endless = io::repeat(b'a');
        let error = each_lines(endless, 1, |error| error, |_| Ok(())).unwrap_err();
        assert_eq!(error.to_string(), "line 1 is longer than 1048576 bytes");
    }

    #[test]
    fn ranges_and_lines_of_an_input_in_memory_are_read() {
        for input in [Input::memory("a", &b"one\ntwo\n"[..]), Input::Embedded("a", b"one\ntwo\n")] {
            let mut text = String::new();
            InMemory.open_range(&input, 2..6).unwrap().read_to_string(&mut text).unwrap();
            assert_eq!(text, "e\ntw");
            assert_eq!(InMemory.length(&input).unwrap(), 8);
            assert_eq!([0, 3, 4, 7].map(|at| InMemory.line_of(&input, at).unwrap()), [1, 1, 2, 2]);
            assert!(read_all(InMemory.open_range(&input, 9..20).unwrap()).unwrap().is_empty());
        }
    }
}
