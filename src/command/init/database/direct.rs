//! A database that `init` computes itself.

use std::fs::File;
use std::io::{Cursor, Error, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::file::{Digester, FileDigest};
use crate::geth_database::{Disk, DiskFile};
use crate::io::disk::{self, Temporary};
use crate::sort::{Scratch, Space};

/// Writes a database to a directory that is known only when the state is complete.
#[derive(Debug)]
pub(in crate::command::init) struct Direct {
    /// A directory whose disk has room for what is sorted.
    large: PathBuf,
    target: OnceLock<PathBuf>,
}

impl Direct {
    /// Sorts on the disk of geth's data directory `datadir`, which gets the database, or of `out`, which
    /// gets the alloc.
    pub(in crate::command::init) fn new(datadir: Option<&Path>, out: &Path) -> Self {
        Self { large: datadir.unwrap_or(out).to_owned(), target: OnceLock::new() }
    }

    /// Sets the directory to write.
    pub(super) fn set_target(&self, target: &Path) {
        self.target.get_or_init(|| target.to_owned());
    }
}

impl Space for Direct {
    fn scratch(&self) -> std::io::Result<Box<dyn Scratch>> {
        // The directory may not exist yet: nothing is created before all inputs are checked.
        let mut existing = self.large.ancestors();
        match existing.find_map(|directory| Temporary::on_disk_of(directory).ok()) {
            Some(file) => Ok(Box::new(file)),
            None => Ok(Box::new(Cursor::new(Vec::new()))),
        }
    }
}

impl Disk for Direct {
    fn create<'a>(&'a self, name: &str) -> std::io::Result<Box<dyn DiskFile + 'a>> {
        let target = self.target.get().ok_or(ErrorKind::NotFound)?;
        let path = target.join(name);
        let out = disk::create(&path, 0o644).map_err(Error::other)?;
        Ok(Box::new(Open { name: name.to_owned(), path, out, digester: Digester::default() }))
    }
}

/// A file of the database.
struct Open {
    name: String,
    path: PathBuf,
    out: File,
    digester: Digester,
}

impl DiskFile for Open {
    fn put(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.digester.add(bytes);
        self.out.write_all(bytes).map_err(disk::at(&self.path)).map_err(Error::other)
    }

    fn finish(self: Box<Self>) -> std::io::Result<FileDigest> {
        Ok(self.digester.finish(self.name))
    }
}
