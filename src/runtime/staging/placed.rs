//! Files at paths that the user chose (`--layout PATH=NAME`).
//!
//! Their directories may be the user's, with other files in them. So no directory is replaced as a unit:
//! each file replaces the one that an earlier run wrote there. Any other entry is the user's, and the run
//! refuses it before it writes anything. A directory of keystores contains nothing else, because clients
//! load every keystore in it.
//!
//! Every directory is addressed by its handle, so that no symbolic link leads out of the runtime
//! directory. A file to replace first moves to `.regenesis/replaced`, and is removed only if its digest
//! is still the recorded one: the user may have written it since the check. A run that is killed in
//! between leaves it there, and the next run removes or keeps it by the same rule.

mod tree;

use std::cell::Cell;
use std::collections::{BTreeSet, HashSet};
use std::ffi::OsStr;
use std::io::ErrorKind;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, unlinkat};
use rustix::io::Errno;

use self::tree::{Found, Tree, errno};
use super::{Runtime, Staging};
use crate::file::{Content, Input, OutFile};
use crate::io::disk::{Error, at, check_directory, make_directories, make_directory};
use crate::io::disk::{sync, sync_file_system};
use crate::io::platform::rename_new;
use crate::layout::places::{Place, is_chosen};
use crate::layout::shape::Listing;
use crate::layout::{JWT, places};
use crate::runtime::aside::{names, open_directory};

/// The directory in `.regenesis` for files on their way out.
pub(super) const REPLACED: &str = "replaced";

/// The directory of a path, and its name in it.
fn split(path: &str) -> (&str, &OsStr) {
    let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
    (parent, OsStr::new(name))
}

impl Runtime {
    /// Checks, before anything is written, that nothing of the user's is at a chosen path.
    pub(super) fn check_places(&self, places: &[Place]) -> Result<(), Error> {
        let listing = self.listing()?;
        let tree = Tree::open(&self.out, &listing)?;
        places.iter().try_for_each(|place| tree.check(place))
    }

    /// Removes the files that a killed run was about to remove, and keeps any other.
    pub(super) fn clear_replaced(&self, listing: &Listing) -> Result<(), Error> {
        let replaced = self.own.join(REPLACED);
        if !check_directory(&replaced)? {
            return Ok(());
        }
        let directory = open_directory(CWD, replaced.as_os_str()).map_err(errno(&replaced))?;
        for name in names(&directory).map_err(errno(&replaced))? {
            let path = replaced.join(&name);
            match Found::at(&directory, &name, listing.all()).map_err(at(&path))? {
                Found::Ours => {
                    unlinkat(&directory, &name, AtFlags::empty()).map_err(errno(&path))?;
                }
                _ => self.keep(listing, &path, &format!("{REPLACED}/{}", name.display()))?,
            }
        }
        std::fs::remove_dir(&replaced).map_err(at(&replaced))
    }
}

impl Staging<'_> {
    /// Creates the directories above the chosen paths: other users may enter them, whatever they contain.
    pub(super) fn create_parents(&self) -> Result<(), Error> {
        let parents: BTreeSet<_> = self.places.iter().map(|place| split(&place.path).0).collect();
        parents.into_iter().try_for_each(|parent| make_directories(&self.new.join(parent), 0o755))
    }

    /// Copies staged files to the chosen paths.
    ///
    /// # Errors
    /// The first that cannot be written, or was not staged.
    pub fn copy_to_places(&mut self) -> Result<(), Error> {
        let mut copies = Vec::new();
        for (_, source) in places::FILES {
            let here = || self.places.iter().filter(|place| place.source == Some(source));
            if here().next().is_none() {
                continue;
            }
            let place = self.new.join(source);
            let written = self.written.iter().find(|file| file.path == source);
            let written = written.ok_or_else(|| at(&place)(ErrorKind::NotFound.into()))?;
            let content = Content::Copy(Input::file(place), written.size, written.sha256);
            let copy = |place: &Place| OutFile::new(&*place.path, content.clone(), source == JWT);
            copies.extend(here().map(copy));
        }
        self.write(&copies)
    }

    /// Moves the staged files to the chosen paths, and removes those of earlier runs from other paths.
    pub(super) fn place(&self) -> Result<(), Error> {
        let paths = self.written.iter().map(|file| &*file.path);
        let new: HashSet<&str> = paths.filter(|path| is_chosen(path)).collect();
        let listed = self.listing.paths();
        let old: Vec<_> = listed.filter(|path| is_chosen(path) && !new.contains(path)).collect();
        if self.places.is_empty() && old.is_empty() {
            return Ok(());
        }
        let (runtime, out) = (self.runtime, &self.runtime.out);
        let replaced = runtime.own.join(REPLACED);
        make_directory(&replaced, 0o700)?;
        let mover = Mover {
            runtime,
            tree: Tree::open(out, &self.listing)?,
            replaced: open_directory(CWD, replaced.as_os_str()).map_err(errno(&replaced))?,
            moved: Cell::new(0),
        };
        for place in self.places.iter().filter(|place| place.source.is_none()) {
            mover.set_clients_aside(&place.path)?;
        }
        let staged = open_directory(CWD, self.new.as_os_str()).map_err(errno(&self.new))?;
        let tops = self.places.iter().filter_map(|place| place.path.split('/').next());
        for top in tops.collect::<BTreeSet<_>>() {
            mover.merge(&staged, &mover.tree.root, OsStr::new(top), top)?;
        }
        for path in &old {
            mover.remove(path)?;
        }
        mover.remove_empty(&old)?;
        std::fs::remove_dir(&replaced).map_err(at(&replaced))?;
        sync_file_system(out)?;
        sync(&runtime.own)
    }
}

