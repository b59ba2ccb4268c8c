//! The snapshot that a capture replaces, and which of its files are as regenesis wrote them.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::disk::{Error, at, check_directory, check_file};
use super::fs;
use crate::compose::{FILE, UP_FILE, seal};
use crate::snapshot::bake::{self, Record};
use crate::snapshot::metadata::{self, File, Metadata};
use crate::snapshot::seen::Seen;
use crate::snapshot::{DIRECTORIES, FILES, Input, METADATA};

/// What a fresh file system has of its own.
const LOST_AND_FOUND: &str = "lost+found";

/// Files of a snapshot that regenesis wrote and nobody changed since.
#[derive(Debug, Default)]
pub(super) struct Former {
    files: BTreeMap<String, (File, Stamp)>,
}

/// What changes with every write to a file.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stamp {
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    /// `None` if nothing is there.
    fn of(path: &Path) -> Result<Option<Self>, Error> {
        match path.symlink_metadata() {
            Ok(meta) => Ok(Some(Self {
                inode: meta.ino(),
                size: meta.len(),
                modified: (meta.mtime(), meta.mtime_nsec()),
                changed: (meta.ctime(), meta.ctime_nsec()),
            })),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(at(path)(error)),
        }
    }
}

impl Former {
    /// Looks at the directory `out`, but for its entry `work`. `before` spares the digest of what did
    /// not change since.
    ///
    /// # Errors
    /// It is neither empty nor a snapshot that regenesis captured, or a file of the snapshot was
    /// edited, added, or is none.
    pub(super) fn look(out: &Path, work: &str, before: &Self) -> Result<Self, Error> {
        check_directories(out)?;
        [FILE, UP_FILE].iter().try_for_each(|name| check_file(&out.join(name)))?;
        let mut former = Self::default();
        if is_empty(out, work)? {
            return Ok(former);
        }
        let record = former.record(out)?;
        let metadata = former.metadata(out, record.as_ref())?;
        for path in FILES {
            former.take(out, path, metadata.files.get(path).cloned(), before)?;
        }
        for path in [bake::VALIDATORS, bake::KEYSTORES] {
            let bound = record.as_ref().and_then(|record| record.bound(path));
            let file = bound.map(|bound| File { size: bound.size, sha256: bound.sha256.clone() });
            former.take(out, path, file, before)?;
        }
        if let Some(bytes) = read(&out.join(bake::SEEN))? {
            let is_ours = Seen::parse(&bytes).to_bytes() == bytes;
            former.take(out, bake::SEEN, is_ours.then(|| file_of(&bytes)), before)?;
        }
        Ok(former)
    }

    /// The files and what is in them.
    pub(super) fn files(&self) -> BTreeMap<String, File> {
        self.files.iter().map(|(path, (file, _))| (path.clone(), file.clone())).collect()
    }

    /// Whether `out` has at `path` just the bytes of `file`, or nothing.
    ///
    /// # Errors
    /// It has something else, or cannot be read.
    pub(super) fn check(&self, out: &Path, path: &str, file: Option<&File>) -> Result<(), Error> {
        let place = out.join(path);
        check_file(&place)?;
        let Some(stamp) = Stamp::of(&place)? else { return Ok(()) };
        let Some(file) = file else { return Err(Error::Edited(place)) };
        let known =
            self.files.get(path).is_some_and(|(known, then)| known == file && *then == stamp);
        if known {
            return Ok(());
        }
        let is_same = stamp.size == file.size
            && hex::encode(fs::sha256(&Input::File(place.clone()))?) == file.sha256;
        if is_same { Ok(()) } else { Err(Error::Edited(place)) }
    }

    /// Takes in the file at `path`, if it is there: it must be `file`.
    fn take(
        &mut self,
        out: &Path,
        path: &str,
        file: Option<File>,
        before: &Self,
    ) -> Result<(), Error> {
        // Before its content: what is changed meanwhile has another stamp.
        let stamp = Stamp::of(&out.join(path))?;
        before.check(out, path, file.as_ref())?;
        if let (Some(stamp), Some(file)) = (stamp, file) {
            self.files.insert(path.to_owned(), (file, stamp));
        }
        Ok(())
    }

    /// The record of the bake, which has its own digest.
    fn record(&mut self, out: &Path) -> Result<Option<Record>, Error> {
        let place = out.join(bake::RECORD);
        let Some(bytes) = read(&place)? else { return Ok(None) };
        let record = Record::parse(&bytes).map_err(|_| Error::Edited(place))?;
        self.take(out, bake::RECORD, Some(file_of(&bytes)), &Self::default())?;
        Ok(Some(record))
    }

    fn metadata(&mut self, out: &Path, record: Option<&Record>) -> Result<Metadata, Error> {
        let wrong = |what: String| Error::NoSnapshot { path: out.to_owned(), what };
        let place = out.join(METADATA);
        let Some(bytes) = read(&place)? else {
            return Err(wrong(format!("it has no {METADATA}")));
        };
        let metadata =
            metadata::parse(&bytes).map_err(|error| wrong(format!("{METADATA} {error}")))?;
        if metadata.regenesis.is_none() {
            return Err(wrong(format!("{METADATA} names no version of regenesis")));
        }
        let bound = record.and_then(|record| record.bound(METADATA));
        let is_ours = match bound {
            Some(bound) => bound.holds(&bytes),
            None => metadata.to_json() == bytes,
        };
        if !is_ours {
            return Err(Error::Edited(place));
        }
        self.take(out, METADATA, Some(file_of(&bytes)), &Self::default())?;
        Ok(metadata)
    }
}

/// Whether a file of the stack may be written: nothing is there, or what regenesis wrote.
///
/// # Errors
/// Something other than a file is there, or cannot be read.
pub fn may_replace(path: &Path) -> Result<bool, Error> {
    let Some(found) = read(path)? else { return Ok(true) };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Ok(std::str::from_utf8(&found).is_ok_and(|text| seal::is_ours(&name, text)))
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    check_file(path)?;
    match fs::read_file(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.source.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn file_of(bytes: &[u8]) -> File {
    File { size: bytes.len() as u64, sha256: hex::encode(Sha256::digest(bytes)) }
}

/// The directories of a snapshot are such, on the file system of `out`, or are not there.
pub(super) fn check_directories(out: &Path) -> Result<(), Error> {
    let device = |path: &Path| path.symlink_metadata().map(|meta| meta.dev()).map_err(at(path));
    for path in DIRECTORIES.map(|name| out.join(name)) {
        if check_directory(&path)? && device(&path)? != device(out)? {
            let (is, belongs) = ("a mount point", "a directory on the file system of --out");
            return Err(Error::Kind { path, is, belongs });
        }
    }
    Ok(())
}

fn is_empty(out: &Path, work: &str) -> Result<bool, Error> {
    for entry in std::fs::read_dir(out).map_err(at(out))? {
        let name = entry.map_err(at(out))?.file_name();
        if name != work && name != LOST_AND_FOUND {
            return Ok(false);
        }
    }
    Ok(true)
}
