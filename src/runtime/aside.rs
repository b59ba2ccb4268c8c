//! Moving files out of the way. Files that regenesis did not write are never deleted or overwritten;
//! they move to a path that is free:
//!
//! | a file in the way of | moves to |
//! |---|---|
//! | the files that `init` writes | `RUNTIME/.regenesis/kept/RUN/PATH` |
//! | the marker or a lock of a runtime directory | `PATH.set-aside-N` |
//! | the new chain in a data directory | `DATADIR/.regenesis-set-aside/RUN/PATH` |

use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Dir, Mode, OFlags, mkdirat, openat};
use rustix::io::Errno;

use crate::io::platform::rename_new;

/// Longer run ids are not used as a directory name.
const MAX_RUN_ID: usize = 64;

/// Moves `from`, a path below the directory `source`, to the first of `places` below the directory
/// `target` that is free, and returns that place. Creates missing directories with mode 0700. Follows no
/// symbolic link below either directory.
pub(super) fn move_to_free(
    source: impl AsFd,
    from: &Path,
    target: impl AsFd,
    places: impl IntoIterator<Item = PathBuf>,
) -> Result<PathBuf, Errno> {
    let parent = open_parent(source, from, false)?;
    for place in places {
        let new_parent = open_parent(&target, &place, true)?;
        match rename_new(&parent, file_name(from), new_parent, file_name(&place)) {
            Err(Errno::EXIST) => {}
            renamed => return renamed.map(|()| place),
        }
    }
    Err(Errno::EXIST)
}

/// Creates a directory with mode 0700. Returns whether it is new.
pub(super) fn create_directory(parent: impl AsFd, name: &OsStr) -> Result<bool, Errno> {
    match mkdirat(parent, name, Mode::from_raw_mode(0o700)) {
        Ok(()) => Ok(true),
        Err(Errno::EXIST) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Opens a directory; [`Errno::NOTDIR`] or [`Errno::LOOP`] for a symbolic link.
pub(super) fn open_directory(parent: impl AsFd, name: &OsStr) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    openat(parent, name, flags, Mode::empty())
}

/// The names in a directory.
pub(super) fn names(directory: impl AsFd) -> Result<Vec<OsString>, Errno> {
    let mut names = Vec::new();
    for entry in Dir::read_from(directory)? {
        let name = entry?.file_name().to_bytes().to_owned();
        if name != b"." && name != b".." {
            names.push(OsString::from_vec(name));
        }
    }
    Ok(names)
}

/// The run id, if it can be the name of a directory.
pub(crate) fn run_directory(run_id: Option<&str>) -> Option<&str> {
    run_id.filter(|id| {
        (1..=MAX_RUN_ID).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

fn open_parent(root: impl AsFd, path: &Path, create: bool) -> Result<OwnedFd, Errno> {
    let mut directory = open_directory(root, OsStr::new("."))?;
    for name in path.parent().unwrap_or(Path::new("")) {
        if create {
            create_directory(&directory, name)?;
        }
        directory = open_directory(&directory, name)?;
    }
    Ok(directory)
}

fn file_name(path: &Path) -> &Path {
    path.file_name().map_or(path, Path::new)
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    fn places(names: &[&str]) -> Vec<PathBuf> {
        names.iter().map(PathBuf::from).collect()
    }

    #[test]
    fn a_file_moves_to_the_first_free_place() {
        let root = tempfile::tempdir().unwrap();
        let at = |path: &str| root.path().join(path);
        std::fs::create_dir_all(at("kept/run")).unwrap();
        std::fs::write(at("kept/run/a"), "other").unwrap();
        std::fs::write(at("a"), "mine").unwrap();
        let directory = File::open(root.path()).unwrap();
        let names = places(&["kept/run/a", "kept/run/b/a"]);
        let moved = move_to_free(&directory, Path::new("a"), &directory, names).unwrap();
        assert_eq!(moved, Path::new("kept/run/b/a"));
        assert_eq!(std::fs::read_to_string(at("kept/run/a")).unwrap(), "other");
        assert_eq!(std::fs::read_to_string(at("kept/run/b/a")).unwrap(), "mine");
        assert!(!at("a").exists());
    }

    #[test]
    fn no_link_is_followed() {
        let root = tempfile::tempdir().unwrap();
        let at = |path: &str| root.path().join(path);
        std::fs::create_dir(at("elsewhere")).unwrap();
        std::os::unix::fs::symlink("elsewhere", at("kept")).unwrap();
        std::fs::write(at("a"), "mine").unwrap();
        let directory = File::open(root.path()).unwrap();
        let moved =
            move_to_free(&directory, Path::new("a"), &directory, places(&["kept/a", "free"]));
        assert!(matches!(moved, Err(Errno::NOTDIR | Errno::LOOP)), "{moved:?}");
        assert!(at("a").exists());
    }

    #[test]
    fn only_plain_run_ids_name_a_directory() {
        assert_eq!(run_directory(Some("a1")), Some("a1"));
        for id in ["", "..", "a/b", "a b", &"a".repeat(65)] {
            assert_eq!(run_directory(Some(id)), None, "{id:?}");
        }
    }
}
