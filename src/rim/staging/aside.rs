//! Where strangers' files go that stand where a run writes: `.regenesis/kept/RUN/`, under their own
//! paths. Nothing there is ever removed.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::rim::disk::{Error, at, make_directories, rename_new};

/// Puts files aside, and remembers which.
#[derive(Debug, Default)]
pub(super) struct Aside {
    kept: Mutex<Vec<(String, PathBuf)>>,
}

impl Aside {
    /// Moves `from` below `own`, to where `path` of the run `run_id` is kept.
    pub(super) fn put(
        &self,
        own: &Path,
        run_id: Option<&str>,
        from: &Path,
        path: &str,
    ) -> Result<(), Error> {
        let is_plain = |id: &&str| id.len() <= 64 && id.bytes().all(|b| b.is_ascii_alphanumeric());
        let run_id = run_id.filter(|id| !id.is_empty()).filter(is_plain).unwrap_or("unknown");
        let directory = own.join("kept").join(run_id);
        let mut place = directory.join(path);
        for number in 1.. {
            make_directories(place.parent().unwrap_or(&directory), 0o700)?;
            match rename_new(from, &place) {
                Err(Error::Exists(_)) => place = directory.join(format!("{path}.{number}")),
                Err(error) => return Err(error),
                Ok(()) => break,
            }
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push((path.to_owned(), place));
        Ok(())
    }

    /// What was put aside since this was last asked, in a line.
    pub(super) fn take(&self) -> Option<String> {
        let kept = std::mem::take(&mut *self.kept.lock().unwrap_or_else(PoisonError::into_inner));
        let ((_, first), rest) = kept.split_first()?;
        let more = match rest.len() {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        Some(format!("what no run wrote is kept: {}{more}", first.display()))
    }
}

/// Moves `from` to `to`, making the directory if need be; `false` if something is there.
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

/// The entries of a directory, with their paths below the runtime directory; a name that is no text
/// is a stranger's.
pub(super) fn entries(
    directory: &Path,
    path: &str,
) -> Result<Vec<(PathBuf, String, std::fs::Metadata)>, Error> {
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(at(directory))? {
        let entry = entry.map_err(at(directory))?;
        let meta = entry.metadata().map_err(at(&entry.path()))?;
        entries.push((
            entry.path(),
            format!("{path}/{}", entry.file_name().to_string_lossy()),
            meta,
        ));
    }
    Ok(entries)
}
