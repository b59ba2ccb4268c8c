//! The place of a snapshot, and the work directory of its capture.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::{MARK, PLAN};
#[cfg(feature = "host")]
use crate::compose::{FILE, UP_FILE};
#[cfg(feature = "host")]
use crate::io::disk::check_file;
use crate::io::disk::{Error, at, beside, check_directory, create_directory, rename_new};
use crate::io::mark;
use crate::io::signal;
use crate::snapshot_files::replaced::Replaced;
#[cfg(feature = "host")]
use crate::snapshot_files::replaced::check_directories;

/// The work directory within an existing snapshot.
pub(super) const INSIDE: &str = ".regenesis-capture";
/// The verb in its mark.
pub(super) const VERB: &str = "capture";

/// The place of a snapshot, and what exists there.
#[derive(Debug)]
pub struct Place {
    /// The path as the user wrote it, for messages.
    pub(super) label: PathBuf,
    /// The path without links.
    out: PathBuf,
    /// The work directory.
    pub(super) directory: PathBuf,
    /// The snapshot to replace; `None` if `out` does not exist.
    pub(super) replaced: Option<Replaced>,
}

impl Place {
    /// Checks the place `out` of a snapshot, and changes nothing.
    ///
    /// # Errors
    /// Something there is not ours to replace, or has the name of the work directory.
    pub fn look(out: &Path) -> Result<Self, Error> {
        let label = out.to_owned();
        let place = match out.canonicalize() {
            Ok(out) => {
                let kind = |is| Error::Kind { path: label.clone(), is, belongs: "a directory" };
                if !out.is_dir() {
                    return Err(kind("a file"));
                }
                let directory = label.join(INSIDE);
                let is_half_published =
                    check_work(VERB, &directory)? && has(&directory.join(PLAN))?;
                let none = Replaced::default();
                let replaced =
                    if is_half_published { none } else { Replaced::look(&label, INSIDE, &none)? };
                Self { label, out, directory, replaced: Some(replaced) }
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                if label.symlink_metadata().is_ok() {
                    let (is, belongs) = ("a symbolic link to nothing", "a directory");
                    return Err(Error::Kind { path: label, is, belongs });
                }
                let Some(name) = out.file_name() else { return Err(at(out)(error)) };
                let mut name = name.to_owned();
                name.push(".capture");
                let directory = out.with_file_name(name);
                check_work(VERB, &directory)?;
                Self { out: label.clone(), label, directory, replaced: None }
            }
            Err(error) => return Err(at(out)(error)),
        };
        Ok(place)
    }

    /// Checks the place of a snapshot to edit, and changes nothing.
    ///
    /// # Errors
    /// It is not a directory, or has something else under the name of one of the snapshot's directories.
    #[cfg(feature = "host")]
    pub fn edited(snapshot: &Path) -> Result<Self, Error> {
        let label = snapshot.to_owned();
        let out = snapshot.canonicalize().map_err(at(snapshot))?;
        check_directories(&label)?;
        [FILE, UP_FILE].iter().try_for_each(|name| check_file(&label.join(name)))?;
        let directory = label.join(INSIDE);
        check_work(VERB, &directory)?;
        Ok(Self { label, out, directory, replaced: None })
    }

    /// Whether nothing exists there.
    pub fn is_new(&self) -> bool {
        self.replaced.is_none()
    }

    /// Whether nothing is there but what an interrupted run of this program has left.
    #[cfg(feature = "host")]
    pub fn is_empty(&self) -> bool {
        self.replaced.as_ref().is_none_or(|replaced| replaced.files().is_empty())
    }

    /// The name of the directory, even if the user wrote `.`.
    pub fn name(&self) -> Option<String> {
        let name = self.label.file_name().or_else(|| self.out.file_name());
        name.map(|name| name.to_string_lossy().into_owned())
    }
}

/// Whether a capture was killed while it published the snapshot `out`.
pub fn is_half_published(out: &Path) -> bool {
    let directory = out.join(INSIDE);
    matches!(check_work(VERB, &directory), Ok(true))
        && matches!(has(&directory.join(PLAN)), Ok(true))
}

/// Whether the work directory of a verb exists.
///
/// # Errors
/// Something without our mark has its name.
pub(crate) fn check_work(verb: &str, directory: &Path) -> Result<bool, Error> {
    let is_ours = || mark::is_set(&directory.join(MARK), &purpose(verb, directory), directory);
    match check_directory(directory) {
        Ok(false) => Ok(false),
        Ok(true) if matches!(is_ours(), Ok(true)) => Ok(true),
        Err(error @ Error::Path { .. }) => Err(error),
        _ => Err(Error::Unmarked(directory.to_owned())),
    }
}

/// The purpose in the mark of a work directory.
fn purpose(verb: &str, directory: &Path) -> String {
    format!("{verb} in {}", directory.file_name().unwrap_or_default().display())
}

/// Whether `path` exists.
pub(crate) fn has(path: &Path) -> Result<bool, Error> {
    match path.symlink_metadata() {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(at(path)(error)),
    }
}

/// Creates the work directory of a verb. It has its mark before it has its name.
pub(crate) fn create_work(verb: &str, directory: &Path) -> Result<(), Error> {
    let temporary = beside(directory)?;
    if let Some(parent) = directory.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        std::fs::create_dir_all(parent).map_err(at(parent))?;
    }
    signal::uninterrupted(|| {
        create_directory(&temporary, 0o755)?;
        let created = mark::set(&temporary.join(MARK), &purpose(verb, directory), &temporary)
            .and_then(|()| rename_new(&temporary, directory));
        if created.is_err() {
            let _ = std::fs::remove_file(temporary.join(MARK));
            let _ = std::fs::remove_dir(&temporary);
        }
        match created {
            Err(Error::Exists(_)) => check_work(verb, directory).map(|_| ()),
            created => created,
        }
    })
}
