//! Files that a capture collects in, which its caller provides.

use std::io::{self, Write};

use crate::file::Input;

/// Files in which a capture collects what it receives. They outlive an interrupted run: the next
/// run resumes from its checkpoint.
pub trait WorkFiles {
    /// The checkpoint of an earlier run.
    fn checkpoint(&self) -> Option<Vec<u8>>;

    /// Replaces the checkpoint.
    ///
    /// # Errors
    /// It cannot be written.
    fn set_checkpoint(&self, checkpoint: &[u8]) -> io::Result<()>;

    /// Opens `name` for appending after its first `length` bytes, and drops the bytes after them. A
    /// file that does not exist is created. `None`: the file is shorter than `length`.
    ///
    /// # Errors
    /// The file cannot be opened.
    fn append(&self, name: &str, length: u64) -> io::Result<Option<Box<dyn Append>>>;

    /// The file `name` as an input of the snapshot.
    fn input(&self, name: &str) -> Input;

    /// Sets whether a later run can resume from the work files from now on.
    fn set_resumable(&self, resumable: bool);
}

/// A file that grows.
pub trait Append: Write + Send {
    /// Length in bytes, including buffered ones.
    fn length(&self) -> u64;

    /// Shortens the file to an earlier length.
    ///
    /// # Errors
    /// The file cannot be written.
    fn truncate(&mut self, length: u64) -> io::Result<()>;
}
