//! geth's database in a snapshot: `baked/geth/`.

mod directory;
#[cfg(feature = "host")]
mod import;
#[cfg(feature = "host")]
mod pieces;

use std::io::{Cursor, ErrorKind};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::file::{Digester, FileDigest, Input};
use crate::geth_database::{Disk, DiskFile, is_name, is_written};
use crate::io::atomic_file::AtomicFile;
use crate::io::disk::{self, Error, Temporary, at};
use crate::io::fs;
use crate::snapshot::bake::{GETH, Record};
use crate::sort::{Scratch, Space};
pub use directory::Directory;
#[cfg(feature = "host")]
pub use import::ImportDirectory;
#[cfg(feature = "host")]
pub use pieces::put_pieces;

/// Writes the database of the snapshot in a directory. [`sync`] makes it durable.
#[derive(Debug)]
pub struct Writer<'a> {
    /// The snapshot.
    pub directory: &'a Path,
}

impl Space for Writer<'_> {
    fn scratch(&self) -> std::io::Result<Box<dyn Scratch>> {
        // Not in a temporary directory of the system, which may be small, or memory.
        Ok(Box::new(Temporary::on_disk_of(self.directory)?))
    }
}

impl Disk for Writer<'_> {
    fn create<'a>(&'a self, name: &str) -> std::io::Result<Box<dyn DiskFile + 'a>> {
        let file = AtomicFile::create(&self.directory.join(GETH).join(name), false);
        Ok(Box::new(Written(name.to_owned(), file.map_err(std::io::Error::other)?)))
    }
}

/// A file of the database, by its name.
struct Written(String, AtomicFile);

impl DiskFile for Written {
    fn put(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.1.put(bytes).map_err(std::io::Error::other)
    }

    fn finish(self: Box<Self>) -> std::io::Result<FileDigest> {
        let Self(path, file) = *self;
        let (size, sha256) = file.publish_unsynced().map_err(std::io::Error::other)?;
        Ok(FileDigest { path, size, sha256 })
    }
}

/// Computes the digests of a database, and writes none of it.
#[derive(Debug)]
pub struct Check<'a> {
    /// The snapshot.
    pub directory: &'a Path,
}

impl Space for Check<'_> {
    fn scratch(&self) -> std::io::Result<Box<dyn Scratch>> {
        match Temporary::on_disk_of(self.directory) {
            Ok(file) => Ok(Box::new(file)),
            // A snapshot that this user may only read.
            Err(_) => Ok(Box::new(Cursor::new(Vec::new()))),
        }
    }
}

impl Disk for Check<'_> {
    fn create<'a>(&'a self, name: &str) -> std::io::Result<Box<dyn DiskFile + 'a>> {
        Ok(Box::new(Checked(name.to_owned(), Digester::default())))
    }
}

/// The digest of a file of the database, by its name.
struct Checked(String, Digester);

impl DiskFile for Checked {
    fn put(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.1.add(bytes);
        Ok(())
    }

    fn finish(self: Box<Self>) -> std::io::Result<FileDigest> {
        let Self(path, digester) = *self;
        Ok(digester.finish(path))
    }
}

/// Makes a database durable: one wait, instead of one for every table.
///
/// # Errors
/// The disk reports an error.
pub fn sync(directory: &Path) -> Result<(), Error> {
    disk::sync_file_system(&directory.join(GETH))
}

/// The files below [`GETH`] that have a name of the database.
///
/// # Errors
/// The directory cannot be read, or is not a directory.
pub fn found(directory: &Path) -> Result<Vec<String>, Error> {
    let place = directory.join(GETH);
    if !disk::check_directory(&place)? {
        return Ok(Vec::new());
    }
    let mut names = Vec::new();
    for entry in std::fs::read_dir(&place).map_err(at(&place))? {
        let name = entry.map_err(at(&place))?.file_name();
        names.extend(name.to_str().filter(|name| is_name(name)).map(str::to_owned));
    }
    names.sort_unstable();
    Ok(names)
}

/// The paths of these files in the snapshot.
///
/// # Errors
/// As [`found`].
pub fn paths(directory: &Path) -> Result<impl Iterator<Item = String>, Error> {
    Ok(found(directory)?.into_iter().map(|name| format!("{GETH}/{name}")))
}

/// Whether a path in a snapshot is that of a file of the database.
pub fn is_path(path: &str) -> bool {
    path.strip_prefix(GETH).and_then(|path| path.strip_prefix('/')).is_some_and(is_name)
}

/// Removes the files of the database.
///
/// # Errors
/// One cannot be removed, or is not a regular file.
pub fn remove(directory: &Path) -> Result<(), Error> {
    let names = found(directory)?;
    names.iter().try_for_each(|name| disk::remove_file(&directory.join(GETH).join(name)))
}

/// Checks that every file of the database is the one in `record`. Without a record, after a kill, it
/// must have the form of a database's.
///
/// # Errors
/// Another program wrote one of the files, or it cannot be read.
pub fn check_ours(directory: &Path, record: Option<&Record>) -> Result<(), Error> {
    let known = record.and_then(|record| record.geth.as_ref());
    found(directory)?.par_iter().try_for_each(|name| {
        let place = directory.join(GETH).join(name);
        disk::check_file(&place)?;
        let is_ours = match known.and_then(|known| known.files.iter().find(|f| f.path == *name)) {
            Some(file) => matches(&place, file)?,
            None => is_written(name, &fs::read_file(&place)?),
        };
        if is_ours { Ok(()) } else { Err(Error::Edited(place)) }
    })
}

/// The first file in `directory` that differs from its digest in `files`.
///
/// # Errors
/// A file cannot be read.
pub fn changed(directory: &Path, files: &[FileDigest]) -> Result<Option<PathBuf>, Error> {
    let places = files.par_iter().map(|file| {
        let place = directory.join(&file.path);
        Ok((!matches(&place, file)?).then_some(place))
    });
    let places = places.collect::<Result<Vec<_>, Error>>()?;
    Ok(places.into_iter().flatten().next())
}

fn matches(place: &Path, file: &FileDigest) -> Result<bool, Error> {
    let input = Input::file(place);
    match fs::length(&input) {
        Ok(length) if length == file.size => Ok(fs::sha256(&input)? == file.sha256),
        Err(error) if error.source.kind() != ErrorKind::NotFound => Err(error.into()),
        _ => Ok(false),
    }
}