/// Moves files between the staging directory, the runtime directory and [`REPLACED`].
struct Mover<'a> {
    runtime: &'a Runtime,
    tree: Tree<'a>,
    replaced: OwnedFd,
    /// Number of files that went to `replaced`.
    moved: Cell<u64>,
}

impl Mover<'_> {
    fn at(&self, path: &str) -> impl FnOnce(Errno) -> Error {
        let path = self.tree.out.join(path);
        move |error| at(&path)(error.into())
    }

    /// Moves the entry `name` of `from` to `to`: a file in exchange for the one that an earlier run wrote,
    /// a directory into the one that is there. `path` is its path in the runtime directory.
    fn merge(&self, from: &OwnedFd, to: &OwnedFd, name: &OsStr, path: &str) -> Result<(), Error> {
        let file = Path::new(name);
        match rename_new(from, file, to, file) {
            // Without validators, there are no keystores.
            Ok(()) | Err(Errno::NOENT) => return Ok(()),
            Err(Errno::EXIST) => {}
            Err(error) => return Err(self.at(path)(error)),
        }
        match open_directory(from, name) {
            Ok(from) => {
                let Some(to) = self.tree.directory(to, name, path)? else {
                    return Err(self.at(path)(Errno::NOENT));
                };
                for name in names(&from).map_err(self.at(path))? {
                    self.merge(&from, &to, &name, &format!("{path}/{}", name.display()))?;
                }
                Ok(())
            }
            Err(Errno::NOTDIR) => {
                if self.tree.found(to, name, path)? == Found::Other {
                    return Err(Error::Taken(self.tree.out.join(path)));
                }
                self.take_out(to, name, path)?;
                rename_new(from, file, to, file).map_err(self.at(path))
            }
            Err(error) => Err(self.at(path)(error)),
        }
    }

    /// Removes a file that an earlier run wrote, if it is as it wrote it. The directory may have become a
    /// link or a mount since: then it is the user's.
    fn remove(&self, path: &str) -> Result<(), Error> {
        let (parent, name) = split(path);
        let Ok(Some(parent)) = self.tree.walk(parent) else { return Ok(()) };
        match self.tree.found(&parent, name, path)? {
            Found::Ours => self.take_out(&parent, name, path),
            Found::Nothing | Found::Other => Ok(()),
        }
    }

    /// Moves a file out of the way, and removes it if it is as an earlier run wrote it.
    fn take_out(&self, parent: &OwnedFd, name: &OsStr, path: &str) -> Result<(), Error> {
        let number = self.moved.get().to_string();
        self.moved.set(self.moved.get() + 1);
        let number = Path::new(&number);
        match rename_new(parent, Path::new(name), &self.replaced, number) {
            Ok(()) => {}
            Err(Errno::NOENT) => return Ok(()),
            Err(error) => return Err(self.at(path)(error)),
        }
        match self.tree.found(&self.replaced, number.as_os_str(), path)? {
            Found::Ours => {
                unlinkat(&self.replaced, number, AtFlags::empty()).map_err(self.at(path))
            }
            _ => self.keep(&self.replaced, number.as_os_str(), path),
        }
    }

    fn keep(&self, parent: &OwnedFd, name: &OsStr, path: &str) -> Result<(), Error> {
        let Runtime { own, kept, .. } = self.runtime;
        let run_id = self.tree.listing.run_id.as_deref();
        kept.put_entry(own, run_id, parent, name, path).map_err(self.at(path))
    }

    /// Moves files that clients wrote beside an earlier run's keystores to where they are kept: the new
    /// chain has the same keys, and the old slashing protection forbids them to sign.
    fn set_clients_aside(&self, path: &str) -> Result<(), Error> {
        match self.tree.walk(path)? {
            Some(directory) => self.set_aside_in(&directory, path),
            None => Ok(()),
        }
    }

    fn set_aside_in(&self, directory: &OwnedFd, path: &str) -> Result<(), Error> {
        for name in names(directory).map_err(self.at(path))? {
            let path = format!("{path}/{}", name.display());
            if self.tree.listing.is_clients(&path) {
                self.keep(directory, &name, &path)?;
            } else if let Ok(Some(inner)) = self.tree.directory(directory, &name, &path) {
                self.set_aside_in(&inner, &path)?;
            }
        }
        Ok(())
    }

    /// Removes the directories of removed keystores that are empty. The directories that the user named
    /// stay, and those above them.
    fn remove_empty(&self, removed: &[&str]) -> Result<(), Error> {
        let parents = |path: &&str| path.match_indices('/').map(|(end, _)| end).collect::<Vec<_>>();
        let directories = removed
            .iter()
            .flat_map(|path| parents(path).into_iter().map(|end| &path[..end]).collect::<Vec<_>>());
        let below = directories.filter(|directory| self.tree.listing.is_below_keys(directory));
        // A directory sorts before its contents.
        for directory in below.collect::<BTreeSet<_>>().into_iter().rev() {
            let (parent, name) = split(directory);
            let Ok(Some(parent)) = self.tree.walk(parent) else { continue };
            match unlinkat(&parent, name, AtFlags::REMOVEDIR) {
                Ok(()) | Err(Errno::NOENT | Errno::NOTEMPTY | Errno::EXIST | Errno::NOTDIR) => {}
                Err(error) => return Err(self.at(directory)(error)),
            }
        }
        Ok(())
    }
}
