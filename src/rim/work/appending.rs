//! A file that only grows.

use std::fs::File;
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::path::PathBuf;

use crate::rim::room;

/// A file that only grows.
#[derive(Debug)]
pub struct Appending {
    pub(super) file: BufWriter<File>,
    pub(super) path: PathBuf,
    /// Bytes written.
    pub length: u64,
    /// The length up to which the disk has room.
    pub(super) room: u64,
}

impl Write for Appending {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let with_path = |error: std::io::Error| {
            std::io::Error::new(error.kind(), format!("{}: {error}", self.path.display()))
        };
        if self.length >= self.room {
            room::check(self.file.get_ref()).map_err(with_path)?;
            self.room = self.length + room::STRIDE;
        }
        let written = self.file.write(bytes).map_err(with_path)?;
        self.length += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

impl Appending {
    /// Goes back to an earlier length.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn truncate(&mut self, length: u64) -> std::io::Result<()> {
        self.file.flush()?;
        self.file.get_ref().set_len(length)?;
        self.file.seek(SeekFrom::Start(length))?;
        self.length = length;
        Ok(())
    }
}
