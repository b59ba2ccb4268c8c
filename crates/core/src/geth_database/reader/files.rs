//! The files that the caller provides.

use std::fmt::Debug;
use std::io;

/// The directory of a database. Nothing is ever written to it.
pub trait Files: Debug + Sync {
    /// The names of its files.
    ///
    /// # Errors
    /// It cannot be read.
    fn names(&self) -> io::Result<Vec<String>>;

    /// Opens the file `name` to read.
    ///
    /// # Errors
    /// It cannot be opened.
    fn open(&self, name: &str) -> io::Result<Box<dyn ReadAt>>;
}

/// An open file.
pub trait ReadAt: Debug + Send + Sync {
    /// Bytes that it has.
    ///
    /// # Errors
    /// The system refuses.
    fn length(&self) -> io::Result<u64>;

    /// Fills `bytes` from `offset` on.
    ///
    /// # Errors
    /// The file ends early, or cannot be read.
    fn read_at(&self, offset: u64, bytes: &mut [u8]) -> io::Result<()>;
}

/// All bytes of the file `name`.
pub(super) fn read(files: &dyn Files, name: &str) -> io::Result<Vec<u8>> {
    let file = files.open(name)?;
    let length = usize::try_from(file.length()?).map_err(io::Error::other)?;
    let mut bytes = vec![0; length];
    file.read_at(0, &mut bytes)?;
    Ok(bytes)
}
