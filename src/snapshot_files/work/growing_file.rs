//! A file that grows as long as the disk has room.

use std::fs::File;
use std::io::{BufWriter, Error, Result, Seek, SeekFrom, Write};
use std::path::PathBuf;

use crate::capture::Append;
use crate::io::free_space;

/// A file that grows.
#[derive(Debug)]
pub(super) struct GrowingFile {
    file: BufWriter<File>,
    path: PathBuf,
    length: u64,
    /// The length up to which the disk is known to have room.
    room: u64,
}

impl GrowingFile {
    /// A file that is open at its end.
    pub(super) fn new(file: File, path: PathBuf, length: u64) -> Self {
        let room = length + free_space::STRIDE;
        Self { file: BufWriter::new(file), path, length, room }
    }
}

impl Write for GrowingFile {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        let with_path =
            |error: Error| Error::new(error.kind(), format!("{}: {error}", self.path.display()));
        if self.length >= self.room {
            free_space::check(self.file.get_ref()).map_err(with_path)?;
            self.room = self.length + free_space::STRIDE;
        }
        let written = self.file.write(bytes).map_err(with_path)?;
        self.length += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> Result<()> {
        self.file.flush()
    }
}

impl Append for GrowingFile {
    fn length(&self) -> u64 {
        self.length
    }

    fn truncate(&mut self, length: u64) -> Result<()> {
        self.file.flush()?;
        self.file.get_ref().set_len(length)?;
        self.file.seek(SeekFrom::Start(length))?;
        self.length = length;
        Ok(())
    }
}
