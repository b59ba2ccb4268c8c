//! Temporary files without a name: gone when they are closed, also by a kill.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::{Error, at, nameless};

/// A temporary file, whose errors name its directory.
#[derive(Debug)]
pub struct Temporary {
    file: File,
    directory: PathBuf,
}

impl Temporary {
    /// An empty file on the disk of `directory`.
    ///
    /// # Errors
    /// It cannot be created.
    pub fn on_disk_of(directory: &Path) -> io::Result<Self> {
        let file = nameless(directory).map_err(|error| match error {
            Error::Path { source, .. } => in_directory(directory, source),
            error => io::Error::other(error),
        })?;
        Ok(Self { file, directory: directory.to_owned() })
    }

    fn named<T>(&self, done: io::Result<T>) -> io::Result<T> {
        done.map_err(|error| in_directory(&self.directory, error))
    }
}

/// Of the same kind, so that its remedy can be named.
fn in_directory(directory: &Path, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), at(directory)(error))
}

impl Read for Temporary {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let done = self.file.read(bytes);
        self.named(done)
    }
}

impl Write for Temporary {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let done = self.file.write(bytes);
        self.named(done)
    }

    fn flush(&mut self) -> io::Result<()> {
        let done = self.file.flush();
        self.named(done)
    }
}

impl Seek for Temporary {
    fn seek(&mut self, place: SeekFrom) -> io::Result<u64> {
        let done = self.file.seek(place);
        self.named(done)
    }
}
