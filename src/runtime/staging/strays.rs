//! Strays: files that no run wrote, in the directories that runs replace.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::Runtime;
use super::kept::{Entry, entries, restore};
use crate::file::Input;
use crate::io::disk::{Error, is_our_secret, remove};
use crate::io::fs;
use crate::layout::shape::{Kind, Listed, Listing};
use crate::layout::{OWNED, SECRETS};

/// What to do with the strays of one directory of an earlier run.
pub(super) struct Strays<'a> {
    pub(super) runtime: &'a Runtime,
    /// The files that earlier runs wrote.
    pub(super) listing: &'a Listing,
    /// Whether files that clients wrote are kept, because they may belong to the user's own keys.
    pub(super) keep_clients: bool,
}

impl Runtime {
    /// Moves `from`, if it exists, to where `path` of the runtime directory is kept.
    pub(super) fn keep(&self, listing: &Listing, from: &Path, path: &str) -> Result<(), Error> {
        match from.symlink_metadata() {
            Ok(_) => self.kept.put(&self.own, listing.run_id.as_deref(), from, path),
            Err(_) => Ok(()),
        }
    }

    /// Moves the strays of the directories in `old` back to the runtime directory. Everything that
    /// remains in `old` is ours.
    pub(super) fn restore(&self, old: &Path, listing: &Listing) -> Result<(), Error> {
        for name in OWNED {
            let directory = old.join(name);
            if directory.symlink_metadata().is_ok_and(|meta| meta.is_dir()) {
                let keep_clients = name == SECRETS && has_strays(&directory, name, listing)?;
                Strays { runtime: self, listing, keep_clients }.restore(&directory, name)?;
            }
        }
        Ok(())
    }
}

impl Strays<'_> {
    fn keep(&self, entry: &Entry) -> Result<(), Error> {
        self.runtime.keep(self.listing, &entry.place, &entry.path)
    }

    fn restore(&self, directory: &Path, path: &str) -> Result<(), Error> {
        for entry in entries(directory, path)? {
            let Entry { place, path, meta } = &entry;
            let is_secret = path.starts_with(SECRETS);
            match self.listing.kind(path) {
                Kind::Directory if meta.is_dir() => self.restore(place, path)?,
                Kind::File if meta.is_file() => {
                    if !is_as_listed(place, meta, self.listing.listed(path)) {
                        self.keep(&entry)?;
                    }
                }
                Kind::Client if meta.is_file() && !self.keep_clients => {}
                Kind::Client if meta.is_dir() && std::fs::remove_dir(place).is_ok() => {}
                _ if !is_secret && restore(place, &self.runtime.out.join(path))? => {}
                _ => self.keep(&entry)?,
            }
        }
        Ok(())
    }

    /// Reduces `directory`, a part of [`SECRETS`], to the files and directories of the earlier run that
    /// `owner` can overwrite. Files that clients wrote are removed, unless `keep_clients` is set; all
    /// other strays are kept.
    pub(super) fn clear(&self, directory: &Path, path: &str, owner: u32) -> Result<(), Error> {
        for entry in entries(directory, path)? {
            let Entry { place, path, meta } = &entry;
            let is_as_written = is_our_secret(meta, owner);
            match self.listing.kind(path) {
                Kind::Directory if meta.is_dir() => {
                    self.clear(place, path, owner)?;
                    if !is_as_written {
                        remove(place)?;
                    }
                }
                Kind::File if meta.is_file() => {
                    if !is_as_listed(place, meta, self.listing.listed(path)) {
                        self.keep(&entry)?;
                    } else if !is_as_written {
                        remove(place)?;
                    }
                }
                Kind::Client if meta.is_file() && !self.keep_clients => remove(place)?,
                // Lodestar's locks are empty directories.
                Kind::Client if meta.is_dir() && std::fs::remove_dir(place).is_ok() => {}
                _ => self.keep(&entry)?,
            }
        }
        Ok(())
    }
}

/// Whether `directory`, a part of [`SECRETS`], contains anything but unchanged files of a run and files
/// that clients write.
pub(super) fn has_strays(directory: &Path, path: &str, listing: &Listing) -> Result<bool, Error> {
    for Entry { place, path, meta } in entries(directory, path)? {
        let is_stray = match listing.kind(&path) {
            Kind::Directory if meta.is_dir() => has_strays(&place, &path, listing)?,
            Kind::File if meta.is_file() => !is_as_listed(&place, &meta, listing.listed(&path)),
            Kind::Client if meta.is_file() => false,
            Kind::Client if meta.is_dir() => !entries(&place, &path)?.is_empty(),
            _ => true,
        };
        if is_stray {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a file has the bytes that a run wrote. A file that has not changed since then is not read: a
/// boot must not read thousands of keystores.
fn is_as_listed(place: &Path, meta: &Metadata, listed: &[Listed]) -> bool {
    let changed = (meta.ctime(), meta.ctime_nsec()).max((meta.mtime(), meta.mtime_nsec()));
    let of_size = || listed.iter().filter(|file| file.size == meta.len());
    of_size().any(|file| changed <= file.by)
        || of_size().next().is_some()
            && fs::sha256(&Input::file(place.to_owned()))
                .is_ok_and(|sha256| of_size().any(|file| file.sha256 == sha256))
}
