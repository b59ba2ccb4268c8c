//! geth's database with the genesis of a run, which `init` writes so that geth need not import it.
//!
//! `init` writes it beside geth's data and only then names it in the mark, so that a killed `init` leaves
//! nothing that a client would use. A rename puts it in its place: `init` does it in an empty directory,
//! and `run` in any other, after the data of the previous run is wiped. Once geth starts on it, the mark
//! names it no longer: from then on it is chain data like any other.

use std::ffi::OsStr;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, unlinkat};
use rustix::io::Errno;

use super::DataDirectory;
use super::error::{Error, at, errno};
use crate::datadir::mark::{Mark, StampedDatabase};
use crate::datadir::{DATABASE_PLACE, STAGED_DATABASE};
use crate::geth_database;
use crate::io::owner::{self, Owner};
use crate::io::{disk, platform};
use crate::runtime::aside::{create_directory, open_directory};

const STAGED: &str = STAGED_DATABASE;
const PARENT: &str = DATABASE_PLACE[0];
const NAME: &str = DATABASE_PLACE[1];
/// geth creates this file when it opens a database.
const LOCK: &str = "LOCK";

/// A database that is being written. It is not used until [`StagedDatabase::finish`].
#[derive(Debug)]
pub struct StagedDatabase<'a> {
    directory: &'a DataDirectory,
    mark: Mark,
    /// The empty directory to fill.
    pub path: PathBuf,
}

impl DataDirectory {
    /// The mark to which `init` adds a database: the valid one, or a new one if the directory is empty.
    ///
    /// # Errors
    /// The directory may contain files of the user.
    fn mark_for_database(&self, program: &str) -> Result<Mark, Error> {
        if let Some(mark) = self.mark()? {
            return Ok(mark);
        }
        if let Some(entry) = self.entries()?.into_iter().next() {
            return Err(Error::Unmarked { datadir: self.path.clone(), entry });
        }
        let mut mark = Mark::new(self.identity()?);
        mark.add_programs(&[program.to_owned()]);
        Ok(mark)
    }

    /// Starts a database with the genesis of `run_id` for `program`; replaces one that geth has not used.
    ///
    /// # Errors
    /// The directory may contain files of the user, or cannot be written.
    pub fn stage_database(&self, program: &str, run_id: &str) -> Result<StagedDatabase<'_>, Error> {
        let mut mark = self.mark_for_database(program)?;
        let path = self.path.join(STAGED);
        if mark.database.is_none() && path.symlink_metadata().is_ok() {
            return Err(Error::ForeignDatabase(path));
        }
        // Before anything is written, so that everything there is known to be ours.
        let earlier =
            mark.database.replace(StampedDatabase { run_id: run_id.to_owned(), directory: None });
        self.set_mark(&mark)?;
        discard(&path)?;
        // geth has not opened it: no chain is lost.
        if let Some(earlier) = earlier
            && !self.is_used()
        {
            check_ours(&self.place())?;
            self.withdraw(&earlier)?;
            discard(&path)?;
        }
        disk::create_directory(&path, 0o755)?;
        Ok(StagedDatabase { directory: self, mark, path })
    }

    /// Takes a database with the genesis of `run_id` out of geth's data, which is about to be wiped.
    ///
    /// # Errors
    /// geth has a chain in it, which no `run` started; it cannot be moved.
    pub fn withdraw_database(&self, run_id: &str) -> Result<(), Error> {
        match self.mark()?.and_then(|mark| mark.database) {
            Some(database) if database.run_id == run_id => {
                if self.is_used() && self.is_placed(&database) {
                    return Err(Error::UsedDatabase(self.place()));
                }
                self.withdraw(&database)
            }
            _ => Ok(()),
        }
    }

    fn place(&self) -> PathBuf {
        self.path.join(PARENT).join(NAME)
    }

    /// Whether geth has opened the database in its place.
    fn is_used(&self) -> bool {
        self.place().join(LOCK).exists()
    }

    fn is_placed(&self, database: &StampedDatabase) -> bool {
        open_directory(self, OsStr::new(PARENT)).is_ok_and(|geth| is(database, &geth, NAME))
    }

    fn withdraw(&self, database: &StampedDatabase) -> Result<(), Error> {
        let Ok(geth) = open_directory(self, OsStr::new(PARENT)) else { return Ok(()) };
        if !is(database, &geth, NAME) {
            return Ok(());
        }
        let moved = platform::rename_new(&geth, Path::new(NAME), self, Path::new(STAGED));
        moved.map_err(errno(&self.path.join(STAGED)))?;
        // Only if geth has not put anything else there.
        let _ = unlinkat(self, PARENT, AtFlags::REMOVEDIR);
        self.sync()
    }

    /// Puts the database that `mark` names where geth looks for it, if it has the genesis of `run_id`.
    /// Returns whether it is there.
    ///
    /// # Errors
    /// It cannot be moved.
    pub fn place_database(&self, mark: &Mark, run_id: &str) -> Result<bool, Error> {
        match &mark.database {
            Some(database) if database.run_id == run_id && is(database, self, STAGED) => {}
            _ => return Ok(false),
        }
        let parent = self.path.join(PARENT);
        create_directory(self, OsStr::new(PARENT)).map_err(errno(&parent))?;
        let geth = open_directory(self, OsStr::new(PARENT)).map_err(errno(&parent))?;
        match platform::rename_new(self, Path::new(STAGED), &geth, Path::new(NAME)) {
            // A mount point, which a wipe leaves.
            Err(Errno::EXIST) => return Ok(false),
            moved => moved.map_err(errno(&parent.join(NAME)))?,
        }
        rustix::fs::fsync(&geth).map_err(errno(&parent))?;
        self.sync()?;
        Ok(true)
    }

    /// Removes the database from the mark, and from the disk if it is not in its place.
    ///
    /// # Errors
    /// It cannot be removed.
    pub fn forget_database(&self, mark: &mut Mark) -> Result<(), Error> {
        if mark.database.is_none() {
            return Ok(());
        }
        // In this order: without the mark it would count as the user's.
        discard(&self.path.join(STAGED))?;
        mark.database = None;
        self.set_mark(mark)
    }
}

