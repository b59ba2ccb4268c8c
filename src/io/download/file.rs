//! A file on this machine.

use std::io::{ErrorKind, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::{Error, Opened};
use crate::io::open;

pub(super) fn open(path: &Path, offset: u64) -> Result<Opened, Error> {
    let mut file = open::file(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => Error::NotThere("does not exist".to_owned()),
        _ => Error::Disk(error),
    })?;
    let meta = file.metadata().map_err(Error::Disk)?;
    // A pipe has no version, and cannot be read from an offset.
    let is_file = meta.is_file();
    let start = if is_file { offset } else { 0 };
    if is_file {
        file.seek(SeekFrom::Start(offset)).map_err(Error::Disk)?;
    }
    let version = is_file.then(|| {
        let (seconds, nanoseconds) = (meta.mtime(), meta.mtime_nsec());
        format!("{}:{seconds}.{nanoseconds}", meta.ino())
    });
    Ok(Opened { body: Box::new(file), start, size: is_file.then_some(meta.len()), version })
}
