//! What no run wrote, within the directories that runs replace.

use std::path::Path;

use super::Runtime;
use super::aside::{entries, restore};
use crate::layout::shape::{Kind, Listing};
use crate::layout::{OWNED, SECRETS};
use crate::rim::disk::{Error, is_our_secret, remove};

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
                Ok(meta) if meta.is_dir() => self.restore_from(&directory, name, listing)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn restore_from(&self, directory: &Path, path: &str, listing: &Listing) -> Result<(), Error> {
        for (from, path, meta) in entries(directory, path)? {
            let is_secret = path.starts_with(SECRETS);
            match listing.kind(&path) {
                Kind::Directory if meta.is_dir() => self.restore_from(&from, &path, listing)?,
                Kind::File | Kind::Client if meta.is_file() => {}
                Kind::Client if meta.is_dir() && std::fs::remove_dir(&from).is_ok() => {}
                _ if !is_secret && restore(&from, &self.out.join(&path))? => {}
                _ => self.put_aside(listing, &from, &path)?,
            }
        }
        Ok(())
    }

    /// Leaves nothing in `directory`, a part of [`SECRETS`], but the former run's files and directories
    /// as they were written: what clients wrote goes, and all else is put aside.
    pub(super) fn tidy(
        &self,
        directory: &Path,
        path: &str,
        listing: &Listing,
        owner: u32,
    ) -> Result<(), Error> {
        for (place, path, meta) in entries(directory, path)? {
            let is_as_written = is_our_secret(&meta, owner);
            match listing.kind(&path) {
                Kind::Directory if meta.is_dir() => {
                    self.tidy(&place, &path, listing, owner)?;
                    if !is_as_written {
                        remove(&place)?;
                    }
                }
                Kind::File if meta.is_file() && is_as_written => {}
                Kind::File | Kind::Client if meta.is_file() => remove(&place)?,
                // A lock of Lodestar's is an empty directory.
                Kind::Client if meta.is_dir() && std::fs::remove_dir(&place).is_ok() => {}
                _ => self.put_aside(listing, &place, &path)?,
            }
        }
        Ok(())
    }
}
