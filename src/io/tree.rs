//! Directories that appear under their name when they are complete.
//!
//! ```text
//! .NAME.regenesis-RANDOM/    locked while its process lives
//!   mark                     proof that it is ours
//!   new/                     the directory, until it is renamed to NAME
//! ```

use std::fs::File;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::file::OutFile;
use crate::io::disk::{
    self, Error, at, beside, check_directory, create_directory, remove, rename_new, sync,
    sync_file_system, temporary_stem,
};
use crate::io::mark;
use crate::io::signal;

const MARK: &str = "mark";
const NEW: &str = "new";
const PURPOSE: &str = "unfinished directory";

/// A directory that is written beside its place, under a unique temporary name. Removed when dropped.
#[derive(Debug)]
pub struct NewTree {
    place: PathBuf,
    temporary: PathBuf,
    _lock: File,
}

impl NewTree {
    /// Creates a directory that must not exist yet.
    ///
    /// # Errors
    /// It exists, or cannot be created.
    pub fn create(place: &Path) -> Result<Self, Error> {
        if place.symlink_metadata().is_ok() {
            return Err(Error::Exists(place.to_owned()));
        }
        let temporary = beside(place)?;
        std::fs::create_dir_all(parent(place)).map_err(at(place))?;
        signal::uninterrupted(|| create_directory(&temporary, 0o755))?;
        signal::set_leftover(Some(temporary.clone()));
        // Locked before it has its mark: another process does not take it over.
        let lock = File::open(&temporary).map_err(at(&temporary))?;
        let _ = lock.try_lock();
        let tree = Self { place: place.to_owned(), temporary, _lock: lock };
        mark::set(&tree.temporary.join(MARK), PURPOSE, &tree.temporary)?;
        create_directory(&tree.temporary.join(NEW), 0o755)?;
        Ok(tree)
    }

    /// Writes files, on all cores.
    ///
    /// # Errors
    /// The first that cannot be written.
    pub fn write(&self, files: &[OutFile]) -> Result<(), Error> {
        let new = self.temporary.join(NEW);
        files.par_iter().try_for_each(|file| disk::write(&new, file).map(drop))
    }

    /// Syncs the directory and renames it to its place.
    ///
    /// # Errors
    /// The sync or the rename fails, or the place has been taken since.
    pub fn publish(self) -> Result<(), Error> {
        sync_file_system(&self.temporary)?;
        signal::uninterrupted(|| rename_new(&self.temporary.join(NEW), &self.place))?;
        sync(parent(&self.place))
    }
}

impl Drop for NewTree {
    fn drop(&mut self) {
        let _ = signal::uninterrupted(|| remove(&self.temporary));
        signal::set_leftover(None);
    }
}

fn parent(place: &Path) -> &Path {
    place.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."))
}

/// Removes the unfinished directories of killed processes that would have become `place`. Returns them.
///
/// Only a directory with our valid mark, without a lock, and without other files is removed. One that
/// cannot be examined stays.
pub fn remove_unfinished(place: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(parent(place)) else { return Vec::new() };
    let entries = entries.flatten().map(|entry| place.with_file_name(entry.file_name()));
    let named = entries.filter(|path| is_temporary_of(path, place));
    named.filter(|path| matches!(remove_if_unfinished(path), Ok(true))).collect()
}

/// Whether `path` has a name that [`beside`] chooses for `place`.
fn is_temporary_of(path: &Path, place: &Path) -> bool {
    let (Some(path), Some(place)) = (path.file_name(), place.file_name()) else { return false };
    let (path, place) = (path.as_encoded_bytes(), place.as_encoded_bytes());
    let Some(stem) = temporary_stem(path) else { return false };
    if place.starts_with(b".") { stem == place } else { stem.strip_prefix(b".") == Some(place) }
}

fn remove_if_unfinished(directory: &Path) -> Result<bool, Error> {
    let mark = directory.join(MARK);
    if !check_directory(directory)? || !mark::is_set(&mark, PURPOSE, directory)? {
        return Ok(false);
    }
    let lock = File::open(directory).map_err(at(directory))?;
    if lock.try_lock().is_err() {
        return Ok(false);
    }
    for entry in std::fs::read_dir(directory).map_err(at(directory))? {
        let name = entry.map_err(at(directory))?.file_name();
        if name != MARK && name != NEW {
            return Ok(false);
        }
    }
    // The mark last: if this process is killed, too, the next one continues.
    remove(&directory.join(NEW))?;
    disk::remove_file(&mark)?;
    std::fs::remove_dir(directory).map_err(at(directory))?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An unfinished directory of `place`, as a killed process leaves it.
    fn unfinished(place: &Path) -> PathBuf {
        let left = beside(place).unwrap();
        std::fs::create_dir_all(left.join(NEW).join("keys")).unwrap();
        std::fs::write(left.join(NEW).join("keys/a"), "x").unwrap();
        mark::set(&left.join(MARK), PURPOSE, &left).unwrap();
        left
    }

    #[test]
    fn only_our_own_unfinished_directories_are_removed() {
        let root = tempfile::tempdir().unwrap();
        let place = root.path().join("keys");
        // Its process is alive.
        let tree = NewTree::create(&place).unwrap();
        tree.write(&[OutFile::public("keys/a", "x")]).unwrap();
        assert_eq!(remove_unfinished(&place), Vec::<PathBuf>::new());
        assert!(tree.temporary.join(NEW).join("keys/a").exists());
        drop(tree);
        assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 0);
        // Of another place.
        let left = unfinished(&place);
        for other in ["key", "keys2", "keys.regenesis-0123456789abcdef"] {
            assert_eq!(
                remove_unfinished(&root.path().join(other)),
                Vec::<PathBuf>::new(),
                "{other}"
            );
        }
        // A copy has no valid mark.
        let copy = root.path().join(".keys.regenesis-0123456789abcdef");
        std::fs::create_dir_all(copy.join(NEW)).unwrap();
        std::fs::copy(left.join(MARK), copy.join(MARK)).unwrap();
        // A file of the user's.
        std::fs::write(left.join("notes"), "mine").unwrap();
        assert_eq!(remove_unfinished(&place), Vec::<PathBuf>::new());
        std::fs::remove_file(left.join("notes")).unwrap();
        // A link is not followed.
        let outside = root.path().join("outside");
        std::fs::create_dir(&outside).unwrap();
        std::fs::write(outside.join("mine"), "x").unwrap();
        std::os::unix::fs::symlink(&outside, left.join(NEW).join("link")).unwrap();
        let link = root.path().join(".keys.regenesis-fedcba9876543210");
        std::os::unix::fs::symlink(&left, &link).unwrap();

        assert_eq!(remove_unfinished(&place), std::slice::from_ref(&left));
        assert!(!left.exists() && copy.exists() && link.is_symlink());
        assert!(outside.join("mine").exists());
        // Killed after the rename: only the mark is left.
        let left = unfinished(&place);
        std::fs::rename(left.join(NEW), &place).unwrap();
        assert_eq!(remove_unfinished(&place), [left]);
        assert!(place.join("keys/a").exists());
    }
}