impl StagedDatabase<'_> {
    /// Declares the database complete, and puts it in its place if geth has no data there. Returns
    /// whether it did.
    ///
    /// # Errors
    /// The owner cannot be changed, or the directory cannot be synced or written.
    pub fn finish(mut self, owner: Option<Owner>) -> Result<bool, Error> {
        let Self { directory, mark, path } = &mut self;
        if let Some(owner) = owner {
            owner::give(path, owner)?;
            owner::give_entry(path, owner)?;
        }
        platform::sync_file_system(&directory.handle).map_err(at(path))?;
        let identity = platform::identity(*directory, Path::new(STAGED)).map_err(errno(path))?;
        let Some(database) = &mut mark.database else { return Ok(false) };
        database.directory = Some(identity);
        let run_id = database.run_id.clone();
        directory.set_mark(mark)?;
        let is_empty = directory.entries()?.is_empty();
        let placed = is_empty && directory.place_database(mark, &run_id)?;
        if let Some(owner) = owner.filter(|_| placed) {
            owner::give_entry(&directory.path.join(PARENT), owner)?;
        }
        Ok(placed)
    }

    /// Removes what is written of it.
    pub fn abandon(self) {
        let _ = disk::remove(&self.path);
    }
}

/// Removes a database that geth has not opened.
///
/// # Errors
/// It contains another file, which may be the user's, or cannot be removed.
fn discard(path: &Path) -> Result<(), Error> {
    check_ours(path)?;
    Ok(disk::remove(path)?)
}

/// Checks that a database has no file that `init` does not write.
fn check_ours(path: &Path) -> Result<(), Error> {
    let [ancient, chain] = geth_database::FREEZER_PLACE;
    check_names(path, &|name| {
        let is_left = is_temporary(name) || has_extension(name, "log");
        geth_database::is_geths(name) || is_left || name == ancient
    })?;
    let path = path.join(ancient);
    check_names(&path, &|name| name == chain)?;
    check_names(&path.join(chain), &geth_database::is_frozen)
}

/// Checks the names in a directory, if it exists.
fn check_names(path: &Path, is_ours: &dyn Fn(&str) -> bool) -> Result<(), Error> {
    let entries = match std::fs::read_dir(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(at(path))?,
    };
    for entry in entries {
        let name = entry.map_err(at(path))?.file_name();
        if !name.to_str().is_some_and(is_ours) {
            return Err(Error::ForeignDatabase(path.join(name)));
        }
    }
    Ok(())
}

/// Whether a killed `init` may have left a file of this name.
fn is_temporary(name: &str) -> bool {
    name.starts_with('.') || has_extension(name, "new")
}

fn has_extension(name: &str, extension: &str) -> bool {
    Path::new(name).extension().is_some_and(|found| found == extension)
}

/// Whether the directory `name` of `parent` is this database, complete.
fn is(database: &StampedDatabase, parent: impl AsFd, name: &str) -> bool {
    let found = || platform::identity(parent, Path::new(name)).ok();
    database.directory.is_some() && found() == database.directory
}
