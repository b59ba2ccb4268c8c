//! The entries at chosen paths of a runtime directory.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{Access, AtFlags, FileType, Mode, OFlags, accessat, openat, statat};
use rustix::io::Errno;
use sha2::{Digest, Sha256};

use super::split;
use crate::file::each_chunk;
use crate::io::disk::{Error, at, check_directory};
use crate::io::platform::Mount;
use crate::layout::places::Place;
use crate::layout::shape::{Kind, Listed, Listing};
use crate::runtime::aside::{names, open_directory};

pub(super) fn errno(path: &Path) -> impl FnOnce(Errno) -> Error + '_ {
    move |error| at(path)(error.into())
}

/// An entry of a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// No such entry.
    Nothing,
    /// A file with the bytes that a run wrote. Times prove nothing: a directory that moves keeps them, and
    /// all keystores have the same size.
    Ours,
    /// Anything else.
    Other,
}

impl Found {
    /// Compares the entry `name` of `directory` with files of runs.
    pub(super) fn at<'a>(
        directory: impl AsFd,
        name: &OsStr,
        listed: impl Iterator<Item = &'a Listed>,
    ) -> io::Result<Self> {
        let stat = match statat(&directory, name, AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT) => return Ok(Self::Nothing),
            stat => stat?,
        };
        let is_size = |file: &&Listed| u64::try_from(stat.st_size).is_ok_and(|is| is == file.size);
        let listed: Vec<_> = listed.filter(is_size).collect();
        let is_file = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
        if !is_file || listed.is_empty() {
            return Ok(Self::Other);
        }
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = File::from(openat(directory, name, flags, Mode::empty())?);
        if !file.metadata()?.is_file() {
            return Ok(Self::Other);
        }
        let mut hasher = Sha256::new();
        each_chunk(
            file,
            |error| error,
            |bytes| {
                hasher.update(bytes);
                Ok(())
            },
        )?;
        let sha256: [u8; 32] = hasher.finalize().into();
        let is_ours = listed.iter().any(|file| file.sha256 == sha256);
        Ok(if is_ours { Self::Ours } else { Self::Other })
    }
}

/// A runtime directory, and the files that runs wrote there.
pub(super) struct Tree<'a> {
    pub(super) out: &'a Path,
    pub(super) root: OwnedFd,
    mount: Mount,
    pub(super) listing: &'a Listing,
}

impl<'a> Tree<'a> {
    pub(super) fn open(out: &'a Path, listing: &'a Listing) -> Result<Self, Error> {
        let root = OwnedFd::from(File::open(out).map_err(at(out))?);
        let mount = Mount::of(&root, OsStr::new("")).map_err(errno(out))?;
        Ok(Self { out, root, mount, listing })
    }

    /// The entry `name` of `parent`; `path` is its path in the runtime directory.
    pub(super) fn found(&self, parent: &OwnedFd, name: &OsStr, path: &str) -> Result<Found, Error> {
        let listed = self.listing.listed(path).iter();
        Found::at(parent, name, listed).map_err(at(&self.out.join(path)))
    }

    /// Opens the directory `name` of `parent`; `None` if it does not exist.
    ///
    /// # Errors
    /// It is something else, or a mount: no file can be renamed to another mount.
    pub(super) fn directory(
        &self,
        parent: &OwnedFd,
        name: &OsStr,
        path: &str,
    ) -> Result<Option<OwnedFd>, Error> {
        let place = self.out.join(path);
        match open_directory(parent, name) {
            Ok(directory) => {
                let mount = Mount::of(&directory, OsStr::new("")).map_err(errno(&place))?;
                if mount == self.mount { Ok(Some(directory)) } else { Err(Error::Mount(place)) }
            }
            Err(Errno::NOENT) => Ok(None),
            Err(error) => {
                // Names the kind of the entry.
                check_directory(&place)?;
                Err(errno(&place)(error))
            }
        }
    }

    /// Opens the directory at `path`; `None` if it does not exist.
    ///
    /// # Errors
    /// As [`Self::directory`], for each directory on the way.
    pub(super) fn walk(&self, path: &str) -> Result<Option<OwnedFd>, Error> {
        let mut directory = self.root.try_clone().map_err(at(self.out))?;
        let ends = path.match_indices('/').map(|(end, _)| end).chain([path.len()]);
        for path in ends.map(|end| &path[..end]).filter(|path| !path.is_empty()) {
            match self.directory(&directory, split(path).1, path)? {
                Some(inner) => directory = inner,
                None => return Ok(None),
            }
        }
        Ok(Some(directory))
    }

    /// [`Self::walk`], and a check that the last directory that exists is writable: later it would be too
    /// late.
    fn walk_writable(&self, path: &str) -> Result<Option<OwnedFd>, Error> {
        match self.walk(path)? {
            Some(directory) => {
                self.check_writable(&directory, path)?;
                Ok(Some(directory))
            }
            None => self.walk_writable(split(path).0).map(|_| None),
        }
    }

    fn check_writable(&self, directory: &OwnedFd, path: &str) -> Result<(), Error> {
        let access = Access::WRITE_OK | Access::EXEC_OK;
        let writable = accessat(directory, ".", access, AtFlags::empty());
        writable.map_err(errno(&self.out.join(path)))
    }

    /// Checks that a file can be written to a chosen path, or keystores.
    pub(super) fn check(&self, place: &Place) -> Result<(), Error> {
        let (path, (parent, name)) = (&*place.path, split(&place.path));
        let Some(parent) = self.walk_writable(parent)? else { return Ok(()) };
        if place.source.is_none() {
            let has_keys = self.listing.kind(path) == Kind::Directory;
            return match self.directory(&parent, name, path)? {
                Some(directory) => self.check_keys(&directory, path, has_keys),
                None => Ok(()),
            };
        }
        match self.found(&parent, name, path)? {
            Found::Nothing | Found::Ours => Ok(()),
            Found::Other => Err(Error::Taken(self.out.join(path))),
        }
    }

    /// Checks that a directory contains nothing but keystores of a run and, if a run wrote to it, files
    /// of clients.
    fn check_keys(&self, directory: &OwnedFd, path: &str, has_keys: bool) -> Result<(), Error> {
        self.check_writable(directory, path)?;
        for name in names(directory).map_err(errno(&self.out.join(path)))? {
            let path = format!("{path}/{}", name.display());
            let place = self.out.join(&path);
            if self.found(directory, &name, &path)? != Found::Other {
                continue;
            }
            let stat =
                statat(directory, &name, AtFlags::SYMLINK_NOFOLLOW).map_err(errno(&place))?;
            match FileType::from_raw_mode(stat.st_mode) {
                FileType::Directory => {
                    if let Some(inner) = self.directory(directory, &name, &path)? {
                        self.check_keys(&inner, &path, has_keys)?;
                    }
                }
                FileType::RegularFile if has_keys && self.listing.is_clients(&path) => {}
                _ => return Err(Error::Taken(place)),
            }
        }
        Ok(())
    }
}
