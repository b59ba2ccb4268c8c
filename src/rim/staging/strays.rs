//! What no run wrote, within the directories that runs replace.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::Runtime;
use super::aside::{entries, restore};
use crate::layout::shape::{Kind, Listed, Listing};
use crate::layout::{OWNED, SECRETS};
use crate::rim::disk::{Error, is_our_secret, remove};
use crate::rim::fs;
use crate::snapshot::Input;

impl Runtime {
    /// Puts aside what is at `from`, if anything is: it stands at `path` of the runtime directory, or
    /// stood there.
    pub(super) fn put_aside(
        &self,
        listing: &Listing,
        from: &Path,
        path: &str,
    ) -> Result<(), Error> {
        match from.symlink_metadata() {
            Ok(_) => self.aside.put(&self.own, listing.run_id.as_deref(), from, path),
            Err(_) => Ok(()),
        }
    }

    /// Gives back what no run wrote of the directories in `old`; what is left there is ours.
    pub(super) fn restore(&self, old: &Path, listing: &Listing) -> Result<(), Error> {
        for name in OWNED {
            let directory = old.join(name);
            match directory.symlink_metadata() {
                Ok(meta) if meta.is_dir() => {
                    let keep = name == SECRETS && has_strays(&directory, name, listing)?;
                    self.restore_from((&directory, name), listing, keep)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn restore_from(
        &self,
        (directory, path): (&Path, &str),
        listing: &Listing,
        keep_clients: bool,
    ) -> Result<(), Error> {
        for (from, path, meta) in entries(directory, path)? {
            let is_secret = path.starts_with(SECRETS);
            match listing.kind(&path) {
                Kind::Directory if meta.is_dir() => {
                    self.restore_from((&from, &path), listing, keep_clients)?;
                }
                Kind::File if meta.is_file() => {
                    if !is_as_listed(&from, &meta, listing.listed(&path)) {
                        self.put_aside(listing, &from, &path)?;
                    }
                }
                Kind::Client if meta.is_file() && !keep_clients => {}
                Kind::Client if meta.is_dir() && std::fs::remove_dir(&from).is_ok() => {}
                _ if !is_secret && restore(&from, &self.out.join(&path))? => {}
                _ => self.put_aside(listing, &from, &path)?,
            }
        }
        Ok(())
    }

    /// Leaves nothing in `directory`, a part of [`SECRETS`], but the former run's files and directories
    /// as they were written. What clients wrote goes, unless `keep_clients` says that it may belong
    /// to somebody's own keys. All else is put aside.
    pub(super) fn tidy(
        &self,
        (directory, path): (&Path, &str),
        listing: &Listing,
        owner: u32,
        keep_clients: bool,
    ) -> Result<(), Error> {
        for (place, path, meta) in entries(directory, path)? {
            let is_as_written = is_our_secret(&meta, owner);
            match listing.kind(&path) {
                Kind::Directory if meta.is_dir() => {
                    self.tidy((&place, &path), listing, owner, keep_clients)?;
                    if !is_as_written {
                        remove(&place)?;
                    }
                }
                Kind::File if meta.is_file() => {
                    if !is_as_listed(&place, &meta, listing.listed(&path)) {
                        self.put_aside(listing, &place, &path)?;
                    } else if !is_as_written {
                        remove(&place)?;
                    }
                }
                Kind::Client if meta.is_file() && !keep_clients => remove(&place)?,
                // A lock of Lodestar's is an empty directory.
                Kind::Client if meta.is_dir() && std::fs::remove_dir(&place).is_ok() => {}
                _ => self.put_aside(listing, &place, &path)?,
            }
        }
        Ok(())
    }
}

/// Whether anything in `directory`, a part of [`SECRETS`], is neither a run's, as it wrote it,
/// nor a client's.
pub(super) fn has_strays(directory: &Path, path: &str, listing: &Listing) -> Result<bool, Error> {
    for (place, path, meta) in entries(directory, path)? {
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

/// Whether a file has the bytes that a run wrote. Nothing is read of one that nobody has touched
/// since: a boot must not read thousands of keystores.
fn is_as_listed(place: &Path, meta: &Metadata, listed: &[Listed]) -> bool {
    let changed = (meta.ctime(), meta.ctime_nsec()).max((meta.mtime(), meta.mtime_nsec()));
    let of_size = || listed.iter().filter(|file| file.size == meta.len());
    of_size().any(|file| changed <= file.by)
        || of_size().next().is_some()
            && fs::sha256(&Input::File(place.to_owned()))
                .is_ok_and(|sha256| of_size().any(|file| file.sha256 == sha256))
}
