//! What must outlive a wipe in the entries that it removes: what somebody put or changed there.

use std::ffi::{OsStr, OsString};
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::Datadir;
use super::error::{Error, at};
use crate::lease::clients::{DEFINITIONS, Known, is_beside_keys, is_by_itself, is_key, is_keys};
use crate::lease::mark::Mark;
use crate::lease::{Plan, STATUS};
use crate::rim::fs::sha256;
use crate::snapshot::Input;

/// A time as file systems have it: seconds and nanoseconds.
type Time = (i64, i64);

impl Datadir {
    /// Takes out of a plan's removals what somebody put there. `programs` are those whose data the
    /// directory holds.
    ///
    /// # Errors
    /// An entry cannot be read, or is a link.
    pub fn sift(
        &self,
        plan: &mut Plan,
        mark: Option<&Mark>,
        programs: &[String],
        runtime: &Path,
    ) -> Result<(), Error> {
        let known = Known::of(programs.iter().map(String::as_str));
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

    /// Sifts a directory in which a client keeps more than chain data.
    fn sift_directory(&self, name: &OsStr, known: &Known, plan: &mut Plan) -> Result<(), Error> {
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

    /// When the data became ready; `None` if they never did, or are being wiped. The time of the
    /// last write, since a change of the owner changes the other one.
    fn ready_since(&self) -> Option<Time> {
        let status = self.open_own(STATUS)?.metadata().ok()?;
        (status.len() > 0).then(|| (status.mtime(), status.mtime_nsec()))
    }
}

/// A copy of a directory of the runtime.
struct Copy<'a> {
    datadir: &'a Path,
    runtime: &'a Path,
    ready: Option<Time>,
}

impl Copy<'_> {
    /// What somebody added to the copy, or changed in it. What the client wrote there itself goes
    /// with its chain; but where somebody imported keys, it may name them or protect them.
    fn sift(&self, entry: &OsStr) -> Result<Vec<OsString>, Error> {
        let (mut theirs, mut beside) = (Vec::new(), Vec::new());
        self.find(Path::new(entry), &mut theirs, &mut beside)?;
        if !theirs.is_empty() {
            theirs.append(&mut beside);
        }
        Ok(theirs.into_iter().map(PathBuf::into).collect())
    }

    fn find(
        &self,
        path: &Path,
        theirs: &mut Vec<PathBuf>,
        beside: &mut Vec<PathBuf>,
    ) -> Result<(), Error> {
        let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
        let found = meta(&self.datadir.join(path))?;
        if is_by_itself(name) {
            return Ok(());
        }
        if is_beside_keys(name) {
            let found = if self.names_other_keys(path, name) { theirs } else { beside };
            found.push(path.to_owned());
        } else if found.is_dir() {
            for path in below(self.datadir, path)? {
                self.find(&path, theirs, beside)?;
            }
        } else if self.is_theirs(path, name, &found) {
            theirs.push(path.to_owned());
        }
        Ok(())
    }

    /// Whether a list of keys has some that are not beside it: those of a remote signer, or of
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

    fn is_theirs(&self, path: &Path, name: &str, found: &Metadata) -> bool {
        let is_later = self.ready.map(|ready| (found.ctime(), found.ctime_nsec()) > ready);
        let original = self.runtime.join(path);
        if original.symlink_metadata().is_err() {
            // An earlier genesis may have had it. A key is never in doubt.
            return is_later.unwrap_or(true) || is_key(name);
        }
        let digest = |path: PathBuf| sha256(&Input::File(path)).ok();
        let is_same = || {
            let copied = found.is_file().then(|| digest(self.datadir.join(path))).flatten();
            copied.is_some() && copied == digest(original)
        };
        is_later.unwrap_or(false) && !is_same()
    }
}

/// Collects the keys at a path and below it: files that are called like keys, and all that is in a
/// directory for keys.
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

/// The paths of what is in a directory, in order.
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
