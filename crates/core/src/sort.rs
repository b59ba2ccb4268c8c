//! Sorts records that may be larger than memory.
//!
//! The caller distributes them over parts that are in order among each other. Keys that are hashes fill
//! parts evenly by their first byte, so that a part fits into memory, where the caller sorts it. Parts are
//! read one by one, or several side by side.

use std::fmt::{self, Debug};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::mem;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Bytes that are written to the temporary file at a time.
const STAGE: usize = 1 << 20;

/// A temporary file.
pub trait Scratch: Read + Write + Seek + Send {}

impl<T: Read + Write + Seek + Send> Scratch for T {}

/// Where records are that do not fit into memory.
pub trait Space: Debug + Sync {
    /// An empty temporary file, which is gone when it is dropped or the process ends.
    ///
    /// # Errors
    /// It cannot be created.
    fn scratch(&self) -> io::Result<Box<dyn Scratch>>;
}

/// Records in parts. All threads may add to them.
#[derive(Debug)]
pub struct Parts<'a> {
    space: &'a dyn Space,
    /// Bytes of a part in memory; more are in the file.
    limit: usize,
    all: Vec<Mutex<Part>>,
    spilled: Mutex<Spilled>,
}

/// The records of a part, in the order in which they were added.
#[derive(Debug, Default)]
struct Part {
    /// Those in the file.
    extents: Vec<Range<u64>>,
    /// Their length in bytes.
    spilled: u64,
    /// Those after them.
    bytes: Vec<u8>,
}

/// The records of all parts that are not in memory.
#[derive(Default)]
struct Spilled {
    file: Option<Box<dyn Scratch>>,
    /// Bytes in the file.
    written: u64,
    /// Bytes that are to follow them.
    staged: Vec<u8>,
    /// The first error of a write, after which nothing is complete.
    failed: Option<(ErrorKind, String)>,
}

/// Locks a mutex. Panics propagate; a poisoned lock only follows one.
pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<'a> Parts<'a> {
    /// `count` empty parts with at most `limit` bytes each in memory, and about one record more.
    pub fn new(space: &'a dyn Space, count: usize, limit: usize) -> Self {
        let all = (0..count).map(|_| Mutex::default()).collect();
        Self { space, limit, all, spilled: Mutex::default() }
    }

    /// The number of parts.
    pub fn count(&self) -> usize {
        self.all.len()
    }

    /// Adds the record of `length` bytes that `write` appends. An error is returned when it is read.
    pub fn add(&self, part: usize, length: usize, write: impl FnOnce(&mut Vec<u8>)) {
        let mut part = lock(&self.all[part]);
        if !part.bytes.is_empty() && part.bytes.len() + length > self.limit {
            let Part { extents, spilled, bytes } = &mut *part;
            *spilled += bytes.len() as u64;
            extents.push(lock(&self.spilled).append(bytes, self.space));
            bytes.clear();
            // One long record does not occupy its memory until the end.
            bytes.shrink_to(self.limit);
        }
        let bytes = &mut part.bytes;
        let needed = bytes.len() + length;
        if bytes.capacity() < needed {
            // By doubling, but not beyond the limit.
            let wanted = (2 * bytes.capacity()).min(self.limit).max(needed);
            bytes.reserve_exact(wanted - bytes.len());
        }
        write(bytes);
    }

    /// Bytes of a part.
    pub fn length(&self, part: usize) -> u64 {
        let part = lock(&self.all[part]);
        part.spilled + part.bytes.len() as u64
    }

    /// The records of a part, in the order in which they were added.
    ///
    /// # Errors
    /// The temporary file cannot be read, or a record could not be written to it.
    pub fn read(&self, part: usize) -> io::Result<Vec<u8>> {
        let mut read = Vec::new();
        self.read_part(&lock(&self.all[part]), &mut read)?;
        Ok(read)
    }

    /// [`Self::read`] into `read`, after which the part is empty.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn take(&self, part: usize, read: &mut Vec<u8>) -> io::Result<()> {
        let part = mem::take(&mut *lock(&self.all[part]));
        self.read_part(&part, read)
    }

    fn read_part(&self, part: &Part, read: &mut Vec<u8>) -> io::Result<()> {
        let length = |range: &Range<u64>| usize::try_from(range.end - range.start);
        let lengths = part.extents.iter().map(length).collect::<Result<Vec<_>, _>>();
        let lengths = lengths.map_err(|_| ErrorKind::OutOfMemory)?;
        let spilled = lengths.iter().sum::<usize>();
        read.clear();
        read.reserve_exact(spilled + part.bytes.len());
        read.resize(spilled, 0);
        let mut rest = &mut read[..];
        let mut file = lock(&self.spilled);
        for (extent, length) in part.extents.iter().zip(lengths) {
            let (now, later) = rest.split_at_mut(length);
            file.read(extent.start, now, self.space)?;
            rest = later;
        }
        drop(file);
        read.extend_from_slice(&part.bytes);
        Ok(())
    }
}

impl Spilled {
    /// Appends `bytes`; returns their place.
    fn append(&mut self, bytes: &[u8], space: &dyn Space) -> Range<u64> {
        let start = self.written + self.staged.len() as u64;
        self.staged.extend_from_slice(bytes);
        if self.staged.len() >= STAGE {
            // The error is kept: reading returns it.
            let _ = self.write(space);
        }
        start..start + bytes.len() as u64
    }

    /// Writes the staged bytes to the file.
    fn write(&mut self, space: &dyn Space) -> io::Result<()> {
        if self.failed.is_none()
            && let Err(error) = self.try_write(space)
        {
            self.failed = Some((error.kind(), error.to_string()));
        }
        self.written += self.staged.len() as u64;
        self.staged.clear();
        match &self.failed {
            None => Ok(()),
            Some((kind, message)) => Err(io::Error::new(*kind, message.clone())),
        }
    }

    fn try_write(&mut self, space: &dyn Space) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            None => self.file.insert(space.scratch()?),
        };
        file.seek(SeekFrom::Start(self.written))?;
        file.write_all(&self.staged)
    }

    fn read(&mut self, start: u64, bytes: &mut [u8], space: &dyn Space) -> io::Result<()> {
        if !self.staged.is_empty() || self.failed.is_some() {
            self.write(space)?;
        }
        let file = self.file.as_mut().ok_or(ErrorKind::UnexpectedEof)?;
        file.seek(SeekFrom::Start(start))?;
        file.read_exact(bytes)
    }
}

impl Debug for Spilled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spilled").field("written", &self.written).finish_non_exhaustive()
    }
}

#[cfg(test)]
pub(crate) mod tests;
