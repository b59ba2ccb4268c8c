//! Where a snapshot is to be, and the directory in which a capture makes it.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::{MARK, PLAN};
use crate::rim::disk::{Error, at, beside, check_directory, create_directory, rename_new};
use crate::rim::former::Former;
use crate::rim::{mark, signal};

/// The directory of a capture within a snapshot that is there already.
pub(super) const INSIDE: &str = ".regenesis-capture";

/// Where a snapshot is to be, and what is there.
#[derive(Debug)]
pub struct Place {
    /// As the user calls it, for messages.
    pub(super) label: PathBuf,
    /// Links followed.
    out: PathBuf,
    /// Of the capture.
    pub(super) directory: PathBuf,
    /// What is replaced; `None` if `out` is not there.
    pub(super) former: Option<Former>,
}

impl Place {
    /// Looks at the place `out` of a snapshot, and changes nothing.
    ///
    /// # Errors
    /// Something there is not ours to replace, or has the name of the capture's directory.
    pub fn look(out: &Path) -> Result<Self, Error> {
        let label = out.to_owned();
        let place = match out.canonicalize() {
            Ok(out) => {
                let kind = |is| Error::Kind { path: label.clone(), is, belongs: "a directory" };
                if !out.is_dir() {
                    return Err(kind("a file"));
                }
                let directory = label.join(INSIDE);
                let is_half_published = check_work(&directory)? && has(&directory.join(PLAN))?;
                let none = Former::default();
                let former =
                    if is_half_published { none } else { Former::look(&label, INSIDE, &none)? };
                Self { label, out, directory, former: Some(former) }
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
                check_work(&directory)?;
                Self { out: label.clone(), label, directory, former: None }
            }
            Err(error) => return Err(at(out)(error)),
        };
        Ok(place)
    }

    /// The name of the directory, however the user called it.
    pub fn name(&self) -> Option<String> {
        let name = self.label.file_name().or_else(|| self.out.file_name());
        name.map(|name| name.to_string_lossy().into_owned())
    }
}

/// Whether a capture was killed while it put its files in place in the snapshot `out`.
pub fn is_half_published(out: &Path) -> bool {
    let directory = out.join(INSIDE);
    matches!(check_work(&directory), Ok(true)) && matches!(has(&directory.join(PLAN)), Ok(true))
}

/// Whether the directory of a capture is there.
///
/// # Errors
/// Something without our mark has its name.
pub(super) fn check_work(directory: &Path) -> Result<bool, Error> {
    let is_ours = || mark::is_set(&directory.join(MARK), &purpose(directory), directory);
    match check_directory(directory) {
        Ok(false) => Ok(false),
        Ok(true) if matches!(is_ours(), Ok(true)) => Ok(true),
        Err(error @ Error::Path { .. }) => Err(error),
        _ => Err(Error::Unmarked(directory.to_owned())),
    }
}

/// What a capture's directory is for.
fn purpose(directory: &Path) -> String {
    format!("capture in {}", directory.file_name().unwrap_or_default().display())
}

/// Whether something is at `path`.
pub(super) fn has(path: &Path) -> Result<bool, Error> {
    match path.symlink_metadata() {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(at(path)(error)),
    }
}

/// Makes the directory of a capture: it has its mark before it has its name.
pub(super) fn create_work(directory: &Path) -> Result<(), Error> {
    let temporary = beside(directory)?;
    if let Some(parent) = directory.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        std::fs::create_dir_all(parent).map_err(at(parent))?;
    }
    signal::uninterrupted(|| {
        create_directory(&temporary, 0o755)?;
        let made = mark::set(&temporary.join(MARK), &purpose(directory), &temporary)
            .and_then(|()| rename_new(&temporary, directory));
        if made.is_err() {
            let _ = std::fs::remove_file(temporary.join(MARK));
            let _ = std::fs::remove_dir(&temporary);
        }
        match made {
            Err(Error::Exists(_)) => check_work(directory).map(|_| ()),
            made => made,
        }
    })
}
