//! The files that the caller provides.

use std::io;

use crate::file::FileDigest;
use crate::sort::Space;

/// Where a database is written.
pub trait Disk: Space {
    /// Creates a file of the database.
    ///
    /// # Errors
    /// It cannot be created.
    fn create<'a>(&'a self, name: &str) -> io::Result<Box<dyn DiskFile + 'a>>;

    /// Writes a file of the database. Returns its size and digest.
    ///
    /// # Errors
    /// It cannot be written.
    fn put(&self, name: &str, bytes: &[u8]) -> io::Result<FileDigest> {
        let mut file = self.create(name)?;
        file.put(bytes)?;
        file.finish()
    }
}

/// A file of a database that is being written.
pub trait DiskFile: Send {
    /// Appends bytes.
    ///
    /// # Errors
    /// They cannot be written.
    fn put(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Completes the file. Returns its size and digest.
    ///
    /// # Errors
    /// It cannot be completed.
    fn finish(self: Box<Self>) -> io::Result<FileDigest>;
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::BTreeMap;
    use std::io::Cursor;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;
    use crate::sort::{Scratch, lock};

    /// Files in memory.
    #[derive(Debug, Default)]
    pub(in crate::geth_database) struct Memory {
        pub(in crate::geth_database) files: Mutex<BTreeMap<String, Vec<u8>>>,
        /// Temporary files.
        pub(in crate::geth_database) scratches: AtomicU64,
    }

    struct Open<'a> {
        memory: &'a Memory,
        name: String,
        bytes: Vec<u8>,
    }

    impl Space for Memory {
        fn scratch(&self) -> io::Result<Box<dyn Scratch>> {
            self.scratches.fetch_add(1, Ordering::Relaxed);
            Ok(Box::new(Cursor::new(Vec::new())))
        }
    }

    impl Disk for Memory {
        fn create<'a>(&'a self, name: &str) -> io::Result<Box<dyn DiskFile + 'a>> {
            Ok(Box::new(Open { memory: self, name: name.to_owned(), bytes: Vec::new() }))
        }
    }

    impl DiskFile for Open<'_> {
        fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
            self.bytes.extend_from_slice(bytes);
            Ok(())
        }

        fn finish(self: Box<Self>) -> io::Result<FileDigest> {
            let Self { memory, name, bytes } = *self;
            let digest = FileDigest::of(name.clone(), &bytes);
            lock(&memory.files).insert(name, bytes);
            Ok(digest)
        }
    }
}
