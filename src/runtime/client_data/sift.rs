//! Files of the user within the entries that a wipe removes: files that the user added or changed.

use std::ffi::{OsStr, OsString};
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::DataDirectory;
use super::error::{Error, at};
use crate::datadir::clients::{
    DEFINITIONS, KnownClients, is_created_at_start, is_key, is_keys, is_validator_record,
};
use crate::datadir::mark::Mark;
use crate::datadir::{Plan, STATUS};
use crate::file::Input;
use crate::identity::Time;
use crate::io::fs::sha256;

impl DataDirectory {
    /// Changes a plan so that files which the user put into the entries to remove are set aside or
    /// spared. `programs` are those whose data the directory contains.
    ///
    /// # Errors
    /// An entry cannot be read, or is a symbolic link.
    pub fn sift(
        &self,
        plan: &mut Plan,
        mark: Option<&Mark>,
        programs: &[String],
        runtime: &Path,
    ) -> Result<(), Error> {
        let known = KnownClients::of(programs.iter().map(String::as_str));
        let ready = self.ready_since();
        for entry in std::mem::take(&mut plan.remove) {
            let name = entry.to_str().unwrap_or_default();
            let is_copy = mark.is_some_and(|mark| mark.copied.iter().any(|copied| copied == name));
            let meta = meta(&self.path.join(&entry))?;
            if meta.is_symlink() && (is_copy || known.is_data(name)) {
                return Err(Error::Link(self.path.join(entry)));
            }
            if is_copy {
                let copy = Copy { datadir: &self.path, runtime, ready };
                plan.aside.extend(copy.sift(&entry)?);
            } else if known.is_all_data(name) {
                find_keys(&self.path, Path::new(&entry), &mut plan.aside)?;
            } else if known.is_data(name) {
                if !meta.is_dir() {
                    plan.aside.push(entry);
                    continue;
                }
                self.sift_directory(&entry, &known, plan)?;
            } else {
                let mut keys = Vec::new();
                find_keys(&self.path, Path::new(&entry), &mut keys)?;
                if !keys.is_empty() {
                    plan.aside.push(entry);
                    continue;
                }
            }
            plan.remove.push(entry);
        }
        Ok(())
    }

    /// Sifts a directory where a client keeps more than chain data.
    fn sift_directory(
        &self,
        name: &OsStr,
        known: &KnownClients,
        plan: &mut Plan,
    ) -> Result<(), Error> {
        for path in below(&self.path, Path::new(name))? {
            let text = path.to_str().unwrap_or_default();
            if known.is_all_data(text) {
                if meta(&self.path.join(&path))?.is_symlink() {
                    return Err(Error::Link(self.path.join(path)));
                }
                find_keys(&self.path, &path, &mut plan.aside)?;
            } else if known.is_kept(text) {
                plan.spare.push(path.into());
            } else {
                plan.aside.push(path.into());
            }
        }
        Ok(())
    }

    /// When the data became complete; `None` if it never did, or is being wiped. Uses `mtime`, because a
    /// change of the owner changes `ctime`.
    fn ready_since(&self) -> Option<Time> {
        let status = self.open_own(STATUS)?.metadata().ok()?;
        (status.len() > 0).then(|| (status.mtime(), status.mtime_nsec()))
    }
}

/// A copy of a directory of the runtime directory.
struct Copy<'a> {
    datadir: &'a Path,
    runtime: &'a Path,
    ready: Option<Time>,
}

impl Copy<'_> {
    /// The files that the user added to the copy or changed in it. Records of the validator client belong
    /// to the chain, unless the user imported keys: then they may list or protect these keys.
    fn sift(&self, entry: &OsStr) -> Result<Vec<OsString>, Error> {
        let (mut added, mut records) = (Vec::new(), Vec::new());
        self.find(Path::new(entry), &mut added, &mut records)?;
        if !added.is_empty() {
            added.append(&mut records);
        }
        Ok(added.into_iter().map(PathBuf::into).collect())
    }

    fn find(
        &self,
        path: &Path,
        added: &mut Vec<PathBuf>,
        records: &mut Vec<PathBuf>,
    ) -> Result<(), Error> {
        let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
        let found = meta(&self.datadir.join(path))?;
        if is_created_at_start(name) {
            return Ok(());
        }
        if is_validator_record(name) {
            let found = if self.names_other_keys(path, name) { added } else { records };
            found.push(path.to_owned());
        } else if found.is_dir() {
            for path in below(self.datadir, path)? {
                self.find(&path, added, records)?;
            }
        } else if self.is_added(path, name, &found) {
            added.push(path.to_owned());
        }
        Ok(())
    }

    /// Whether a list of keys contains keys that are not in its directory: those of a remote signer, or of
    /// another directory.
    fn names_other_keys(&self, path: &Path, name: &str) -> bool {
        let path = self.datadir.join(path);
        let list = if name == DEFINITIONS { std::fs::read_to_string(&path) } else { return false };
        let is_beside = |key: &str| path.with_file_name(key).symlink_metadata().is_ok();
        list.is_ok_and(|list| {
            let words = list.split(|char: char| !char.is_ascii_alphanumeric());
            let mut keys = words.filter(|word| word.starts_with("0x") && is_key(word));
            keys.any(|key| !is_beside(key))
        })
    }

    fn is_added(&self, path: &Path, name: &str, found: &Metadata) -> bool {
        let is_later = self.ready.map(|ready| (found.ctime(), found.ctime_nsec()) > ready);
        let original = self.runtime.join(path);
        if original.symlink_metadata().is_err() {
            // It may stem from an earlier genesis. Keys are always set aside.
            return is_later.unwrap_or(true) || is_key(name);
        }
        let digest = |path: PathBuf| sha256(&Input::file(path)).ok();
        let is_same = || {
            let copied = found.is_file().then(|| digest(self.datadir.join(path))).flatten();
            copied.is_some() && copied == digest(original)
        };
        is_later.unwrap_or(false) && !is_same()
    }
}

/// Collects the keys at a path and below it: files named like keys, and everything in a directory for
/// keys.
fn find_keys(datadir: &Path, path: &Path, keys: &mut Vec<OsString>) -> Result<(), Error> {
    let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
    if is_key(name) {
        keys.push(path.into());
    } else if meta(&datadir.join(path))?.is_dir() {
        let inner = below(datadir, path)?;
        if is_keys(name) && !inner.is_empty() {
            keys.push(path.into());
            return Ok(());
        }
        for path in inner {
            find_keys(datadir, &path, keys)?;
        }
    }
    Ok(())
}

/// The paths of a directory's entries, sorted.
fn below(datadir: &Path, path: &Path) -> Result<Vec<PathBuf>, Error> {
    let directory = datadir.join(path);
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(&directory).map_err(at(&directory))? {
        paths.push(path.join(entry.map_err(at(&directory))?.file_name()));
    }
    paths.sort();
    Ok(paths)
}

fn meta(path: &Path) -> Result<Metadata, Error> {
    path.symlink_metadata().map_err(at(path))
}
