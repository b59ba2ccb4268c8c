//! Copying a directory of the runtime directory to a data directory: `--copy`.

use std::fs::{File, OpenOptions, Permissions};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use rustix::fs::OFlags;

use super::DataDirectory;
use super::error::{Error, at};
use crate::io::platform;

impl DataDirectory {
    /// Copies the directory `name` of the runtime directory, with the modes of its files. The data
    /// directory must not have an entry of this name.
    ///
    /// # Errors
    /// The directory is missing, or cannot be read or written.
    pub fn copy(&self, runtime: &Path, name: &str) -> Result<(), Error> {
        let source = runtime.join(name);
        if !source.symlink_metadata().is_ok_and(|meta| meta.is_dir()) {
            return Err(Error::NothingToCopy(source));
        }
        copy_directory(&source, &self.path.join(name))?;
        platform::sync_file_system(&self.handle).map_err(at(&self.path))
    }
}

fn copy_directory(source: &Path, target: &Path) -> Result<(), Error> {
    std::fs::create_dir(target).map_err(at(target))?;
    for entry in std::fs::read_dir(source).map_err(at(source))? {
        let from = entry.map_err(at(source))?.path();
        let to = target.join(from.file_name().unwrap_or_default());
        let kind = from.symlink_metadata().map_err(at(&from))?.file_type();
        if kind.is_dir() {
            copy_directory(&from, &to)?;
        } else if kind.is_file() {
            copy_file(&from, &to)?;
        } else {
            return Err(Error::Special(from));
        }
    }
    let mode = source.metadata().map_err(at(source))?.permissions().mode();
    std::fs::set_permissions(target, Permissions::from_mode(mode)).map_err(at(target))
}

fn copy_file(source: &Path, target: &Path) -> Result<(), Error> {
    let safely = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits();
    let mut reading = OpenOptions::new();
    let from = reading.read(true).custom_flags(safely.cast_signed()).open(source);
    let mut from = from.map_err(at(source))?;
    let mode = from.metadata().map_err(at(source))?.permissions().mode();
    let mut writing = OpenOptions::new();
    let to = writing.write(true).create_new(true).mode(0o600).open(target);
    let mut to: File = to.map_err(at(target))?;
    std::io::copy(&mut from, &mut to).map_err(at(target))?;
    to.set_permissions(Permissions::from_mode(mode)).map_err(at(target))
}
