//! Wiping a data directory: only what the plan names, only on its own mount, and nothing if that is
//! not possible.

use std::cell::Cell;
use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Dir, Mode, OFlags, mkdirat, openat, renameat, unlinkat};
use rustix::io::Errno;

use super::error::{Error, errno};
use super::{Datadir, MAX_MARK, MAX_STATUS};
use crate::lease::mark::Mark;
use crate::lease::{MARK, Plan, SET_ASIDE, STATUS};
use crate::rim::platform;

/// What a wipe did.
#[derive(Debug, Default)]
pub struct Wiped {
    /// Whether something was deleted.
    pub removed: bool,
    /// Where things were set aside, if any were.
    pub aside: Option<PathBuf>,
}

/// What a file lies on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mount {
    Id(u64),
    /// Of a system that does not tell mounts.
    Device(u32, u32),
}

impl Mount {
    fn of(directory: impl AsFd, name: &OsStr) -> Result<Self, Errno> {
        let name = Path::new(name);
        if let Some(id) = platform::mount_id(&directory, name)? {
            return Ok(Self::Id(id));
        }
        platform::device_of(directory, name).map(|(major, minor)| Self::Device(major, minor))
    }
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

fn open(directory: impl AsFd, name: &OsStr) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    openat(directory, name, flags, Mode::empty())
}

/// A directory that is walked by its handle, so that no link can lead out of it.
struct Place<'a> {
    handle: BorrowedFd<'a>,
    path: &'a Path,
    mount: Mount,
    /// Paths that stay.
    spared: &'a [PathBuf],
    /// Whether something was deleted.
    removed: &'a Cell<bool>,
}

impl Place<'_> {
    /// Refuses an entry that holds something on another mount.
    fn check(&self, name: &OsStr) -> Result<(), Error> {
        let path = self.path.join(name);
        let same_mount = match Mount::of(self.handle, name) {
            Ok(mount) => mount == self.mount,
            Err(Errno::NOENT) => return Ok(()),
            Err(error) => return Err(errno(&path)(error)),
        };
        let directory = match open(self.handle, name) {
            Ok(directory) => directory,
            Err(Errno::NOTDIR | Errno::LOOP) if same_mount => return Ok(()),
            Err(Errno::NOTDIR | Errno::LOOP) => return Err(Error::Mount(path)),
            Err(error) => return Err(errno(&path)(error)),
        };
        let names = names(&directory).map_err(errno(&path))?;
        if !same_mount {
            // Where nothing is mounted on, nothing can be lost.
            return if names.is_empty() { Ok(()) } else { Err(Error::Mount(path)) };
        }
        let inner = Place { handle: directory.as_fd(), path: &path, ..*self };
        names.iter().try_for_each(|name| inner.check(name))
    }

    /// Deletes an entry with all that is in it; whether it is gone. An empty mount stays, and what is
    /// spared.
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
        let directory = open(self.handle, name).map_err(errno(&path))?;
        let names = names(&directory).map_err(errno(&path))?;
        if Mount::of(&directory, OsStr::new("")).map_err(errno(&path))? != self.mount {
            return if names.is_empty() { Ok(false) } else { Err(Error::Mount(path)) };
        }
        let inner = Place { handle: directory.as_fd(), path: &path, ..*self };
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

impl Datadir {
    /// Wipes the directory. `label` names the directory of what is set aside, if it is free.
    ///
    /// # Errors
    /// Something cannot be removed or moved. If that is because of a mount, nothing was.
    pub fn wipe(&self, plan: &Plan, label: &str) -> Result<Wiped, Error> {
        let mount = Mount::of(self, OsStr::new("")).map_err(errno(&self.path))?;
        let paths =
            |names: &[OsString]| names.iter().map(|name| self.path.join(name)).collect::<Vec<_>>();
        let spared = paths(&plan.spare);
        let spared_at_first = [paths(&plan.spare), paths(&plan.aside)].concat();
        let removed = Cell::new(false);
        let (handle, path) = (self.as_fd(), &*self.path);
        let top = Place { handle, path, mount, spared: &spared, removed: &removed };
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
        // Setting aside needs room, which this makes.
        let first = Place { spared: &spared_at_first, ..top };
        let mut last = Vec::new();
        for name in &plan.remove {
            if !first.remove(name)? {
                last.push(name);
            }
        }
        aside.extend(
            [STATUS, MARK].into_iter().filter(|name| self.is_strange(name)).map(OsStr::new),
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

    /// Whether something is in the place of a file of ours that we did not write.
    fn is_strange(&self, name: &str) -> bool {
        if self.path.join(name).symlink_metadata().is_err() {
            return false;
        }
        if name == STATUS {
            return self.read_own(name, MAX_STATUS).is_none();
        }
        self.read_own(name, MAX_MARK).is_none_or(|json| Mark::parse(&json).is_none())
    }

    /// Whether a path can be moved, and need be: an empty mount spoils nothing.
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

    /// Moves paths to a new directory in [`SET_ASIDE`], and tells which.
    fn set_aside(&self, paths: &[&OsStr], label: &str) -> Result<PathBuf, Error> {
        let at = self.path.join(SET_ASIDE);
        make(self, OsStr::new(SET_ASIDE)).map_err(errno(&at))?;
        let root = open(self, OsStr::new(SET_ASIDE)).map_err(errno(&at))?;
        let mut name = label.to_owned();
        let mut number = 1_u32;
        while !make(&root, OsStr::new(&name)).map_err(errno(&at.join(&name)))? {
            number += 1;
            name = format!("{label}-{number}");
        }
        let at = at.join(&name);
        let place = open(&root, OsStr::new(&name)).map_err(errno(&at))?;
        for path in paths {
            let moved = move_below(self.as_fd(), &place, Path::new(path));
            moved.map_err(errno(&self.path.join(path)))?;
        }
        Ok(at)
    }
}

/// Moves a path from one directory to another, and makes the directories on its way there.
fn move_below(from: BorrowedFd<'_>, to: &OwnedFd, path: &Path) -> Result<(), Errno> {
    let mut names = path.iter();
    let (Some(first), rest) = (names.next(), names.as_path()) else { return Ok(()) };
    if rest == Path::new("") {
        return renameat(from, first, to, first);
    }
    make(to, first)?;
    move_below(open(from, first)?.as_fd(), &open(to, first)?, rest)
}

/// Makes a directory; whether it was not there.
fn make(parent: impl AsFd, name: &OsStr) -> Result<bool, Errno> {
    match mkdirat(parent, name, Mode::from_raw_mode(0o700)) {
        Ok(()) => Ok(true),
        Err(Errno::EXIST) => Ok(false),
        Err(error) => Err(error),
    }
}
