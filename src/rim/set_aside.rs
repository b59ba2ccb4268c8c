//! Makes room for a file of ours where something else stands in its place.

use std::path::{Path, PathBuf};

use super::disk::{Error, at};
use super::staging::{OWN, binding};
use crate::layout::MARKER;

/// Where `init` has files that it makes again: its marker and its locks.
const PLACES: [&str; 3] = [MARKER, ".regenesis/init", ".regenesis/lock"];

/// Moves what is no file away from the places of our files in the runtime directory `out`: a bind
/// mount may have left a directory there, and every run would stop at it. Tells what was moved, and
/// where to. A directory that does not bear our mark is left as it is.
///
/// # Errors
/// It cannot be moved.
pub fn set_aside(out: &Path) -> Result<Vec<(PathBuf, PathBuf)>, Error> {
    let mut moved = Vec::new();
    if !out.join(OWN).symlink_metadata().is_ok_and(|found| found.is_dir())
        || !binding::is_bound(out)?
    {
        return Ok(moved);
    }
    for place in PLACES {
        let path = out.join(place);
        let Ok(found) = path.symlink_metadata() else { continue };
        if !found.is_file() && !found.is_symlink() {
            let aside = free_name(&path);
            std::fs::rename(&path, &aside).map_err(at(&path))?;
            moved.push((path, aside));
        }
    }
    Ok(moved)
}

/// A name beside `path` that nothing has.
fn free_name(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let names = (1_u64..).map(|number| path.with_file_name(format!("{name}.set-aside-{number}")));
    let mut free = names.filter(|name| name.symlink_metadata().is_err());
    free.next().unwrap_or_else(|| path.to_owned())
}
