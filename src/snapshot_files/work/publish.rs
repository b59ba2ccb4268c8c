//! Publishes a snapshot over another one, or into an empty directory: file by file, so that all other
//! files there stay.
//!
//! The plan is on disk before the first file moves. If the process is killed then, the snapshot has no
//! `metadata.json`, and the next capture to the same place completes the plan.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::has;
use crate::compose::{FILE, UP_FILE};
use crate::file::{FileDigest, by_path};
use crate::io::disk::{self, Error, at, check_directory, make_directory, remove_file, rename_new};
use crate::snapshot::{DIRECTORIES, FILES, L2, L2_CAPTURED, METADATA, bake};
use crate::snapshot_files::replaced::{Replaced, check_directories, may_replace};
use crate::snapshot_files::{directories, geth_database, l2_names, listed_files, service_files};

/// The files to remove and to move.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Plan {
    /// Files of the replaced snapshot: only these may be replaced or removed.
    #[serde(with = "by_path")]
    old: BTreeMap<String, FileDigest>,
    /// Files of the new one, except its metadata and its stack.
    new: Vec<String>,
}

fn fixed() -> impl Iterator<Item = String> {
    FILES.into_iter().chain(bake::FILES).map(str::to_owned)
}

impl Plan {
    /// The plan for the files that are staged in `new` and replace those in `out`.
    pub(super) fn of(replaced: &Replaced, out: &Path, new: &Path) -> Result<Self, Error> {
        let mut staged = Vec::new();
        for path in fixed().chain(geth_database::paths(new)?) {
            if has(&new.join(&path))? {
                staged.push(path);
            }
        }
        for name in l2_names(new) {
            staged.extend(L2_CAPTURED.map(|file| format!("{L2}/{name}/{file}")));
        }
        let old = replaced.files();
        for path in service_files(new)? {
            for directory in directories(&path) {
                check_directory(&out.join(directory))?;
            }
            replaced.check(out, &path, old.get(&path))?;
            staged.push(path);
        }
        replaced.check_l2s(out, &l2_names(new))?;
        Ok(Self { old, new: staged })
    }

    /// The plan of an edit, which replaces or removes the files in `before` and leaves all others.
    #[cfg(feature = "host")]
    pub(super) fn edit(before: BTreeMap<String, FileDigest>) -> Self {
        let removed = [bake::RECORD, bake::SEEN];
        Self { old: before, new: fixed().filter(|path| !removed.contains(&&**path)).collect() }
    }

    pub(super) fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    pub(super) fn parse(json: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(json)
    }

    /// The files to move, to replace or to remove.
    fn paths(&self) -> BTreeSet<String> {
        let listed = self.new.iter().chain(self.old.keys());
        let database = listed.filter(|path| geth_database::is_path(path));
        fixed().chain(database.cloned()).chain(self.listed_files().cloned()).collect()
    }

    fn listed_files(&self) -> impl Iterator<Item = &String> {
        listed_files(self.new.iter().chain(self.old.keys()))
    }

    /// Moves the staged files from `new` to `out`, also after a killed run has moved some. Returns the
    /// files of the stack that were edited, and therefore stay.
    pub(super) fn carry_out(
        &self,
        out: &Path,
        new: &Path,
        replaced: &Replaced,
    ) -> Result<Vec<&'static str>, Error> {
        let mut left = Vec::new();
        let metadata = new.join(METADATA);
        if !has(&metadata)? {
            return Ok(left);
        }
        check_directories(out)?;
        replaced.check(out, METADATA, self.old.get(METADATA))?;
        remove_file(&out.join(METADATA))?;
        disk::sync(out)?;
        for directory in DIRECTORIES.into_iter().chain([bake::GETH]) {
            if has(&new.join(directory))? {
                make_directory(&out.join(directory), 0o755)?;
            }
        }
        for directory in self.listed_files().flat_map(|path| directories(path).skip(1)) {
            check_directory(&out.join(directory))?;
            if has(&new.join(directory))? {
                make_directory(&out.join(directory), 0o755)?;
            }
        }
        for path in self.paths() {
            let staged = has(&new.join(&path))?;
            let is_gone = !staged && !self.new.contains(&path);
            if staged || is_gone {
                replaced.check(out, &path, self.old.get(&path))?;
            }
            if staged {
                rename(new, out, &path)?;
            } else if is_gone {
                remove_file(&out.join(&path))?;
            }
        }
        // Directories that the new snapshot does not have, unless they have other files.
        let all = self.listed_files().map(|path| directories(path).collect::<Vec<_>>());
        for directory in all.flat_map(|directories| directories.into_iter().rev()) {
            let _ = std::fs::remove_dir(out.join(directory));
        }
        for name in [FILE, UP_FILE] {
            if !may_replace(&out.join(name))? {
                left.push(name);
            } else if has(&new.join(name))? {
                rename(new, out, name)?;
            }
        }
        disk::sync_file_system(out)?;
        // The old one was removed above: a file there now is the user's.
        rename_new(&new.join(METADATA), &out.join(METADATA))?;
        disk::sync(out)?;
        Ok(left)
    }
}

/// Moves a file to a path that does not exist, or has the file that was just checked.
fn rename(new: &Path, out: &Path, path: &str) -> Result<(), Error> {
    let place = out.join(path);
    if !has(&place)? {
        return rename_new(&new.join(path), &place);
    }
    std::fs::rename(new.join(path), &place).map_err(at(&place))
}
