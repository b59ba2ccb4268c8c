//! The directory to restore, and whether it may be written.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::publish::is_complete;
use super::{Error, VERB};
use crate::archive::{MARKER, Marker};
use crate::io::disk::{Error as DiskError, at, check_file};
use crate::io::fs;
use crate::snapshot_files::work::{check_work, has};

/// The staging directory within an existing directory.
pub(super) const INSIDE: &str = ".regenesis-restore";
/// A new ext4 file system has this directory.
pub(super) const LOST_AND_FOUND: &str = "lost+found";

/// Where an archive is extracted to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The directory.
    pub(super) directory: PathBuf,
    /// The staging directory.
    pub(super) staging: PathBuf,
    /// Whether the directory exists, so that the files are moved into it one by one.
    pub(super) inside: bool,
}

/// What is at the directory.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    /// Nothing, or what an interrupted restore left.
    Free(Place),
    /// A restored archive.
    Restored(Marker),
}

/// Looks at a directory, and changes nothing.
///
/// # Errors
/// It has other files, or cannot be read.
pub fn look(directory: &Path) -> Result<Found, Error> {
    let exists = match directory.metadata() {
        Ok(meta) if meta.is_dir() => true,
        Ok(_) => {
            let (is, belongs) = ("a file", "a directory");
            return Err(DiskError::Kind { path: directory.to_owned(), is, belongs }.into());
        }
        Err(error) if error.kind() == ErrorKind::NotFound && !directory.is_symlink() => false,
        Err(error) => return Err(at(directory)(error).into()),
    };
    if exists && let Some(marker) = marker(directory)? {
        return Ok(Found::Restored(marker));
    }
    let place = Place::of(directory, exists);
    let is_ours = check_work(VERB, &place.staging)?;
    // While its files are moved, the directory has some of them.
    if exists && !(is_ours && is_complete(&place.staging)?) && !is_empty(directory)? {
        return Err(Error::Taken(directory.to_owned()));
    }
    Ok(Found::Free(place))
}

impl Place {
    /// The place of a directory that exists, or does not.
    pub(super) fn of(directory: &Path, exists: bool) -> Self {
        let (directory, inside) = (directory.to_owned(), exists);
        let staging = match directory.file_name() {
            Some(name) if !inside => {
                let mut name = name.to_owned();
                name.push(".restore");
                directory.with_file_name(name)
            }
            _ => directory.join(INSIDE),
        };
        Self { directory, staging, inside }
    }
}

/// The marker in a directory.
fn marker(directory: &Path) -> Result<Option<Marker>, Error> {
    let path = directory.join(MARKER);
    if !has(&path)? {
        return Ok(None);
    }
    check_file(&path)?;
    let json = fs::read_file(&path).map_err(DiskError::from)?;
    match Marker::parse(&json) {
        Some(marker) => Ok(Some(marker)),
        None => Err(DiskError::Edited(path).into()),
    }
}

/// Whether a directory has nothing but what a restore may find there.
pub(super) fn is_empty(directory: &Path) -> Result<bool, Error> {
    for entry in std::fs::read_dir(directory).map_err(at(directory))? {
        let name = entry.map_err(at(directory))?.file_name();
        if name != INSIDE && name != LOST_AND_FOUND {
            return Ok(false);
        }
    }
    Ok(true)
}
