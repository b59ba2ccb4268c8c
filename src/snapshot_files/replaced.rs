//! The snapshot that a capture replaces: the files that regenesis wrote and that are unedited since.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::compose::{FILE, UP_FILE, seal};
use crate::file::{FileDigest, Input};
use crate::io::disk::{Error, at, check_directory, check_file};
use crate::io::fs;
use crate::snapshot::bake::{self, Record};
use crate::snapshot::metadata::{self, Metadata};
use crate::snapshot::seen::Seen;
use crate::snapshot::{DIRECTORIES, FILES, L2, METADATA};
use crate::snapshot_files::{directories, geth_database, l2_names, listed_files};

/// A new ext4 file system has this directory.
const LOST_AND_FOUND: &str = "lost+found";

/// Files of an existing snapshot that are as regenesis wrote them.
#[derive(Debug, Default)]
pub(crate) struct Replaced {
    files: BTreeMap<String, (FileDigest, Stamp)>,
}

/// Attributes that change with every write to a file.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stamp {
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    /// `None` if there is no file.
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

impl Replaced {
    /// Checks the directory `out`, except its entry `work`. Files that have not changed since `before`
    /// are not hashed again.
    ///
    /// # Errors
    /// The directory is neither empty nor a snapshot that regenesis captured; or a file of the snapshot
    /// was edited or added, or is not a regular file.
    pub(crate) fn look(out: &Path, work: &str, before: &Self) -> Result<Self, Error> {
        check_directories(out)?;
        [FILE, UP_FILE].iter().try_for_each(|name| check_file(&out.join(name)))?;
        let mut replaced = Self::default();
        if is_empty(out, work)? {
            return Ok(replaced);
        }
        let record = replaced.record(out)?;
        let metadata = replaced.metadata(out, record.as_ref())?;
        let listed = listed_files(metadata.files.keys()).map(String::as_str);
        for path in FILES.into_iter().chain(listed) {
            for directory in directories(path) {
                check_directory(&out.join(directory))?;
            }
            replaced.add(out, path, metadata.files.get(path).cloned(), before)?;
        }
        for path in [bake::VALIDATORS, bake::KEYSTORES] {
            let file = record.as_ref().and_then(|record| record.file(path));
            replaced.add(out, path, file.cloned(), before)?;
        }
        let database = record.as_ref().and_then(|record| record.geth.as_ref());
        for name in geth_database::found(out)? {
            let path = format!("{}/{name}", bake::GETH);
            let file = database.and_then(|found| found.files.iter().find(|file| file.path == name));
            let file = file.map(|file| FileDigest { path: path.clone(), ..file.clone() });
            replaced.add(out, &path, file, before)?;
        }
        if let Some(bytes) = read(&out.join(bake::SEEN))? {
            let is_ours = Seen::parse(&bytes).to_bytes() == bytes;
            replaced.add(
                out,
                bake::SEEN,
                is_ours.then(|| FileDigest::of(bake::SEEN, &bytes)),
                before,
            )?;
        }
        Ok(replaced)
    }

    /// Size and digest of the files, by path.
    pub(crate) fn files(&self) -> BTreeMap<String, FileDigest> {
        self.files.iter().map(|(path, (file, _))| (path.clone(), file.clone())).collect()
    }

    /// Checks that `path` in `out` has the bytes of `file`, or does not exist.
    ///
    /// # Errors
    /// It has other bytes, or cannot be read.
    pub(crate) fn check(
        &self,
        out: &Path,
        path: &str,
        file: Option<&FileDigest>,
    ) -> Result<(), Error> {
        let place = out.join(path);
        check_file(&place)?;
        let Some(stamp) = Stamp::of(&place)? else { return Ok(()) };
        let Some(file) = file else { return Err(Error::Edited(place)) };
        let known =
            self.files.get(path).is_some_and(|(known, then)| known == file && *then == stamp);
        if known {
            return Ok(());
        }
        let is_same =
            stamp.size == file.size && fs::sha256(&Input::file(place.clone()))? == file.sha256;
        if is_same { Ok(()) } else { Err(Error::Edited(place)) }
    }

    /// Checks that an L2 that the new snapshot does not have leaves no file in `out`: its directory would
    /// still be one of the snapshot. `kept` are the L2s that it has.
    ///
    /// # Errors
    /// A file there is not of the replaced capture.
    pub(crate) fn check_l2s(&self, out: &Path, kept: &[String]) -> Result<(), Error> {
        for name in l2_names(out).iter().filter(|name| !kept.contains(name)) {
            let directory = out.join(L2).join(name);
            for entry in std::fs::read_dir(&directory).map_err(at(&directory))? {
                let file = entry.map_err(at(&directory))?.file_name();
                let path = format!("{L2}/{name}/{}", file.to_string_lossy());
                if !self.files.contains_key(&path) {
                    return Err(Error::Edited(out.join(path)));
                }
            }
        }
        Ok(())
    }

    /// Adds the file at `path`, if it exists: it must be `file`.
    fn add(
        &mut self,
        out: &Path,
        path: &str,
        file: Option<FileDigest>,
        before: &Self,
    ) -> Result<(), Error> {
        // Before the content is read: a change in between shows as another stamp.
        let stamp = Stamp::of(&out.join(path))?;
        before.check(out, path, file.as_ref())?;
        if let (Some(stamp), Some(file)) = (stamp, file) {
            self.files.insert(path.to_owned(), (file, stamp));
        }
        Ok(())
    }

    /// The record of the bake, which contains its own digest.
    fn record(&mut self, out: &Path) -> Result<Option<Record>, Error> {
        let place = out.join(bake::RECORD);
        let Some(bytes) = read(&place)? else { return Ok(None) };
        let record = Record::parse(&bytes).map_err(|_| Error::Edited(place))?;
        self.add(out, bake::RECORD, Some(FileDigest::of(bake::RECORD, &bytes)), &Self::default())?;
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
        if metadata.database.is_some() {
            return Err(wrong(
                "it has geth's database, which a capture does not replace".to_owned(),
            ));
        }
        let listed = record.and_then(|record| record.file(METADATA));
        let is_ours = match listed {
            Some(file) => file.matches(&bytes),
            None => metadata.to_json() == bytes,
        };
        if !is_ours {
            return Err(Error::Edited(place));
        }
        self.add(out, METADATA, Some(FileDigest::of(METADATA, &bytes)), &Self::default())?;
        Ok(metadata)
    }
}

/// Whether a file of the stack may be written: it does not exist, or regenesis wrote it.
///
/// # Errors
/// It is not a regular file, or cannot be read.
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

/// Checks that the directories of a snapshot are directories on the file system of `out`, or do not
/// exist.
pub(crate) fn check_directories(out: &Path) -> Result<(), Error> {
    let device = |path: &Path| path.symlink_metadata().map(|meta| meta.dev()).map_err(at(path));
    for path in DIRECTORIES.into_iter().chain([bake::GETH]).map(|name| out.join(name)) {
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
