//! Makes room for the marker and the locks of a runtime directory.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::aside::move_to_free;
use crate::io::disk::{Error, at};
use crate::layout::MARKER;
use crate::runtime::staging::{OWN, binding};

/// Files that `init` creates again.
const PLACES: [&str; 3] = [MARKER, ".regenesis/init", ".regenesis/lock"];

/// Moves directories and special files away from the places of our files in the runtime directory
/// `out`, where every run would fail; Docker creates a directory where the source of a bind mount is
/// missing. Returns the old and the new paths. A directory without our mark is left as it is.
///
/// # Errors
/// One of them cannot be moved.
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
            let root = File::open(out).map_err(at(out))?;
            let names =
                (1_u64..).map(|number| PathBuf::from(format!("{place}.set-aside-{number}")));
            let new = move_to_free(&root, Path::new(place), &root, names);
            let new = out.join(new.map_err(|error| at(&path)(error.into()))?);
            moved.push((path, new));
        }
    }
    Ok(moved)
}
