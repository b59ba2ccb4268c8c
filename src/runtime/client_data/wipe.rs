//! Wiping a data directory: only what the plan lists, only on the directory's own mount, and nothing at
//! all if a mount point is in the way.

use std::cell::Cell;
use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, unlinkat};
use rustix::io::Errno;

use super::error::{Error, errno};
use super::{DataDirectory, MAX_MARK, MAX_STATUS};
use crate::datadir::mark::Mark;
use crate::datadir::{MARK, Plan, SET_ASIDE, STATUS};
use crate::io::platform::{self, Mount};
use crate::runtime::aside::{create_directory, move_to_free, names, open_directory};

/// The result of a wipe.
#[derive(Debug, Default)]
pub struct Wiped {
    /// Whether anything was deleted.
    pub removed: bool,
    /// Where files were set aside, if any were.
    pub aside: Option<PathBuf>,
}

/// A directory, addressed by its handle so that no symbolic link can lead out of it.
struct OpenDirectory<'a> {
    handle: BorrowedFd<'a>,
    path: &'a Path,
    mount: Mount,
    /// Paths to leave.
    spared: &'a [PathBuf],
    /// Whether anything was deleted.
    removed: &'a Cell<bool>,
}

impl OpenDirectory<'_> {
    /// Refuses an entry that contains files on another mount.
    fn check(&self, name: &OsStr) -> Result<(), Error> {
        let path = self.path.join(name);
        let same_mount = match Mount::of(self.handle, name) {
            Ok(mount) => mount == self.mount,
            Err(Errno::NOENT) => return Ok(()),
            Err(error) => return Err(errno(&path)(error)),
        };
        let directory = match open_directory(self.handle, name) {
            Ok(directory) => directory,
            Err(Errno::NOTDIR | Errno::LOOP) if same_mount => return Ok(()),
            Err(Errno::NOTDIR | Errno::LOOP) => return Err(Error::Mount(path)),
            Err(error) => return Err(errno(&path)(error)),
        };
        let names = names(&directory).map_err(errno(&path))?;
        if !same_mount {
            // An empty mount contains nothing to lose.
            return if names.is_empty() { Ok(()) } else { Err(Error::Mount(path)) };
        }
        let inner = OpenDirectory { handle: directory.as_fd(), path: &path, ..*self };
        names.iter().try_for_each(|name| inner.check(name))
    }

    /// Deletes an entry and its contents, except spared paths and empty mounts. Returns whether the entry
    /// is gone.
    fn remove(&self, name: &OsStr) -> Result<bool, Error> {
        let path = self.path.join(name);
        if self.spared.contains(&path) {
            return Ok(false);
        }
        match unlinkat(self.handle, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => {
                self.removed.set(true);
                return Ok(true);
            }
            Err(platform::IS_DIRECTORY) => {}
            Err(error) => return Err(errno(&path)(error)),
        }
        let directory = open_directory(self.handle, name).map_err(errno(&path))?;
        let names = names(&directory).map_err(errno(&path))?;
        if Mount::of(&directory, OsStr::new("")).map_err(errno(&path))? != self.mount {
            return if names.is_empty() { Ok(false) } else { Err(Error::Mount(path)) };
        }
        let inner = OpenDirectory { handle: directory.as_fd(), path: &path, ..*self };
        let mut all = true;
        for name in &names {
            all &= inner.remove(name)?;
        }
        if all {
            unlinkat(self.handle, name, AtFlags::REMOVEDIR).map_err(errno(&path))?;
            self.removed.set(true);
        }
        Ok(all)
    }
}

impl DataDirectory {
    /// Wipes the directory. `label` is the name, if free, of the directory for files set aside.
    ///
    /// # Errors
    /// A path cannot be removed or moved. On [`Error::Mount`], nothing was removed.
    pub fn wipe(&self, plan: &Plan, label: &str) -> Result<Wiped, Error> {
        let mount = Mount::of(self, OsStr::new("")).map_err(errno(&self.path))?;
        let paths =
            |names: &[OsString]| names.iter().map(|name| self.path.join(name)).collect::<Vec<_>>();
        let spared = paths(&plan.spare);
        let spared_at_first = [paths(&plan.spare), paths(&plan.aside)].concat();
        let removed = Cell::new(false);
        let (handle, path) = (self.as_fd(), &*self.path);
        let top = OpenDirectory { handle, path, mount, spared: &spared, removed: &removed };
        for name in &plan.remove {
            top.check(name)?;
        }
        let mut aside = Vec::new();
        for name in &plan.aside {
            if self.is_movable(name, mount)? {
                aside.push(name.as_os_str());
            }
        }
        let mut wiped = Wiped::default();
        // Before setting files aside, which needs free space.
        let first = OpenDirectory { spared: &spared_at_first, ..top };
        let mut last = Vec::new();
        for name in &plan.remove {
            if !first.remove(name)? {
                last.push(name);
            }
        }
        aside.extend(
            [STATUS, MARK].into_iter().filter(|name| self.is_foreign(name)).map(OsStr::new),
        );
        if !aside.is_empty() {
            wiped.aside = Some(self.set_aside(&aside, label)?);
        }
        for name in last {
            top.remove(name)?;
        }
        wiped.removed = removed.get();
        self.sync()?;
        Ok(wiped)
    }

    /// Whether the path of one of our files has contents that we did not write.
    fn is_foreign(&self, name: &str) -> bool {
        if self.path.join(name).symlink_metadata().is_err() {
            return false;
        }
        if name == STATUS {
            return self.read_own(name, MAX_STATUS).is_none();
        }
        self.read_own(name, MAX_MARK).is_none_or(|json| Mark::parse(&json).is_none())
    }

    /// Whether a path must be moved, and can be: an empty mount may stay.
    fn is_movable(&self, name: &OsStr, mount: Mount) -> Result<bool, Error> {
        let path = self.path.join(name);
        let is_empty =
            || std::fs::read_dir(&path).is_ok_and(|mut entries| entries.next().is_none());
        match Mount::of(self, name) {
            Ok(found) if found == mount => Ok(true),
            Err(Errno::NOENT) => Ok(false),
            Ok(_) if is_empty() => Ok(false),
            Ok(_) => Err(Error::Mount(path)),
            Err(error) => Err(errno(&path)(error)),
        }
    }

    /// Moves paths to a new directory in [`SET_ASIDE`], and returns it.
    fn set_aside(&self, paths: &[&OsStr], label: &str) -> Result<PathBuf, Error> {
        let at = self.path.join(SET_ASIDE);
        create_directory(self, OsStr::new(SET_ASIDE)).map_err(errno(&at))?;
        let root = open_directory(self, OsStr::new(SET_ASIDE)).map_err(errno(&at))?;
        let mut name = label.to_owned();
        let mut number = 1_u32;
        while !create_directory(&root, OsStr::new(&name)).map_err(errno(&at.join(&name)))? {
            number += 1;
            name = format!("{label}-{number}");
        }
        let at = at.join(&name);
        let place = open_directory(&root, OsStr::new(&name)).map_err(errno(&at))?;
        for path in paths {
            let moved = move_to_free(self, Path::new(path), &place, [PathBuf::from(path)]);
            moved.map_err(errno(&self.path.join(path)))?;
        }
        Ok(at)
    }
}
