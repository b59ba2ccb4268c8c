//! Puts a snapshot where another one, or an empty directory, is: file by file, so that whatever else
//! is there stays.
//!
//! The plan is on disk before the first file moves. Killed on the way, the snapshot has no
//! `metadata.json`, and the next capture to the same place carries the plan out to its end.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::has;
use crate::compose::{FILE, UP_FILE};
use crate::rim::disk::{self, Error, at, make_directory, remove_file, rename_new};
use crate::rim::former::{Former, check_directories, may_replace};
use crate::snapshot::metadata::File;
use crate::snapshot::{DIRECTORIES, FILES, METADATA, bake};

/// Which files go and which come.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Plan {
    /// Files of the former snapshot, which alone may be replaced or removed.
    old: BTreeMap<String, File>,
    /// Files of the new one, but for its metadata and its stack.
    new: Vec<String>,
}

fn all() -> impl Iterator<Item = &'static str> {
    FILES.into_iter().chain(bake::FILES)
}

impl Plan {
    /// The plan for what is staged in `new`.
    pub(super) fn of(former: &Former, new: &Path) -> Result<Self, Error> {
        let mut staged = Vec::new();
        for path in all() {
            if has(&new.join(path))? {
                staged.push(path.to_owned());
            }
        }
        Ok(Self { old: former.files(), new: staged })
    }

    pub(super) fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    pub(super) fn parse(json: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(json)
    }

    /// Moves the staged files from `new` to `out`, from wherever a killed run has come to. Tells
    /// which files of the stack stay as somebody edited them.
    pub(super) fn carry_out(
        &self,
        out: &Path,
        new: &Path,
        former: &Former,
    ) -> Result<Vec<&'static str>, Error> {
        let mut left = Vec::new();
        let metadata = new.join(METADATA);
        if !has(&metadata)? {
            return Ok(left);
        }
        check_directories(out)?;
        former.check(out, METADATA, self.old.get(METADATA))?;
        remove_file(&out.join(METADATA))?;
        disk::sync(out)?;
        for directory in DIRECTORIES {
            if has(&new.join(directory))? {
                make_directory(&out.join(directory), 0o755)?;
            }
        }
        for path in all() {
            let staged = has(&new.join(path))?;
            let is_gone = !staged && !self.new.iter().any(|known| known == path);
            if staged || is_gone {
                former.check(out, path, self.old.get(path))?;
            }
            if staged {
                rename(new, out, path)?;
            } else if is_gone {
                remove_file(&out.join(path))?;
            }
        }
        for name in [FILE, UP_FILE] {
            if !may_replace(&out.join(name))? {
                left.push(name);
            } else if has(&new.join(name))? {
                rename(new, out, name)?;
            }
        }
        disk::sync_file_system(out)?;
        // It was removed above: what is there now is somebody's.
        rename_new(&new.join(METADATA), &out.join(METADATA))?;
        disk::sync(out)?;
        Ok(left)
    }
}

/// Moves a file to where nothing is, or the file that was just checked.
fn rename(new: &Path, out: &Path, path: &str) -> Result<(), Error> {
    let place = out.join(path);
    if !has(&place)? {
        return rename_new(&new.join(path), &place);
    }
    std::fs::rename(new.join(path), &place).map_err(at(&place))
}
