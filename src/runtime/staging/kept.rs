//! Files that no run wrote, at the paths of a run's files: they move to `.regenesis/kept/RUN/`, under
//! their own paths, and are never removed.

use std::ffi::OsStr;
use std::fs::{File, Metadata};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rustix::fs::CWD;
use rustix::io::Errno;

use crate::io::disk::{Error, at, make_directories, rename_new};
use crate::runtime::aside::{move_to_free, open_directory, run_directory};

/// The directory in `.regenesis`.
const KEPT: &str = "kept";

/// Moves such files, and remembers where.
#[derive(Debug, Default)]
pub(super) struct Kept(Mutex<Vec<PathBuf>>);

impl Kept {
    /// Moves `from` to where `path` of the run `run_id` is kept, below `own`.
    pub(super) fn put(
        &self,
        own: &Path,
        run_id: Option<&str>,
        from: &Path,
        path: &str,
    ) -> Result<(), Error> {
        let (parent, name) = (from.parent().unwrap_or(from), from.file_name().unwrap_or_default());
        let source = File::open(parent).map_err(at(parent))?;
        self.put_entry(own, run_id, source, name, path).map_err(|error| at(from)(error.into()))
    }

    /// The same for the entry `name` of the directory `source`.
    pub(super) fn put_entry(
        &self,
        own: &Path,
        run_id: Option<&str>,
        source: impl AsFd,
        name: &OsStr,
        path: &str,
    ) -> Result<(), Errno> {
        let place = format!("{KEPT}/{}/{path}", run_directory(run_id).unwrap_or("unknown"));
        let numbered = (1_u64..).map(|number| format!("{place}.{number}"));
        let places = std::iter::once(place.clone()).chain(numbered).map(PathBuf::from);
        let target = open_directory(CWD, own.as_os_str())?;
        let moved = move_to_free(source, Path::new(name), target, places)?;
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(own.join(moved));
        Ok(())
    }

    /// The files moved since the last call, as a line for the user.
    pub(super) fn take(&self) -> Option<String> {
        let kept = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let (first, rest) = kept.split_first()?;
        let more = match rest.len() {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        Some(format!("kept files that regenesis did not write: {}{more}", first.display()))
    }
}

/// Moves `from` to `to`, and creates its directory if missing. Returns `false` if `to` exists.
pub(super) fn restore(from: &Path, to: &Path) -> Result<bool, Error> {
    if let Some(parent) = to.parent() {
        make_directories(parent, 0o755)?;
    }
    match rename_new(from, to) {
        Ok(()) => Ok(true),
        Err(Error::Exists(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// An entry of a directory in a runtime directory.
pub(super) struct Entry {
    /// Where it is now.
    pub(super) place: PathBuf,
    /// Its path in the runtime directory; invalid UTF-8, which no run writes, is replaced.
    pub(super) path: String,
    pub(super) meta: Metadata,
}

/// The entries of the directory `place`, whose path in the runtime directory is `path`.
pub(super) fn entries(place: &Path, path: &str) -> Result<Vec<Entry>, Error> {
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(place).map_err(at(place))? {
        let entry = entry.map_err(at(place))?;
        let meta = entry.metadata().map_err(at(&entry.path()))?;
        let path = format!("{path}/{}", entry.file_name().to_string_lossy());
        entries.push(Entry { place: entry.path(), path, meta });
    }
    Ok(entries)
}
